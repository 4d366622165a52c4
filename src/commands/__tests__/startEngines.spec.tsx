import type { CommandRegistry } from '@lumino/commands';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';

import { CommandIDs } from '../../tokens';
import type { ClustersModel } from '../../model/clusters';
import { type FakeApi, operation, refusal } from '../../__tests__/fakes';
import {
  clear,
  noDialog,
  openDialog,
  press,
  setStage,
  type
} from '../../__tests__/stage';

describe('start', () => {
  let api: FakeApi;
  let model: ClustersModel;
  let commands: CommandRegistry;

  beforeEach(() => {
    ({ api, model, commands } = setStage());
  });

  afterEach(() => clear(model));

  const open = (command: string) => openDialog(commands, command);

  it('asks for one engine per core when nothing is typed', async () => {
    await open(CommandIDs.startEngines);
    await press('Start');
    expect(api.asked).toContainEqual(['startEngines', null]);
  });

  it('offers the Python of the notebook in front first', async () => {
    model.dispose();
    ({ api, model, commands } = setStage({ activeKernel: () => 'bio' }));
    await open(CommandIDs.startEngines);
    const python = screen.getByLabelText<HTMLSelectElement>('Python');
    expect([...python.options].map(option => option.text)).toEqual([
      'Bio, of the notebook in front',
      'Python 3'
    ]);
    screen.getByText('/opt/bio/bin/python');
    await press('Start');
    expect(api.asked).toContainEqual([
      'startEngines',
      null,
      { python: '/opt/bio/bin/python' }
    ]);
  });

  it('starts by the launcher that was chosen, and says what it lacks', async () => {
    await open(CommandIDs.startEngines);
    await act(async () => {
      fireEvent.change(screen.getByLabelText('Launcher'), {
        target: { value: 'slurm' }
      });
    });
    screen.getByText('sbatch is not on the PATH');
    await press('Start');
    expect(api.asked).toContainEqual([
      'startEngines',
      null,
      { launcher: 'slurm' }
    ]);
  });

  it('starts also where the choices can not be read', async () => {
    api.failures.startChoices = refusal('No such route.', 'no', 404);
    await open(CommandIDs.startEngines);
    expect(screen.getAllByText('No such route.')).toHaveLength(2);
    await press('Start');
    expect(api.asked).toContainEqual(['startEngines', null]);
  });

  it('starts without a dialog when told how many', async () => {
    await commands.execute(CommandIDs.startEngines, { n: 3 });
    expect(api.asked).toContainEqual(['startEngines', 3]);
    noDialog();
  });

  it.each([
    ['0', 0],
    ['-1', -1],
    ['10000', 10000],
    ['two', 'two'],
    ['1.5', 1.5]
  ])('shows what the server says to %p, and stays', async (text, n) => {
    const message = `Can't start ${text} engines: give a whole number.`;
    api.failures.startEngines = refusal(message, 'invalid-engine-count');
    await open(CommandIDs.startEngines);
    await type('Number of engines', text);
    await press('Start');
    expect(api.asked).toContainEqual(['startEngines', n]);
    expect(screen.getByRole('alert').textContent).toBe(message);
    screen.getByLabelText('Number of engines');
  });

  it('shows how many engines are there, then closes', async () => {
    const { ended } = await open(CommandIDs.startEngines);
    await press('Start');
    api.current = operation({ done: 1 });
    await screen.findByRole('progressbar', { name: '1 of 2 engines' });
    api.current = operation({ done: 2, state: 'done' });
    await waitFor(noDialog);
    await ended;
  });

  it('tells why no engine came', async () => {
    await open(CommandIDs.startEngines);
    await press('Start');
    api.current = operation({
      state: 'failed',
      error: { message: 'No engine came up: see the log.', reason: 'x' }
    });
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toBe('No engine came up: see the log.');
    await press('Close');
    noDialog();
  });

  it('can be cancelled', async () => {
    await open(CommandIDs.startEngines);
    await press('Start');
    await press('Cancel start');
    expect(api.asked).toContainEqual(['cancelOperation', 'op']);
    await waitFor(noDialog);
  });
});
