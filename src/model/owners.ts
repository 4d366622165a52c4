/** For whom the engines of a cluster were started. */
import type { IClusterInfo, IOwners } from '../api/types';

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
