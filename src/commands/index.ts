/**
 * The list of all actions.
 *
 * A new one is a new file and one line here. Whatever shows it follows this list; a test holds that
 * `schema/plugin.json`, where JupyterLab wants its menus so that people can change them, says the same.
 */
import type { IClusterActions } from '../tokens';
import { adopt } from './cluster/adopt';
import { changeProfile } from './cluster/changeProfile';
import { cleanup } from './cluster/cleanup';
import { showInformation } from './cluster/showInformation';
import { shutdown } from './cluster/shutdown';
import { startEngines } from './cluster/startEngines';
import { interruptEngine } from './engine/interrupt';
import { restartEngine } from './engine/restart';
import { stopEngine } from './engine/stop';

/** Buttons of the sidebar, entries of palette and menu, in this order. */
export const ACTIONS: IClusterActions = [
  startEngines,
  showInformation,
  changeProfile,
  cleanup,
  shutdown
];

/** Buttons of each engine's row, in this order. */
export const ENGINE_ACTIONS: IClusterActions = [
  interruptEngine,
  restartEngine,
  stopEngine
];

/** What is offered only while there is something to do. */
export const OFFERS: IClusterActions = [adopt];
