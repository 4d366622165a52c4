/** Which runs are over, and how many of them are shown. */
import type { IRun } from '../api/types';

/** States of a run that is over. */
const OVER = new Set(['done', 'failed', 'cancelled', 'lost']);

/** How many runs that are over are shown. */
export const RECENT = 10;

export function isOver(run: IRun): boolean {
  return OVER.has(run.state);
}
