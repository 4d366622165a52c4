import {
  ILayoutRestorer,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';

import {
  IClusterActions,
  IClustersModel,
  IEngineActions,
  PANEL_ID
} from '../tokens';
import { PanelBody, type IPanelProps } from './body';
import { parflowIcon } from '../components/icons';
import { textsOf } from '../text/translation';

/** The sidebar panel; the model polls while it is visible. */
export class ClustersPanel extends ReactWidget {
  constructor(private readonly _props: IPanelProps) {
    super();
    const { trans } = _props;
    this.id = PANEL_ID;
    this.addClass('jp-parflow-Panel');
    this.title.icon = parflowIcon;
    this.title.caption = trans.__('Parallel Flow');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Parallel Flow'));
  }

  protected override render(): JSX.Element {
    return (
      <>
        <h2 className="jp-parflow-Panel-title">
          {this._props.trans.__('Parallel Flow')}
        </h2>
        <PanelBody {...this._props} />
      </>
    );
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      this._watch(true);
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._watch(true);
  }

  protected override onBeforeHide(message: Message): void {
    this._watch(false);
    super.onBeforeHide(message);
  }

  protected override onBeforeDetach(message: Message): void {
    this._watch(false);
    super.onBeforeDetach(message);
  }

  private _watch(isWatched: boolean): void {
    const { model } = this._props;
    model.isWatched = isWatched;
    if (isWatched) {
      void model.refresh();
    }
  }
}

export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'parflow-jupyter:panel',
  description: 'Adds the Parallel Flow panel to the left area.',
  autoStart: true,
  requires: [IClustersModel, IClusterActions, IEngineActions],
  optional: [ITranslator, ILayoutRestorer],
  activate: (
    app,
    model: IClustersModel,
    actions: IClusterActions,
    engineActions: IEngineActions,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const panel = new ClustersPanel({
      model,
      actions,
      engineActions,
      trans: textsOf(translator),
      execute: (command, args) => app.commands.execute(command, args)
    });
    app.shell.add(panel, 'left', { rank: 700 });
    restorer?.add(panel, PANEL_ID);
  }
};
