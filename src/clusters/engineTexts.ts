/** What people read about single engines, and about what was left running. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type { EngineAction, IClusterInfo, IEngine, IProblem } from '../wire';
import { stateText } from './texts';

const ADOPTION = 'adopt ';

/** What nobody owns any more and can be adopted, in one sentence; null for nothing. */
export function adoption(
  cluster: IClusterInfo,
  trans: TranslationBundle
): string | null {
  const n = cluster.adoptable ?? 0;
  return n === 0
    ? null
    : trans._n(
        '%1 process was left running and belongs to nobody.',
        '%1 processes were left running and belong to nobody.',
        n
      );
}

/** The problems without the one that the offer to adopt already tells. */
export function otherProblems(cluster: IClusterInfo): IProblem[] {
  return cluster.problems.filter(
    ({ where, fix }) =>
      !(cluster.adoptable && where === 'cluster' && fix.startsWith(ADOPTION))
  );
}

/** What is being done to an engine. */
export function steeredText(
  action: EngineAction,
  trans: TranslationBundle
): string {
  return {
    interrupt: trans.__('interrupting'),
    restart: trans.__('restarting'),
    stop: trans.__('stopping')
  }[action];
}

/** What an action on an engine costs, to be confirmed; null where nothing is lost. */
export function whatIsLost(
  engine: IEngine,
  action: EngineAction,
  trans: TranslationBundle
): string | null {
  const lines: string[] = [];
  if (!engine.started_here) {
    lines.push(
      engine.owner
        ? trans.__('It was started for the %1, not here.', engine.owner)
        : trans.__('It was not started here: others may be using it.')
    );
  }
  if (action !== 'interrupt') {
    if (engine.state === 'busy' || engine.queued) {
      lines.push(
        trans.__(
          'The task that it runs is lost, and what is kept in its memory. A map runs its items again elsewhere.'
        )
      );
    } else if (engine.state !== 'idle') {
      lines.push(
        trans.__(
          'It is %1: what it may be running is lost.',
          stateText(engine.state, trans)
        )
      );
    }
  }
  return lines.length > 0 ? lines.join(' ') : null;
}
