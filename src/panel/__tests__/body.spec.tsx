import { act, fireEvent, screen, within } from '@testing-library/react';

import type { IClusterInfo } from '../../api/types';
import type { ClustersModel } from '../../model/clusters';
import { type FakeApi, refusal, RUNNING, STOPPED } from '../../__tests__/fakes';
import { setStage, showPanel } from '../../__tests__/stage';

const NAMES = [
  'Start new engine processes',
  'Show information on the cluster',
  'Change profile',
  'Cleanup started processes',
  'Request cluster shutdown'
];

describe('PanelBody', () => {
  let api: FakeApi;
  let model: ClustersModel;
  let execute: jest.Mock;

  beforeEach(() => {
    ({ api, model } = setStage());
    execute = jest.fn();
  });

  afterEach(() => model.dispose());

  const show = (cluster: IClusterInfo) =>
    showPanel(api, model, cluster, execute);

  it('has the five actions by name, in order', async () => {
    await show(STOPPED);
    const group = screen.getByRole('group', { name: 'Actions on the cluster' });
    const buttons = within(group).getAllByRole('button');
    expect(buttons.map(button => button.textContent)).toEqual(NAMES);
    NAMES.forEach(name => screen.getByRole('button', { name }));
  });

  it('executes the command of the action that was pressed', async () => {
    await show(STOPPED);
    fireEvent.click(screen.getByRole('button', { name: 'Change profile' }));
    expect(execute).toHaveBeenCalledWith('parflow:change-profile');
  });

  it('explains that there are no engines', async () => {
    await show(STOPPED);
    screen.getByText(
      'No engines yet. Start new engine processes to run maps in parallel.'
    );
    expect(screen.queryByRole('table')).toBeNull();
  });

  it('shows the engines of each host, states as words', async () => {
    await show(RUNNING);
    const rows = within(
      screen.getByRole('table', { name: /alpha/ })
    ).getAllByRole('row');
    expect(rows.map(row => row.textContent)).toEqual([
      'IDStateDoneCPUMemoryActions',
      '0○idle122 %61 MB',
      '1●busy122 %61 MB'
    ]);
    screen.getByRole('table', { name: /beta/ });
  });

  it('follows the model', async () => {
    await show(STOPPED);
    api.info = RUNNING;
    await act(() => model.refresh());
    expect(screen.getAllByRole('table')).toHaveLength(2);
    expect(screen.getByText('running')).toBeTruthy();
  });

  it('shows problems with their fix', async () => {
    await show({
      ...RUNNING,
      problems: [{ where: 'engine 1', what: 'is silent', fix: 'restart it' }]
    });
    const section = screen.getByRole('region', { name: 'Problems' });
    expect(section.textContent).toContain('engine 1: is silent');
    expect(section.textContent).toContain('restart it');
  });

  it('says why the server can not be asked', async () => {
    api.failures.cluster = refusal('No supervisor answers.', 'x', 503);
    await show(STOPPED);
    expect(screen.getByRole('alert').textContent).toBe(
      'No supervisor answers.'
    );
  });

  it('shows running maps and stops one', async () => {
    api.allRuns = [
      {
        run: 'r1',
        label: 'thumbnail',
        scheme: 'threads',
        state: 'running',
        total: 10,
        done: 4,
        failed: 1
      },
      { run: 'r2', state: 'stopping', total: null, done: 7 },
      { run: 'r3', state: 'running', total: 1000000, done: 333333 }
    ];
    await show(RUNNING);
    const bar = screen.getByRole('progressbar', {
      name: 'Progress of thumbnail'
    });
    expect(bar.getAttribute('aria-valuenow')).toBe('4');
    expect(bar.getAttribute('aria-valuemax')).toBe('10');
    screen.getByText('4 of 10 · 1 failed · threads');
    screen.getByText('7 done · stopping');
    const [done, total] = [333333, 1000000].map(n => n.toLocaleString());
    screen.getByText(`${done} of ${total}`);
    const stop = screen.getByRole<HTMLButtonElement>('button', {
      name: 'Cancel r2'
    });
    expect(stop.disabled).toBe(true);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Cancel thumbnail' }));
    });
    expect(api.asked).toContainEqual(['stopRun', 'r1']);
    expect(screen.queryByText('thumbnail')).toBeNull();
  });

  it('hides running maps where the server knows none', async () => {
    api.failures.runs = refusal('No such route.', 'no', 404);
    await show(RUNNING);
    expect(screen.queryByRole('region', { name: 'Running maps' })).toBeNull();
  });

  it('shows the progress of an operation', async () => {
    await show(STOPPED);
    await act(async () => {
      await model.startEngines(2);
    });
    screen.getByRole('progressbar', { name: '0 of 2 engines' });
  });
});
