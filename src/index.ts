import { commandsPlugin } from './clusters/commands';
import { logsPlugin } from './clusters/logView';
import { panelPlugin } from './clusters/panel';
import { modelPlugin } from './clusters/plugin';

export default [modelPlugin, commandsPlugin, logsPlugin, panelPlugin];
