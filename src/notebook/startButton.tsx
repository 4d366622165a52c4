/** The button that a kernel shows where it could ask nobody whether to start engines. */
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { useState } from 'react';

import { Alert } from '../components/problems';
import { Progress } from '../components/progress';
import { engineCount } from '../text/engine';

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
