import type { IClusterActions } from '../tokens';
import { changeProfile } from './cluster/changeProfile';
import { cleanup } from './cluster/cleanup';
import { showInformation } from './cluster/showInformation';
import { shutdown } from './cluster/shutdown';
import { startEngines } from './cluster/startEngines';

/** A new action is a new file beside this one, and one line here. */
export const ACTIONS: IClusterActions = [
  startEngines,
  showInformation,
  changeProfile,
  cleanup,
  shutdown
];
