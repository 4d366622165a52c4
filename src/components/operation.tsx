/** How far something is that was asked for and takes its time. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import { useEffect, useRef } from 'react';

import { DialogBody, type IChoice, type IDialogProps } from './dialog';
import { Alert, Problems } from './problems';
import { Progress } from './progress';
import type { IOperation } from '../api/types';
import { outcomeOf, progressOf } from '../text/operation';

/** How far an operation is, as text and bar. */
export function OperationProgress(props: {
  operation: IOperation;
  trans: TranslationBundle;
}): JSX.Element {
  const { operation, trans } = props;
  const text = progressOf(operation, trans);
  const isSized = operation.kind === 'start-engines';
  return (
    <div className="jp-parflow-Operation">
      <span role="status">{text}</span>
      {operation.message && <small>{operation.message}</small>}
      <Progress
        label={text}
        done={operation.done}
        total={isSized ? operation.total : null}
      />
    </div>
  );
}

/** Call `effect` once the value is no longer null. */
function useOnce(isReady: boolean, effect: () => void): void {
  const isDone = useRef(false);
  useEffect(() => {
    if (isReady && !isDone.current) {
      isDone.current = true;
      effect();
    }
  });
}

interface IOperationProps extends IDialogProps {
  id: string;
  canCancel?: boolean;
}

function Body(props: IOperationProps): JSX.Element {
  const { model, trans, close, id } = props;
  const operation = model.operation(id);
  const outcome =
    operation && operation.state !== 'running'
      ? outcomeOf(operation, trans)
      : null;
  const isWell = outcome?.type === 'success' || outcome?.type === 'info';
  useOnce(isWell, close);
  const cancel: IChoice = {
    label: trans.__('Cancel start'),
    choose: async () => {
      await model.cancelOperation(id);
    }
  };
  if (!operation || !outcome) {
    const hide: IChoice = { label: trans.__('Hide'), choose: close };
    return (
      <DialogBody
        trans={trans}
        choices={props.canCancel ? [cancel, hide] : [hide]}
      >
        {operation && <OperationProgress operation={operation} trans={trans} />}
      </DialogBody>
    );
  }
  return (
    <DialogBody
      trans={trans}
      choices={[{ label: trans.__('Close'), choose: close }]}
    >
      {!isWell && <Alert>{outcome.message}</Alert>}
      <Problems problems={operation.problems} />
    </DialogBody>
  );
}

/** Follows an operation: closes when all went well, says so when not. */
export function OperationBody(props: IOperationProps): JSX.Element {
  return (
    <UseSignal signal={props.model.changed}>
      {() => <Body {...props} />}
    </UseSignal>
  );
}
