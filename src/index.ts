import { commandsPlugin } from './clusters/commands';
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
