import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget } from '@jupyterlab/apputils';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';

import { logIcon } from '../components/icons';
import { textsOf } from '../text/translation';
import { CommandIDs, IClustersModel } from '../tokens';
import type { LogOf } from './reading';
import { LogBody } from './view';

/** The log of one process, in the main area. */
export class LogView extends ReactWidget {
  constructor(
    private readonly _model: IClustersModel,
    private readonly _trans: TranslationBundle,
    private _chosen: LogOf
  ) {
    super();
    this.addClass('jp-parflow-LogView');
    this.title.icon = logIcon;
    this._name();
  }

  choose(chosen: LogOf): void {
    this._chosen = chosen;
    this._name();
    this.update();
  }

  protected override render(): JSX.Element {
    return (
      <LogBody
        model={this._model}
        trans={this._trans}
        chosen={this._chosen}
        choose={chosen => this.choose(chosen)}
      />
    );
  }

  private _name(): void {
    const { __ } = this._trans;
    const name =
      typeof this._chosen === 'number'
        ? __.call(this._trans, 'engine %1', this._chosen)
        : this._chosen;
    this.title.label = __.call(this._trans, 'Log of %1', name);
  }
}

/** Shows the log of a process, in one widget for all of them. */
function opener(
  app: JupyterFrontEnd,
  model: IClustersModel,
  trans: TranslationBundle
): (chosen: LogOf) => void {
  let widget: MainAreaWidget<LogView> | null = null;
  return chosen => {
    if (!widget || widget.isDisposed) {
      const content = new LogView(model, trans, chosen);
      widget = new MainAreaWidget({ content });
      widget.id = 'parflow-jupyter-log';
      // Below what one works with, so that both can be seen.
      app.shell.add(widget, 'main', { mode: 'split-bottom' });
    } else {
      widget.content.choose(chosen);
    }
    app.shell.activateById(widget.id);
  };
}

const ARGS = {
  type: 'object',
  properties: {
    engine: {
      type: 'integer',
      description: 'Id of an engine; without it, the controller'
    }
  }
};

export const logsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'parflow-jupyter:logs',
  description: 'Shows the logs of controller and engines in the main area.',
  autoStart: true,
  requires: [IClustersModel],
  optional: [ITranslator, ICommandPalette],
  activate: (
    app,
    model: IClustersModel,
    translator: ITranslator | null,
    palette: ICommandPalette | null
  ): void => {
    const trans = textsOf(translator);
    const open = opener(app, model, trans);
    app.commands.addCommand(CommandIDs.showLog, {
      label: trans.__('Show logs of controller and engines'),
      caption: trans.__('Read the log of a process, also after its end'),
      icon: logIcon,
      describedBy: { args: ARGS },
      execute: ({ engine }) =>
        open(typeof engine === 'number' ? engine : 'controller')
    });
    palette?.addItem({
      command: CommandIDs.showLog,
      category: trans.__('Parallel Flow')
    });
  }
};
