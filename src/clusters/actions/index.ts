import type { IClusterActions } from '../../tokens';
import { changeProfile } from './changeProfile';
import { cleanup } from './cleanup';
import { showInformation } from './showInformation';
import { shutdown } from './shutdown';
import { startEngines } from './startEngines';

/** A new action is a new file beside this one, and one line here. */
export const ACTIONS: IClusterActions = [
  startEngines,
  showInformation,
  changeProfile,
  cleanup,
  shutdown
];
