import { commandsPlugin } from './clusters/commands';
import { modelPlugin } from './clusters/model';
import { panelPlugin } from './clusters/panel';

export default [modelPlugin, commandsPlugin, panelPlugin];
