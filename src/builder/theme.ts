import { useSyncExternalStore } from 'react';

/** JupyterLab's theme; outside of it, the browser's wish. */
function isLight(): boolean {
  const told = document.body.dataset.jpThemeLight;
  return told === undefined
    ? !window.matchMedia?.('(prefers-color-scheme: dark)').matches
    : told === 'true';
}

function subscribe(onChange: () => void): () => void {
  const observer = new MutationObserver(onChange);
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-light']
  });
  return () => observer.disconnect();
}

/** Whether the surroundings are light or dark, and again when that changes. */
export function useColorMode(): 'light' | 'dark' {
  return useSyncExternalStore(subscribe, isLight) ? 'light' : 'dark';
}
