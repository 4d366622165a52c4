/** How far an operation is, and how it ended. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { ICleanedProcess, IOperation } from '../api/types';

export function outcomeText(
  outcome: ICleanedProcess['outcome'],
  trans: TranslationBundle
): string {
  const texts: Record<ICleanedProcess['outcome'], string> = {
    terminated: trans.__('terminated'),
    killed: trans.__('killed'),
    'left running': trans.__('left running'),
    'already gone': trans.__('already gone')
  };
  return texts[outcome] ?? outcome;
}

/** How far an operation is, in words. */
export function progressOf(
  operation: IOperation,
  trans: TranslationBundle
): string {
  return operation.kind === 'start-engines'
    ? trans.__('%1 of %2 engines', operation.done, operation.total)
    : trans.__('Shutting down…');
}

export interface IOutcome {
  message: string;
  type: 'success' | 'warning' | 'error' | 'info';
}

/** How an operation ended, in one sentence. */
export function outcomeOf(
  operation: IOperation,
  trans: TranslationBundle
): IOutcome {
  const isStart = operation.kind === 'start-engines';
  if (operation.state === 'cancelled') {
    const message = isStart
      ? trans.__('The start of engines was cancelled.')
      : trans.__('The shutdown was cancelled.');
    return { message, type: 'info' };
  }
  if (operation.state === 'failed') {
    const message = operation.error?.message || operation.message;
    const fallback = isStart
      ? trans.__('The engines did not start.')
      : trans.__('The cluster did not shut down.');
    return { message: message || fallback, type: 'error' };
  }
  if (!isStart) {
    return { message: trans.__('The cluster was shut down.'), type: 'success' };
  }
  const { done, total } = operation;
  return done < total || operation.problems.length > 0
    ? {
        message: trans.__('%1 of %2 engines started.', done, total),
        type: 'warning'
      }
    : {
        message: trans._n('%1 engine started.', '%1 engines started.', done),
        type: 'success'
      };
}
