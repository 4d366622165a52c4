import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';

import { ACTIONS, ENGINE_ACTIONS, OFFERS } from '.';
import type { IOperation } from '../api/types';
import { outcomeOf } from '../text/operation';
import { textsOf } from '../text/translation';
import { IClusterActions, IClustersModel, IEngineActions } from '../tokens';

/** Register each action as a command. */
export function addCommands(
  commands: CommandRegistry,
  actions: IClusterActions,
  model: IClustersModel,
  trans: TranslationBundle
): void {
  for (const action of actions) {
    commands.addCommand(action.command, {
      label: args => action.label(trans, args),
      caption: action.caption(trans),
      icon: action.icon,
      describedBy: { args: action.args },
      execute: args => action.execute(model, trans, args)
    });
  }
}

/** Tell that an operation ended, wherever its beginner looks now. */
export function notify(operation: IOperation, trans: TranslationBundle): void {
  const { message, type } = outcomeOf(operation, trans);
  Notification.emit(message, type, {
    autoClose: type === 'error' ? false : 5000
  });
}

export const commandsPlugin: JupyterFrontEndPlugin<IClusterActions> = {
  id: 'parflow-jupyter:plugin',
  description: 'Adds the commands on the cluster to the palette.',
  autoStart: true,
  provides: IClusterActions,
  requires: [IClustersModel],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app,
    model: IClustersModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): IClusterActions => {
    const trans = textsOf(translator);
    addCommands(app.commands, [...ACTIONS, ...OFFERS], model, trans);
    model.operationFinished.connect((_, operation) => notify(operation, trans));
    for (const { command } of ACTIONS) {
      palette?.addItem({ command, category: trans.__('Parallel Flow') });
    }
    return ACTIONS;
  }
};

export const engineCommandsPlugin: JupyterFrontEndPlugin<IEngineActions> = {
  id: 'parflow-jupyter:engine-commands',
  description: 'Adds the commands on one engine.',
  autoStart: true,
  provides: IEngineActions,
  requires: [IClustersModel],
  optional: [ITranslator],
  activate: (
    app,
    model: IClustersModel,
    translator: ITranslator | null
  ): IEngineActions => {
    const trans = textsOf(translator);
    addCommands(app.commands, ENGINE_ACTIONS, model, trans);
    return ENGINE_ACTIONS;
  }
};
