/** The button that a kernel shows where it could ask nobody whether to start engines. */
import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import {
  ITranslator,
  nullTranslator,
  type TranslationBundle
} from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { useState } from 'react';

import { Alert } from '../components/problems';
import { Progress } from '../components/progress';
import { engineCount } from '../text/engine';

const MIME = 'application/vnd.parflow.start-engines+json';
const TARGET = 'parflow.start-engines';

/** What the kernel tells of the start. */
interface IStart {
  state: 'waiting' | 'running' | 'done' | 'failed';
  done?: number;
  total?: number;
  engines?: number;
  message?: string;
}

/** Ask the kernel to start engines, and tell what it answers until that is over. */
export async function startFromKernel(
  kernel: Kernel.IKernelConnection | null | undefined,
  tell: (start: IStart) => void,
  trans: TranslationBundle
): Promise<void> {
  if (!kernel) {
    const message = trans.__(
      'There is no kernel: start one, then run the cell again.'
    );
    tell({ state: 'failed', message });
    return;
  }
  tell({ state: 'waiting' });
  const comm = kernel.createComm(TARGET);
  let isOver = false;
  comm.onMsg = message => {
    const start = message.content.data as unknown as IStart;
    isOver = start.state !== 'running';
    tell(start);
  };
  comm.onClose = () => {
    if (!isOver) {
      const message = trans.__(
        'This kernel knows nothing of the button, as it was started later: run the cell again.'
      );
      tell({ state: 'failed', message });
    }
    comm.dispose();
  };
  await comm.open({}).done;
}

function statusText(start: IStart | null, trans: TranslationBundle): string {
  switch (start?.state) {
    case undefined:
      return trans.__('No engines are connected. Start one per core?');
    case 'waiting':
      return trans.__('Waiting for the kernel…');
    case 'running':
      return trans.__(
        '%1 of %2 engines',
        start?.done ?? 0,
        start?.total ?? '?'
      );
    case 'done':
      return trans.__(
        '%1 started. Run the cell again.',
        engineCount(start?.engines ?? 0, trans)
      );
    default:
      // What failed is told by the alert.
      return '';
  }
}

export function StartButton(props: {
  kernel: () => Kernel.IKernelConnection | null | undefined;
  trans: TranslationBundle;
}): JSX.Element {
  const { kernel, trans } = props;
  const [start, setStart] = useState<IStart | null>(null);
  const press = () => {
    startFromKernel(kernel(), setStart, trans).catch((error: Error) =>
      setStart({ state: 'failed', message: error.message })
    );
  };
  const isGoing = start?.state === 'waiting' || start?.state === 'running';
  const text = statusText(start, trans);
  return (
    <div className="jp-parflow-Start">
      <div className="jp-parflow-Row">
        {start?.state !== 'done' && (
          <button
            type="button"
            className="jp-parflow-Button jp-parflow-mod-accept"
            disabled={isGoing}
            onClick={press}
          >
            {trans.__('Start engines')}
          </button>
        )}
        <span role="status">{text}</span>
      </div>
      {isGoing && (
        <Progress
          label={text}
          done={start.done ?? 0}
          total={start.total ?? null}
        />
      )}
      {start?.state === 'failed' && <Alert>{start.message}</Alert>}
    </div>
  );
}

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
  activate: (app: JupyterFrontEnd, translator: ITranslator | null): void => {
    const trans = (translator ?? nullTranslator).load('parflow_jupyter');
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
