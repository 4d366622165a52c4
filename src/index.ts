import { commandsPlugin, engineCommandsPlugin } from './commands/plugin';
import { logsPlugin } from './logs/plugin';
import { modelPlugin } from './model/plugin';
import { startButtonPlugin } from './notebook/plugin';
import { panelPlugin } from './panel/plugin';

export default [
  modelPlugin,
  commandsPlugin,
  engineCommandsPlugin,
  logsPlugin,
  panelPlugin,
  startButtonPlugin
];
