import { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { act, fireEvent, render, screen } from '@testing-library/react';

import type { IClusterInfo } from '../api/types';
import { ACTIONS, ENGINE_ACTIONS, OFFERS } from '../commands';
import { addCommands } from '../commands/plugin';
import { PanelBody } from '../panel/body';
import type { Execute } from '../panel/execute';
import { ClustersModel } from '../model/clusters';
import { FakeApi, trans } from './fakes';

/** What the front end is made of, on a server in memory; nothing is asked by itself. */
export interface IStage {
  api: FakeApi;
  model: ClustersModel;
  commands: CommandRegistry;
}

/** Make all that; the actions on the cluster are commands. */
export function setStage(
  options: Partial<ClustersModel.IOptions> = {}
): IStage {
  const api = new FakeApi();
  const model = new ClustersModel({ api, auto: false, ...options });
  const commands = new CommandRegistry();
  addCommands(commands, ACTIONS, model, trans);
  return { api, model, commands };
}

/** Show the panel on a cluster. */
export async function showPanel(
  api: FakeApi,
  model: ClustersModel,
  cluster: IClusterInfo,
  execute: Execute = jest.fn()
): Promise<void> {
  api.info = cluster;
  await model.refresh();
  render(
    <PanelBody
      model={model}
      actions={ACTIONS}
      engineActions={ENGINE_ACTIONS}
      trans={trans}
      execute={execute}
    />
  );
}

/** Executes the commands on engines as JupyterLab does; what other plugins add does nothing. */
export function executor(model: ClustersModel): Execute {
  const commands = new CommandRegistry();
  addCommands(commands, [...ENGINE_ACTIONS, ...OFFERS], model, trans);
  return async (command: string, args?: ReadonlyPartialJSONObject) => {
    if (commands.hasCommand(command)) {
      await commands.execute(command, args);
    }
  };
}

/** Execute a command and wait for its dialog; `ended` settles when the command does. */
export async function openDialog(
  commands: CommandRegistry,
  command: string
): Promise<{ dialog: HTMLElement; ended: Promise<unknown> }> {
  let ended: Promise<unknown> = Promise.resolve();
  await act(async () => {
    ended = commands.execute(command);
  });
  const name = commands.label(command);
  return { dialog: await screen.findByRole('dialog', { name }), ended };
}

/** Close the dialog that is open, if any, and forget the model. */
export async function clear(model: ClustersModel): Promise<void> {
  await act(async () => document.querySelector('dialog')?.close());
  model.dispose();
}

export function button(name: string): HTMLElement {
  return screen.getByRole('button', { name });
}

export async function press(name: string): Promise<void> {
  await act(async () => {
    fireEvent.click(button(name));
  });
}

export async function type(label: string, value: string): Promise<void> {
  await act(async () => {
    fireEvent.change(screen.getByLabelText(label), { target: { value } });
  });
}

export function noDialog(): void {
  expect(screen.queryByRole('dialog')).toBeNull();
}
