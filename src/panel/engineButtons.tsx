/** What can be done to one engine: a row of small buttons, by mouse and by arrow keys. */
import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  closeIcon,
  refreshIcon,
  stopIcon,
  type LabIcon
} from '@jupyterlab/ui-components';
import type { KeyboardEvent } from 'react';

import type { IClustersModel } from '../tokens';
import type { EngineAction, IEngine } from '../api/types';
import { DialogBody, showModal } from '../components/dialog';
import { logIcon } from '../components/icons';
import { whatIsLost } from '../text/engine';

/** The element in which the arrow keys go from engine to engine. */
export const ENGINES_CLASS = 'jp-parflow-Engines';

interface IButton {
  name: string;
  icon: LabIcon;
  press: () => void;
}

/** Ask before something is lost; whether to go on. */
async function confirm(
  title: string,
  loss: string,
  verb: string,
  trans: TranslationBundle
): Promise<boolean> {
  let isSure = false;
  await showModal(title, close => (
    <DialogBody
      trans={trans}
      choices={[
        { label: trans.__('Cancel'), choose: close },
        {
          label: verb,
          kind: 'warn',
          choose: () => {
            isSure = true;
            close();
          }
        }
      ]}
    >
      <p>{loss}</p>
    </DialogBody>
  ));
  return isSure;
}

/** Left and right go along the buttons of an engine, up and down from engine to engine. */
function onArrow(event: KeyboardEvent<HTMLElement>): void {
  const steps: Record<string, [number, number]> = {
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0]
  };
  const step = steps[event.key];
  if (!step) {
    return;
  }
  event.preventDefault();
  const bar = event.currentTarget;
  const bars = Array.from(
    bar
      .closest(`.${ENGINES_CLASS}`)
      ?.querySelectorAll<HTMLElement>('[role=toolbar]') ?? []
  );
  const buttons = (of: HTMLElement) =>
    Array.from(of.querySelectorAll('button'));
  const column = buttons(bar).indexOf(event.target as HTMLButtonElement);
  const there = bars[bars.indexOf(bar) + step[0]];
  const row = there ? buttons(there) : [];
  row[Math.min(column + step[1], row.length - 1)]?.focus();
}

export function EngineActions(props: {
  engine: IEngine;
  model: IClustersModel;
  trans: TranslationBundle;
  showLog: (engine: number) => void;
}): JSX.Element | null {
  const { engine, model, trans, showLog } = props;
  const { id } = engine;
  if (id === null) {
    return null;
  }
  const act = async (action: EngineAction, name: string, verb: string) => {
    const panel = document.activeElement?.closest<HTMLElement>(
      `.${ENGINES_CLASS}`
    );
    const known = engine.started_here ? null : await model.clusterWithOwners();
    const latest = known?.engines.find(other => other.id === id) ?? engine;
    const loss = whatIsLost(latest, action, trans);
    if (loss !== null && !(await confirm(name, loss, verb, trans))) {
      return;
    }
    try {
      await model.steerEngine(id, action);
    } catch (error) {
      const { message } = error as Error;
      Notification.error(`${name}: ${message}`, { autoClose: false });
    }
    // The button may be gone with its engine: keep the focus near.
    if (document.activeElement === document.body) {
      panel?.focus();
    }
  };
  const button = (
    action: EngineAction,
    icon: LabIcon,
    name: string,
    verb: string
  ): IButton => ({ name, icon, press: () => void act(action, name, verb) });
  const buttons: IButton[] =
    engine.state === 'dead'
      ? []
      : [
          button(
            'interrupt',
            stopIcon,
            trans.__('Interrupt engine %1', id),
            trans.__('Interrupt')
          ),
          button(
            'restart',
            refreshIcon,
            trans.__('Restart engine %1', id),
            trans.__('Restart')
          ),
          button(
            'stop',
            closeIcon,
            trans.__('Stop engine %1', id),
            trans.__('Stop')
          )
        ];
  buttons.push({
    name: trans.__('Show log of engine %1', id),
    icon: logIcon,
    press: () => showLog(id)
  });
  const isBusy = model.steered.has(id);
  return (
    <div
      role="toolbar"
      aria-label={trans.__('Actions on engine %1', id)}
      aria-busy={isBusy}
      className="jp-parflow-EngineActions"
      onKeyDown={onArrow}
    >
      {buttons.map(({ name, icon, press }, index) => (
        <button
          key={name}
          type="button"
          className="jp-parflow-IconButton"
          aria-label={name}
          title={name}
          tabIndex={index === 0 ? 0 : -1}
          aria-disabled={isBusy}
          onClick={isBusy ? undefined : press}
        >
          <icon.react tag="span" aria-hidden="true" />
        </button>
      ))}
    </div>
  );
}
