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

/** Content, what went wrong, and a row of buttons. */
export function DialogBody(props: {
  children: ReactNode;
  choices: IChoice[];
  trans: TranslationBundle;
}): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const accept = props.choices.find(choice => choice.kind === 'accept');
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
          <button
            key={choice.label}
            type={choice === accept ? 'submit' : 'button'}
            disabled={
              !!choice.unavailable || (isBusy && choice.kind !== undefined)
            }
            title={choice.unavailable ?? undefined}
            className={`jp-parflow-Button ${choice.kind ? `jp-parflow-mod-${choice.kind}` : ''}`}
            onClick={choice === accept ? undefined : () => void run(choice)}
          >
            {choice.label}
          </button>
        ))}
      </div>
    </form>
  );
}
