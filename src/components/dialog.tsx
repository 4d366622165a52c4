/** Dialogs that stay open while the server answers. */
import type { TranslationBundle } from '@jupyterlab/translation';
import { type ReactNode, useState } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

import type { IClustersModel } from '../tokens';
import { Alert } from './problems';

export interface IDialogProps {
  model: IClustersModel;
  trans: TranslationBundle;
  close: () => void;
}

/**
 * Show a modal dialog until its content closes it, or the Escape key.
 *
 * The `dialog` element of the browser keeps the focus inside and gives it back.
 */
export function showModal(
  title: string,
  render: (close: () => void) => JSX.Element
): Promise<void> {
  const element = document.createElement('dialog');
  element.className = 'jp-parflow-Dialog';
  element.setAttribute('aria-label', title);
  // Keys typed here are no shortcuts of the notebook behind.
  element.setAttribute('data-lm-suppress-shortcuts', 'true');
  const root = createRoot(element);
  document.body.append(element);
  flushSync(() =>
    root.render(
      <>
        <h2 className="jp-parflow-Dialog-title">{title}</h2>
        {render(() => element.close())}
      </>
    )
  );
  return new Promise(resolve => {
    element.addEventListener('close', () => {
      root.unmount();
      element.remove();
      resolve();
    });
    element.showModal();
  });
}

export interface IChoice {
  label: string;
  kind?: 'accept' | 'warn';
  /** Why it can't be chosen; the content says it, too. */
  unavailable?: string | null;
  /** May fail: then its message is shown and the dialog stays. */
  choose: () => Promise<void> | void;
}

/** Make a choice, and tell what goes wrong. */
function useChoice() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const run = async (choice: IChoice) => {
    setBusy(true);
    setError(null);
    try {
      await choice.choose();
    } catch (reason) {
      setError((reason as Error).message);
    }
    setBusy(false);
  };
  return { isBusy, error, run };
}

function ChoiceButton(props: {
  choice: IChoice;
  isBusy: boolean;
  run: (choice: IChoice) => Promise<void>;
}): JSX.Element {
  const { choice, isBusy, run } = props;
  const isAccept = choice.kind === 'accept';
  return (
    <button
      type={isAccept ? 'submit' : 'button'}
      disabled={!!choice.unavailable || (isBusy && choice.kind !== undefined)}
      title={choice.unavailable ?? undefined}
      className={`jp-parflow-Button ${choice.kind ? `jp-parflow-mod-${choice.kind}` : ''}`}
      onClick={isAccept ? undefined : () => void run(choice)}
    >
      {choice.label}
    </button>
  );
}

/** Content, what went wrong, and a row of buttons; the Enter key accepts. */
export function DialogBody(props: {
  children: ReactNode;
  choices: IChoice[];
  trans: TranslationBundle;
}): JSX.Element {
  const { isBusy, error, run } = useChoice();
  const accept = props.choices.find(choice => choice.kind === 'accept');
  return (
    <form
      noValidate
      className="jp-parflow-Dialog-form"
      onSubmit={event => {
        event.preventDefault();
        if (accept && !isBusy) {
          void run(accept);
        }
      }}
    >
      <div className="jp-parflow-Dialog-content">
        {props.children}
        {error && <Alert>{error}</Alert>}
      </div>
      <div className="jp-parflow-Dialog-footer" aria-busy={isBusy}>
        {props.choices.map(choice => (
          <ChoiceButton
            key={choice.label}
            choice={choice}
            isBusy={isBusy}
            run={run}
          />
        ))}
      </div>
    </form>
  );
}
