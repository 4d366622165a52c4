/** What an action here means for those whose engines work in the same cluster. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { engineCount } from './engine';
import type { IClusterInfo, IEngine } from '../api/types';

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
