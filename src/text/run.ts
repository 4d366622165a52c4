/** What people read about runs. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { IRun } from '../api/types';

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
