/** What people read about single engines, and about what was left running. No DOM. */
import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  EngineAction,
  IClusterInfo,
  IEngine,
  IOwners,
  IProblem
} from '../api/types';
import { engineCount, stateText } from './cluster';

/** Whether a problem is that something can be adopted. */
function isAdoption(problem: IProblem): boolean {
  return problem.where === 'cluster' && problem.fix.startsWith('adopt ');
}

/** What nobody owns any more and can be adopted, in the server's words; null for nothing. */
export function adoption(cluster: IClusterInfo): IProblem | null {
  return cluster.problems.find(isAdoption) ?? null;
}

/** The problems without the one that the offer to adopt tells. */
export function otherProblems(cluster: IClusterInfo): IProblem[] {
  return cluster.problems.filter(problem => !isAdoption(problem));
}

/** The cluster, with what is known of the owners of its engines. */
export function withOwners(
  cluster: IClusterInfo,
  told: IOwners | null
): IClusterInfo {
  const owners = new Map(
    told?.owners.map(({ engine, owner }) => [engine, owner])
  );
  return {
    ...cluster,
    detach_refused: told?.detach_refused ?? null,
    engines: cluster.engines.map(engine => ({
      ...engine,
      owner: owners.get(engine.id ?? -1)
    }))
  };
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

/** The living engines that were not started here. */
export function enginesOfOthers(cluster: IClusterInfo): IEngine[] {
  return cluster.engines.filter(
    engine => !engine.started_here && engine.state !== 'dead'
  );
}

/** For whom engines were started: "2 for the process, pid 7, 1 of unknown owner on beta". */
export function whose(
  engines: readonly IEngine[],
  trans: TranslationBundle
): string {
  const counts = new Map<string, number>();
  for (const { owner, host } of engines) {
    const name = owner
      ? trans.__('for the %1', owner)
      : trans.__('of unknown owner on %1', host ?? trans.__('an unknown host'));
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, n]) => `${n} ${name}`).join(', ');
}

/** What a cleanup here means for engines of others; null where there are none. */
export function fateOfOthers(
  cluster: IClusterInfo,
  trans: TranslationBundle
): string | null {
  const others = enginesOfOthers(cluster);
  if (!cluster.controller?.started_here || others.length === 0) {
    return null;
  }
  const count = engineCount(others.length, trans);
  // Whoever has engines that we started gets the controller; those of others only knew its address.
  return others.some(engine => engine.launcher !== null)
    ? trans.__(
        'The controller stays, as %1 of others work there: %2.',
        count,
        whose(others, trans)
      )
    : trans.__(
        'With the controller, %1 that others started lose their cluster: %2.',
        count,
        whose(others, trans)
      );
}
