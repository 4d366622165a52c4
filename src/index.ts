import { commandsPlugin } from './commands/plugin';
import { logsPlugin } from './clusters/logView';
import { panelPlugin } from './panel/plugin';
import { modelPlugin } from './model/plugin';
import { startButtonPlugin } from './clusters/startButton';

export default [
  modelPlugin,
  commandsPlugin,
  logsPlugin,
  panelPlugin,
  startButtonPlugin
];
