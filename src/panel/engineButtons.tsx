/** What can be done to one engine: a row of small buttons, by mouse and by arrow keys. */
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { KeyboardEvent } from 'react';

import type { IEngine } from '../api/types';
import { logIcon } from '../components/icons';
import { CommandIDs, type IEngineActions } from '../tokens';
import type { Execute } from './execute';

/** The element in which the arrow keys go from engine to engine. */
export const ENGINES_CLASS = 'jp-parflow-Engines';

interface IButton {
  name: string;
  icon: LabIcon;
  command: string;
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

/** Run a command on an engine, and keep the focus near where its button goes away. */
async function press(
  execute: Execute,
  command: string,
  engine: number
): Promise<void> {
  const engines = document.activeElement?.closest<HTMLElement>(
    `.${ENGINES_CLASS}`
  );
  await execute(command, { engine });
  if (document.activeElement === document.body) {
    engines?.focus();
  }
}

interface IButtonsProps {
  engine: IEngine;
  actions: IEngineActions;
  /** Whether something is being done to the engine. */
  isBusy: boolean;
  trans: TranslationBundle;
  execute: Execute;
}

/** The buttons of an engine; of one that died, only its log can be seen. */
function buttonsOf(props: IButtonsProps, id: number): IButton[] {
  const { engine, actions, trans } = props;
  return [
    ...(engine.state === 'dead' ? [] : actions).map(action => ({
      name: action.label(trans, { engine: id }),
      icon: action.icon,
      command: action.command
    })),
    {
      name: trans.__('Show log of engine %1', id),
      icon: logIcon,
      command: CommandIDs.showLog
    }
  ];
}

export function EngineButtons(props: IButtonsProps): JSX.Element | null {
  const { isBusy, trans, execute } = props;
  const { id } = props.engine;
  return id === null ? null : (
    <div
      role="toolbar"
      aria-label={trans.__('Actions on engine %1', id)}
      aria-busy={isBusy}
      className="jp-parflow-EngineActions"
      onKeyDown={onArrow}
    >
      {buttonsOf(props, id).map(({ name, icon, command }, index) => (
        <button
          key={name}
          type="button"
          className="jp-parflow-IconButton"
          aria-label={name}
          title={name}
          tabIndex={index === 0 ? 0 : -1}
          aria-disabled={isBusy}
          onClick={isBusy ? undefined : () => void press(execute, command, id)}
        >
          <icon.react tag="span" aria-hidden="true" />
        </button>
      ))}
    </div>
  );
}
