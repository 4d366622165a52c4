import type { JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import { ITranslator, type TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';

import { StartButton } from './startButton';
import { textsOf } from '../text/translation';

const MIME = 'application/vnd.parflow.start-engines+json';

/** Draws the kernel's data as the button. */
class StartRenderer extends ReactWidget {
  constructor(
    private readonly _session: ISessionContext,
    private readonly _trans: TranslationBundle
  ) {
    super();
    // Keys pressed on the button are no shortcuts of the notebook.
    this.node.setAttribute('data-lm-suppress-shortcuts', 'true');
  }

  async renderModel(): Promise<void> {
    await this.renderPromise;
  }

  protected override render(): JSX.Element {
    return (
      <StartButton
        kernel={() => this._session.session?.kernel}
        trans={this._trans}
      />
    );
  }
}

/** What of a notebook is needed here; its package is large. */
interface INotebook {
  content: {
    rendermime: {
      addFactory(factory: object, rank: number): void;
      removeMimeType(mime: string): void;
    };
  };
}

export const startButtonPlugin: JupyterFrontEndPlugin<void> = {
  id: 'parflow-jupyter:start-button',
  description: 'Draws the button by which a notebook starts engines.',
  autoStart: true,
  optional: [ITranslator],
  activate: (app, translator: ITranslator | null): void => {
    const trans = textsOf(translator);
    app.docRegistry.addWidgetExtension('Notebook', {
      createNew: (panel, context): IDisposable => {
        const { rendermime } = (panel as unknown as INotebook).content;
        rendermime.addFactory(
          {
            safe: true,
            mimeTypes: [MIME],
            createRenderer: () =>
              new StartRenderer(context.sessionContext, trans)
          },
          0
        );
        return new DisposableDelegate(() => rendermime.removeMimeType(MIME));
      }
    });
  }
};
