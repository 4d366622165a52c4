/** What people read about a cluster. */
import type { TranslationBundle } from '@jupyterlab/translation';

import { engineCount } from './engine';
import type { IClusterInfo } from '../api/types';

/** The profile, and the cluster id where it is not the default one. */
export function clusterName(cluster: IClusterInfo): string {
  return cluster.cluster_id
    ? `${cluster.profile} / ${cluster.cluster_id}`
    : cluster.profile;
}

/** "2 engines and the controller"; empty where nothing was started here. */
export function startedHere(
  cluster: IClusterInfo,
  trans: TranslationBundle
): string {
  const engines = cluster.engines_started_here;
  if (cluster.controller?.started_here) {
    return engines > 0
      ? trans.__('%1 and the controller', engineCount(engines, trans))
      : trans.__('the controller');
  }
  return engines > 0 ? engineCount(engines, trans) : '';
}
