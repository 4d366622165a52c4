/** What people read about runs. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRun } from '../api/types';

/** States of a run that is over. */
const OVER = new Set(['done', 'failed', 'cancelled', 'lost']);

/** How many runs that are over are shown. */
export const RECENT = 10;

export function isOver(run: IRun): boolean {
  return OVER.has(run.state);
}

/** 3.21 s → "3.2 s", 75 s → "1 min 15 s". */
export function duration(seconds: number): string {
  if (seconds < 59.95) {
    return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  }
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60)];
  return hours > 0
    ? `${hours} h ${minutes % 60} min`
    : `${minutes} min ${whole % 60} s`;
}

/** How long ago a moment was; seconds since 1970. */
export function ago(
  moment: number,
  trans: TranslationBundle,
  now = Date.now() / 1000
): string {
  const minutes = Math.floor(Math.max(0, now - moment) / 60);
  if (minutes < 1) {
    return trans.__('just now');
  }
  if (minutes < 60) {
    return trans.__('%1 min ago', minutes);
  }
  return minutes < 24 * 60
    ? trans.__('%1 h ago', Math.floor(minutes / 60))
    : new Date(moment * 1000).toLocaleDateString();
}

/** What a run is called. */
export function runName(run: IRun): string {
  return run.label || run.run;
}

/** "4 of 10", or "4 done" where nobody knows how many there will be. */
export function runCount(run: IRun, trans: TranslationBundle): string {
  const done = run.done.toLocaleString();
  return run.total === null
    ? trans.__('%1 done', done)
    : trans.__('%1 of %2', done, run.total.toLocaleString());
}

export function runStateText(state: string, trans: TranslationBundle): string {
  const texts: Record<string, string> = {
    done: trans.__('done'),
    failed: trans.__('failed'),
    cancelled: trans.__('cancelled'),
    lost: trans.__('its kernel is gone')
  };
  return texts[state] ?? state;
}

/** The state whose sign a run that is over gets. */
export function symbolOf(run: IRun): 'done' | 'failed' | 'cancelled' | 'lost' {
  if (run.state === 'cancelled' || run.state === 'lost') {
    return run.state;
  }
  return run.failed || run.state === 'failed' ? 'failed' : 'done';
}
