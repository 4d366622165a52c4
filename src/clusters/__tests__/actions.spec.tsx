import { CommandRegistry } from '@lumino/commands';
import { act, fireEvent, screen, waitFor } from '@testing-library/react';

import { CommandIDs } from '../../tokens';
import { ACTIONS } from '../actions';
import { addCommands } from '../commands';
import { ClustersModel } from '../model';
import { FakeApi, operation, refusal, RUNNING, trans } from './fakes';

describe('actions', () => {
  let api: FakeApi;
  let model: ClustersModel;
  let commands: CommandRegistry;
  let ended: Promise<unknown>;

  beforeEach(() => {
    api = new FakeApi();
    model = new ClustersModel({ api, auto: false });
    commands = new CommandRegistry();
    addCommands(commands, ACTIONS, model, trans);
  });

  afterEach(async () => {
    await act(async () => document.querySelector('dialog')?.close());
    model.dispose();
  });

  /** Execute a command and wait for its dialog. */
  async function open(command: string): Promise<HTMLElement> {
    await act(async () => {
      ended = commands.execute(command);
    });
    return screen.findByRole('dialog', { name: commands.label(command) });
  }

  async function press(name: string): Promise<void> {
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name }));
    });
  }

  async function type(label: string, value: string): Promise<void> {
    await act(async () => {
      fireEvent.change(screen.getByLabelText(label), { target: { value } });
    });
  }

  function noDialog(): void {
    expect(screen.queryByRole('dialog')).toBeNull();
  }

  it('describe their arguments and what they do', async () => {
    for (const { command } of ACTIONS) {
      expect(commands.caption(command)).not.toBe('');
      const { args } = await commands.describedBy(command);
      expect(args?.type).toBe('object');
    }
  });

  describe('start', () => {
    it('asks for one engine per core when nothing is typed', async () => {
      await open(CommandIDs.startEngines);
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
      await open(CommandIDs.startEngines);
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

  it('information shows controller and engines of all hosts', async () => {
    api.info = RUNNING;
    const dialog = await open(CommandIDs.showInformation);
    expect(dialog.textContent).toContain('PID 99 on alpha, started here');
    expect(dialog.textContent).toContain('3, of which 2 started here');
    expect(screen.getAllByRole('table')).toHaveLength(2);
    screen.getAllByRole('columnheader', { name: 'Queued' });
    await press('Close');
    noDialog();
  });

  describe('profile', () => {
    it('begins on the current one', async () => {
      await open(CommandIDs.changeProfile);
      const radio = screen.getByRole<HTMLInputElement>('radio', {
        name: /default/
      });
      expect(radio.checked).toBe(true);
      expect(document.activeElement).toBe(radio);
    });

    it('changes to the chosen one', async () => {
      await open(CommandIDs.changeProfile);
      fireEvent.click(await screen.findByLabelText(/^gpu/));
      await press('Change');
      expect(api.asked).toContainEqual(['changeProfile', 'gpu', undefined]);
      noDialog();
    });

    it.each([
      ['Terminate', 'terminate'],
      ['Leave running', 'detach']
    ])(
      'asks what becomes of started processes: %s',
      async (button, cleanup) => {
        api.info = RUNNING;
        await open(CommandIDs.changeProfile);
        fireEvent.click(await screen.findByLabelText(/^gpu/));
        await press('Change');
        screen.getByText('Started here: 2 engines and the controller.');
        await press(button);
        expect(api.asked).toContainEqual(['changeProfile', 'gpu', cleanup]);
        noDialog();
      }
    );

    it('creates one and chooses it', async () => {
      await open(CommandIDs.changeProfile);
      await type('New profile', 'night');
      await press('Create');
      const radio = screen.getByLabelText<HTMLInputElement>(/^night/);
      expect(radio.checked).toBe(true);
    });

    it("shows the server's word on a bad name", async () => {
      api.failures.createProfile = refusal("'../x' is no profile name", 'x');
      await open(CommandIDs.changeProfile);
      await type('New profile', '../x');
      await press('Create');
      expect(screen.getByRole('alert').textContent).toBe(
        "'../x' is no profile name"
      );
    });
  });

  describe('cleanup', () => {
    it('says so when nothing was started here', async () => {
      const dialog = await open(CommandIDs.cleanup);
      expect(dialog.textContent).toContain('No process was started here');
      expect(screen.queryByRole('button', { name: 'Terminate' })).toBeNull();
    });

    it.each([
      ['Terminate', 'terminate'],
      ['Leave running', 'detach']
    ])('counts, does it and shows the report: %s', async (button, mode) => {
      api.info = RUNNING;
      const dialog = await open(CommandIDs.cleanup);
      expect(dialog.textContent).toContain('2 engines and the controller');
      await press(button);
      expect(api.asked).toContainEqual(['cleanup', mode]);
      screen.getByRole('cell', { name: 'terminated' });
    });

    it('does nothing when cancelled', async () => {
      api.info = RUNNING;
      await open(CommandIDs.cleanup);
      await press('Cancel');
      expect(api.count('cleanup')).toBe(0);
      noDialog();
    });
  });

  describe('shutdown', () => {
    it('names the consequence, then asks for it', async () => {
      api.info = RUNNING;
      api.current = operation({ kind: 'shutdown' });
      const dialog = await open(CommandIDs.shutdown);
      expect(dialog.textContent).toContain(
        'This ends the controller and 3 engines of profile "default".'
      );
      expect(dialog.textContent).toContain('others may be using 1 engine');
      await press('Shut down');
      expect(api.count('shutdown')).toBe(1);
      api.current = operation({ kind: 'shutdown', state: 'done' });
      await waitFor(noDialog);
    });

    it('reports a refusal', async () => {
      api.info = RUNNING;
      api.failures.shutdown = refusal('It refused.', 'shutdown-refused', 409);
      await open(CommandIDs.shutdown);
      await press('Shut down');
      expect(screen.getByRole('alert').textContent).toBe('It refused.');
    });

    it('has nothing to do without a cluster', async () => {
      const dialog = await open(CommandIDs.shutdown);
      expect(dialog.textContent).toContain('There is nothing to shut down.');
      await press('Close');
      noDialog();
    });
  });
});
