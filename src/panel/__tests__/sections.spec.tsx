import { ServerConnection } from '@jupyterlab/services';
import { act, fireEvent, screen, within } from '@testing-library/react';

import type { IClusterInfo } from '../../api/types';
import type { ClustersModel } from '../../model/clusters';
import { type FakeApi, refusal, RUNNING, STOPPED } from '../../__tests__/fakes';
import {
  clear,
  button,
  press,
  setStage,
  showPanel
} from '../../__tests__/stage';

let api: FakeApi;
let model: ClustersModel;

beforeEach(() => {
  ({ api, model } = setStage());
});

afterEach(async () => {
  await clear(model);
  jest.restoreAllMocks();
});

const show = (cluster: IClusterInfo) => showPanel(api, model, cluster);

describe('schemes', () => {
  const names = () =>
    screen.getAllByRole('checkbox').map(box => box.nextSibling?.textContent);

  it('say which comes first, and why another can not', async () => {
    await show(STOPPED);
    const items = within(
      screen.getByRole('region', { name: 'Schemes' })
    ).getAllByRole('listitem');
    expect(items.map(item => item.textContent)).toEqual([
      'ipyparallelnot available: no engines are connected',
      'processesfirst choice · 2 processes',
      'threadsthreads can',
      'serialthe last resort: one item after the other'
    ]);
  });

  it('are switched at once, and back where the server refuses', async () => {
    await show(STOPPED);
    const box = screen.getByRole<HTMLInputElement>('checkbox', {
      name: 'threads'
    });
    await act(async () => fireEvent.click(box));
    expect(api.asked).toContainEqual([
      'configureScheme',
      'threads',
      { enabled: false }
    ]);
    expect(box.checked).toBe(false);
    api.failures.configureScheme = refusal('You may only look.', 'x', 403);
    await act(async () => fireEvent.click(box));
    expect(box.checked).toBe(false);
    expect(screen.getByRole('alert').textContent).toBe('You may only look.');
  });

  it('are moved, and the focus goes along', async () => {
    await show(STOPPED);
    button('Move processes down').focus();
    await press('Move processes down');
    expect(names()).toEqual(['ipyparallel', 'threads', 'processes', 'serial']);
    expect(document.activeElement).toBe(button('Move processes down'));
    // It is as far down as it goes.
    await press('Move processes down');
    expect(api.count('configureScheme')).toBe(1);
  });

  it('take a number of workers, or what was typed for the server to refuse', async () => {
    await show(STOPPED);
    const field = screen.getByLabelText<HTMLInputElement>(
      'Workers of processes'
    );
    const enter = async (value: string) => {
      await act(async () => {
        fireEvent.change(field, { target: { value } });
        fireEvent.keyDown(field, { key: 'Enter' });
      });
      await act(async () => fireEvent.keyDown(field, { key: 'Enter' }));
    };
    await enter('3');
    await enter('');
    await enter('many');
    expect(api.asked.filter(([name]) => name === 'configureScheme')).toEqual([
      ['configureScheme', 'processes', { workers: 3 }],
      ['configureScheme', 'processes', { workers: 0 }],
      ['configureScheme', 'processes', { workers: 'many' }],
      ['configureScheme', 'processes', { workers: 'many' }]
    ]);
  });
});

it('collapses runs that are over, and counts those with failures', async () => {
  const now = Date.now() / 1000;
  const run = { total: 4, done: 4, started: now - 65, finished: now - 5 };
  api.allRuns = [
    { ...run, run: 'a', label: 'squares', state: 'done', scheme: 'threads' },
    { ...run, run: 'b', label: 'risky', state: 'done', failed: 2 },
    { ...run, run: 'c', label: 'gone', state: 'lost', finished: null }
  ];
  await show(STOPPED);
  screen.getByText('No map is running.');
  const details = screen.getByText('Recent runs').closest('details');
  expect(details?.open).toBe(false);
  expect(details?.querySelector('summary')?.textContent).toBe(
    'Recent runs 3 · 1 with failures'
  );
  screen.getByText('4 of 4 · 1 min 0 s · threads');
  screen.getByText('4 of 4 · 2 failed · 1 min 0 s');
});

describe('a server that stops answering', () => {
  beforeEach(async () => {
    await show(RUNNING);
    api.failures.cluster = new ServerConnection.NetworkError(
      new TypeError('It does not answer.')
    );
    await act(() => model.refresh());
  });

  it('is told, and what was known is not told as if it were true', () => {
    expect(screen.getByRole('alert').textContent).toContain('No connection');
    screen.getByText('no connection');
    expect(screen.queryByRole('row')).toBeNull();
    expect(screen.queryByRole('button', { name: 'Stop engine 0' })).toBeNull();
    button('Start new engine processes');
  });

  it('is found again', async () => {
    delete api.failures.cluster;
    await press('Try now');
    expect(screen.queryByRole('alert')).toBeNull();
    screen.getByRole('row', { name: /^0 idle/ });
  });
});
