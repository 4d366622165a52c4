import { Notification } from '@jupyterlab/apputils';
import { act, fireEvent, screen, within } from '@testing-library/react';

import type { IClusterInfo } from '../../api/types';
import type { ClustersModel } from '../../model/clusters';
import { engine, type FakeApi, refusal, RUNNING } from '../../__tests__/fakes';
import {
  button,
  clear,
  executor,
  press,
  setStage,
  showPanel
} from '../../__tests__/stage';

let api: FakeApi;
let model: ClustersModel;
let execute: jest.Mock;

beforeEach(() => {
  ({ api, model } = setStage());
  execute = jest.fn(executor(model));
});

afterEach(async () => {
  await clear(model);
  jest.restoreAllMocks();
});

const show = (cluster: IClusterInfo) => showPanel(api, model, cluster, execute);

describe('actions on one engine', () => {
  it.each([
    ['Interrupt engine 0', 'interrupt'],
    ['Restart engine 0', 'restart'],
    ['Stop engine 0', 'stop']
  ])('%s asks nothing where nothing is lost', async (name, action) => {
    await show(RUNNING);
    await press(name);
    expect(screen.queryByRole('dialog')).toBeNull();
    expect(api.asked).toContainEqual(['steerEngine', 0, action]);
  });

  it('are confirmed where work is lost', async () => {
    await show(RUNNING);
    await press('Stop engine 1');
    const dialog = screen.getByRole('dialog', { name: 'Stop engine 1' });
    expect(dialog.textContent).toContain('The task that it runs is lost');
    await press('Cancel');
    expect(api.count('steerEngine')).toBe(0);
    await press('Stop engine 1');
    await press('Stop');
    expect(api.asked).toContainEqual(['steerEngine', 1, 'stop']);
  });

  it('are confirmed where others use the engine, and say whose it is', async () => {
    const owner = 'Jupyter server, pid 7';
    api.allOwners.owners = [{ engine: 0, owner }];
    await show({ ...RUNNING, engines: [engine(0, { started_here: false })] });
    await press('Interrupt engine 0');
    expect(screen.getByRole('dialog').textContent).toContain(owner);
  });

  it('explain what failed', async () => {
    const error = jest.spyOn(Notification, 'error');
    api.failures.steerEngine = refusal('It belongs to a set.', 'x', 409);
    await show(RUNNING);
    await press('Stop engine 0');
    expect(error.mock.calls[0][0]).toBe('Stop engine 0: It belongs to a set.');
  });

  it('show what is being done', async () => {
    let release = () => {};
    const gate = new Promise<undefined>(
      resolve => (release = () => resolve(undefined))
    );
    api.steerEngine = () => gate;
    await show(RUNNING);
    await press('Restart engine 0');
    screen.getByRole('row', { name: /^0 restarting/ });
    expect(button('Stop engine 0').getAttribute('aria-disabled')).toBe('true');
    await act(async () => release());
    screen.getByRole('row', { name: /^0 idle/ });
  });

  it('leave only the log to an engine that died', async () => {
    await show({
      ...RUNNING,
      engines: [
        engine(3, { state: 'dead', exit: { meaning: 'out of memory' } })
      ]
    });
    screen.getByTitle('dead: out of memory');
    expect(screen.queryByRole('button', { name: 'Stop engine 3' })).toBeNull();
    await press('Show log of engine 3');
    expect(execute).toHaveBeenCalledWith('parflow:show-log', { engine: 3 });
  });

  it('offer none for an engine without an id', async () => {
    const starting = engine(0, { id: null, state: 'starting' });
    await show({ ...RUNNING, engines: [starting] });
    expect(screen.queryByRole('toolbar')).toBeNull();
  });

  it('are reached by the arrow keys, with one tab stop an engine', async () => {
    await show(RUNNING);
    const first = button('Interrupt engine 0');
    first.focus();
    const arrow = (key: string) =>
      fireEvent.keyDown(document.activeElement as Element, { key });
    arrow('ArrowRight');
    expect(document.activeElement).toBe(button('Restart engine 0'));
    arrow('ArrowDown');
    expect(document.activeElement).toBe(button('Restart engine 1'));
    arrow('ArrowDown');
    expect(document.activeElement).toBe(button('Restart engine 2'));
    arrow('ArrowDown');
    arrow('ArrowLeft');
    expect(document.activeElement).toBe(button('Interrupt engine 2'));
    const stops = within(
      screen.getByRole('toolbar', { name: 'Actions on engine 0' })
    )
      .getAllByRole('button')
      .filter(one => one.tabIndex === 0);
    expect(stops).toEqual([first]);
  });
});

describe('what was left running', () => {
  const LEFT: IClusterInfo = {
    ...RUNNING,
    problems: [
      {
        where: 'cluster',
        what: '3 processes were left running',
        fix: 'adopt what was left running; unused, it ends by itself in 60 min'
      },
      { where: 'engine 1', what: 'is silent', fix: 'wait' }
    ]
  };

  it('is offered for adoption instead of told as a problem', async () => {
    await show(LEFT);
    const group = screen.getByRole('group', { name: 'Left running' });
    expect(group.textContent).toContain('3 processes were left running');
    expect(group.textContent).toContain('Unused, it ends by itself in 60 min.');
    const problems = screen.getByRole('region', { name: 'Problems' });
    expect(within(problems).getAllByRole('listitem')).toHaveLength(1);
    await press('Adopt');
    expect(api.count('adopt')).toBe(1);
    expect(screen.queryByRole('group', { name: 'Left running' })).toBeNull();
  });

  it('is known by its action, whatever the words', async () => {
    const action = { name: 'adopt', arguments: {} };
    const what = '3 Prozesse blieben zurück; in 60 min enden sie';
    await show({
      ...RUNNING,
      problems: [
        { where: 'x', what, fix: 'x', reason: 'left-running', action },
        {
          where: 'cluster',
          what: 'is old',
          fix: 'adopt a new one',
          action: null
        }
      ]
    });
    const group = screen.getByRole('group', { name: 'Left running' });
    expect(group.textContent).toContain(what);
    const problems = screen.getByRole('region', { name: 'Problems' });
    expect(problems.textContent).toContain('is old');
    await press('Adopt');
    expect(api.count('adopt')).toBe(1);
  });

  it('stays offered where that fails, with the reason', async () => {
    api.failures.adopt = refusal('Forbidden', 'forbidden', 403);
    await show(LEFT);
    await press('Adopt');
    expect(screen.getByRole('alert').textContent).toBe('Forbidden');
    button('Adopt');
  });
});
