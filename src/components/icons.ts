import { LabIcon } from '@jupyterlab/ui-components';

function icon(name: string, paths: string): LabIcon {
  return new LabIcon({
    name: `parflow-jupyter:${name}`,
    svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">${paths}</g>
</svg>`
  });
}

/** One becomes three that run side by side. */
export const parflowIcon = icon(
  'panel',
  '<circle cx="4" cy="12" r="3"/><path d="M4.6 12.7L12.6 5.2L11.4 3.8L3.4 11.3zM4 12.9L12 12.9L12 11.1L4 11.1zM3.4 12.7L11.4 20.2L12.6 18.8L4.6 11.3z"/><rect x="11" y="2.5" width="12" height="4" rx="1.5"/><rect x="11" y="10" width="12" height="4" rx="1.5"/><rect x="11" y="17.5" width="12" height="4" rx="1.5"/>'
);

export const startIcon = icon(
  'start',
  '<path d="M4 4h10v2H6v12h8v2H4zM9 9h3v6H9zM17 8h2v3h3v2h-3v3h-2v-3h-3v-2h3z"/>'
);

export const informationIcon = icon(
  'information',
  '<path d="M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm0 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16zm-1 3h2v2h-2zm0 4h2v6h-2z"/>'
);

export const profileIcon = icon(
  'profile',
  '<path d="M7 4 2.500 8.500 7 13v-3.500h11v-2H7zM17 11v3.500H6v2h11V20l4.500-4.500z"/>'
);

export const cleanupIcon = icon(
  'cleanup',
  '<path d="M15.500 2.500 12.300 9.400l-2-.9-1 2 7.300 3.400 1-2-2-.9 3.200-6.900zM8.400 11.900C6.600 14.500 5 15.600 2.500 16c.7 2.300 2.600 4.500 5 5.700l1.300-2 .2 2.600c.8.200 1.600.3 2.400.3l.8-2.200.9 2.100c1.400-1.900 2-4.400 2-7.300z"/>'
);

export const shutdownIcon = icon(
  'shutdown',
  '<path d="M11 2h2v10h-2zM7.100 4.700l1.200 1.700a7 7 0 1 0 7.400 0l1.200-1.700a9 9 0 1 1-9.800 0z"/>'
);

export const logIcon = icon(
  'log',
  '<path d="M4 3h16v2H4zM4 8h10v2H4zM4 13h16v2H4zM4 18h10v2H4z"/>'
);

export const upIcon = icon('up', '<path d="M12 7l7 8.500H5z"/>');

export const downIcon = icon('down', '<path d="M12 17l7-8.500H5z"/>');
