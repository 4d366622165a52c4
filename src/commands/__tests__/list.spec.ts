import { readdirSync } from 'fs';
import { join } from 'path';

import type { IClusterAction } from '../../tokens';
import { CommandIDs } from '../../tokens';
import { trans } from '../../__tests__/fakes';
import plugin from '../../../schema/plugin.json';
import { ACTIONS, ENGINE_ACTIONS, OFFERS } from '..';
import { commandsPlugin, engineCommandsPlugin } from '../plugin';

const ALL = [...ACTIONS, ...ENGINE_ACTIONS, ...OFFERS];

/** What the files of a folder define. */
function definedIn(folder: string): IClusterAction[] {
  const path = join(__dirname, '..', folder);
  return readdirSync(path)
    .filter(name => /\.tsx?$/.test(name))
    .flatMap(name =>
      Object.values(jest.requireActual<object>(join(path, name)))
    )
    .filter(value => typeof value === 'object' && 'execute' in value);
}

const ids = (actions: readonly IClusterAction[]) =>
  actions.map(({ command }) => command);

it('holds every action that stands in a file', () => {
  expect(new Set(definedIn('cluster'))).toEqual(
    new Set([...ACTIONS, ...OFFERS])
  );
  expect(new Set(definedIn('engine'))).toEqual(new Set(ENGINE_ACTIONS));
});

it('holds every command that is named to others, and none twice', () => {
  // The log is a view, not an action: its plugin adds the command.
  const named = Object.values(CommandIDs).filter(
    command => command !== CommandIDs.showLog
  );
  expect(ids(ALL).sort()).toEqual(named.sort());
});

it('is what the menu in schema/plugin.json shows, in this order', () => {
  const [menu] = plugin['jupyter.lab.menus'].main;
  const shown = menu.items.flatMap(({ command }) => command ?? []);
  expect(shown).toEqual(ids(ACTIONS));
  const ranks = menu.items.map(({ rank }) => rank);
  expect(ranks).toEqual(menu.items.map((_, index) => index + 1));
});

it('is what the palette shows and the panel gets', async () => {
  const addCommand = jest.fn();
  const addItem = jest.fn();
  const model = { operationFinished: { connect: jest.fn() } };
  const app = { commands: { addCommand } } as never;
  const cluster = await commandsPlugin.activate(app, model, null, { addItem });
  const engine = await engineCommandsPlugin.activate(app, model, null);
  expect([cluster, engine]).toEqual([ACTIONS, ENGINE_ACTIONS]);
  expect(addItem.mock.calls.map(([item]) => item.command)).toEqual(
    ids(ACTIONS)
  );
  expect(addCommand.mock.calls.map(([id]) => id).sort()).toEqual(
    ids(ALL).sort()
  );
});

it('names an engine where one is known', () => {
  expect(
    ENGINE_ACTIONS.map(({ label }) => label(trans, { engine: 3 }))
  ).toEqual(['Interrupt engine 3', 'Restart engine 3', 'Stop engine 3']);
  expect(ENGINE_ACTIONS.map(({ label }) => label(trans))).toEqual([
    'Interrupt an engine',
    'Restart an engine',
    'Stop an engine'
  ]);
});

it.each(ENGINE_ACTIONS.map(action => [action.command, action] as const))(
  '%s asks for the engine that it lacks',
  async (_, action) => {
    await expect(action.execute({} as never, trans, {})).rejects.toThrow(
      'needs "engine", the id of an engine'
    );
  }
);
