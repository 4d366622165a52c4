import type { Kernel } from '@jupyterlab/services';
import { act, fireEvent, render, screen } from '@testing-library/react';

import { StartButton } from '../startButton';
import { trans } from '../../__tests__/fakes';

/** A comm whose kernel's side is played by the test. */
class FakeComm {
  onMsg: (message: object) => void = () => {};
  onClose: () => void = () => {};
  open = jest.fn(() => ({ done: Promise.resolve() }));
  dispose = jest.fn();

  tell(data: object): void {
    act(() => this.onMsg({ content: { data } }));
  }
}

function show(comm: FakeComm | null): HTMLElement {
  const kernel = comm && { createComm: () => comm };
  render(
    <StartButton
      kernel={() => kernel as unknown as Kernel.IKernelConnection}
      trans={trans}
    />
  );
  return screen.getByRole('button', { name: 'Start engines' });
}

async function press(button: HTMLElement): Promise<void> {
  await act(async () => {
    fireEvent.click(button);
  });
}

const status = () => screen.getByRole('status').textContent;

describe('StartButton', () => {
  it('follows the start to its end', async () => {
    const comm = new FakeComm();
    const button = show(comm);
    expect(status()).toBe('No engines are connected. Start one per core?');
    await press(button);
    expect(status()).toBe('Waiting for the kernel…');
    comm.tell({ state: 'running', done: 1, total: 2 });
    screen.getByRole('progressbar', { name: '1 of 2 engines' });
    comm.tell({ state: 'done', engines: 2 });
    act(() => comm.onClose());
    expect(status()).toBe('2 engines started. Run the cell again.');
    expect(screen.queryByRole('button')).toBeNull();
  });

  it('says what failed, and can be pressed again', async () => {
    const comm = new FakeComm();
    const button = show(comm);
    await press(button);
    comm.tell({ state: 'failed', message: 'Not one engine came up.' });
    act(() => comm.onClose());
    expect(screen.getByRole('alert').textContent).toBe(
      'Not one engine came up.'
    );
    await press(button);
    expect(comm.open).toHaveBeenCalledTimes(2);
  });

  it('says what to do after the kernel was started anew', async () => {
    const comm = new FakeComm();
    await press(show(comm));
    act(() => comm.onClose());
    expect(screen.getByRole('alert').textContent).toContain(
      'run the cell again'
    );
  });

  it('says what to do without a kernel', async () => {
    await press(show(null));
    expect(screen.getByRole('alert').textContent).toContain('no kernel');
  });
});
