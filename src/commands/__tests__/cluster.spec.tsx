import type { CommandRegistry } from '@lumino/commands';
import { fireEvent, screen, waitFor } from '@testing-library/react';

import { CommandIDs } from '../../tokens';
import { ACTIONS } from '..';
import type { ClustersModel } from '../../model/clusters';
import {
  engine,
  type FakeApi,
  operation,
  refusal,
  RUNNING
} from '../../__tests__/fakes';
import {
  clear,
  noDialog,
  openDialog,
  press,
  setStage,
  type
} from '../../__tests__/stage';

describe('actions', () => {
  let api: FakeApi;
  let model: ClustersModel;
  let commands: CommandRegistry;

  beforeEach(() => {
    ({ api, model, commands } = setStage());
  });

  afterEach(() => clear(model));

  const open = (command: string) => openDialog(commands, command);

  it('describe their arguments and what they do', async () => {
    for (const { command } of ACTIONS) {
      expect(commands.caption(command)).not.toBe('');
      const { args } = await commands.describedBy(command);
      expect(args?.type).toBe('object');
    }
  });

  it('information shows controller and engines of all hosts', async () => {
    api.info = RUNNING;
    const { dialog } = await open(CommandIDs.showInformation);
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

    it('loses nothing when cancelled at the question', async () => {
      api.info = RUNNING;
      await open(CommandIDs.changeProfile);
      fireEvent.click(await screen.findByLabelText(/^gpu/));
      await press('Change');
      screen.getByText(/changes from "default" to "gpu"/);
      await press('Cancel');
      noDialog();
      expect(api.count('changeProfile')).toBe(1);
      expect(api.count('cleanup')).toBe(0);
    });

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
      const { dialog } = await open(CommandIDs.cleanup);
      expect(dialog.textContent).toContain('No process was started here');
      expect(screen.queryByRole('button', { name: 'Terminate' })).toBeNull();
    });

    it.each([
      ['Terminate', 'terminate'],
      ['Leave running', 'detach']
    ])('counts, does it and shows the report: %s', async (button, mode) => {
      api.info = RUNNING;
      const { dialog } = await open(CommandIDs.cleanup);
      expect(dialog.textContent).toContain('2 engines and the controller');
      await press(button);
      expect(api.asked).toContainEqual(['cleanup', mode]);
      screen.getByRole('cell', { name: 'terminated' });
    });

    it.each([
      [null, 'With the controller, 1 engine that others started lose'],
      ['local', 'The controller stays, as 1 engine of others work there']
    ])('says what becomes of others (launcher %p)', async (launcher, fate) => {
      const owner = launcher && 'process, pid 7';
      const other = engine(2, { started_here: false, launcher });
      api.allOwners.owners = owner ? [{ engine: 2, owner }] : [];
      api.info = { ...RUNNING, engines: [engine(0), engine(1), other] };
      const { dialog } = await open(CommandIDs.cleanup);
      expect(dialog.textContent).toContain(fate);
      const whose = owner
        ? '1 for the process, pid 7'
        : '1 of unknown owner on alpha';
      expect(dialog.textContent).toContain(whose);
    });

    it('leaves nothing running where everything ends anyway', async () => {
      api.info = RUNNING;
      api.allOwners.detach_refused = 'the container ends';
      const { dialog } = await open(CommandIDs.cleanup);
      expect(dialog.textContent).toContain(
        'can not be left running here: the container ends.'
      );
      const leave = screen.getByRole<HTMLButtonElement>('button', {
        name: 'Leave running'
      });
      expect(leave.disabled).toBe(true);
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
      const { dialog } = await open(CommandIDs.shutdown);
      expect(dialog.textContent).toContain(
        'This ends the controller and 3 engines of profile "default".'
      );
      expect(dialog.textContent).toContain(
        'others may be using 1 engine: 1 of unknown owner on beta'
      );
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
      const { dialog } = await open(CommandIDs.shutdown);
      expect(dialog.textContent).toContain('There is nothing to shut down.');
      await press('Close');
      noDialog();
    });
  });
});
