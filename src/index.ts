import { commandsPlugin } from './commands/plugin';
import { logsPlugin } from './clusters/logView';
import { panelPlugin } from './clusters/panel';
import { modelPlugin } from './model/plugin';
import { startButtonPlugin } from './clusters/startButton';

export default [
  modelPlugin,
  commandsPlugin,
  logsPlugin,
  panelPlugin,
  startButtonPlugin
];
