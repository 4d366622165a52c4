import { act, fireEvent, render, screen } from '@testing-library/react';

import { LogBody } from '../view';
import { ClustersModel } from '../../model/clusters';
import { FakeApi, refusal, trans } from '../../__tests__/fakes';

let api: FakeApi;
let model: ClustersModel;

beforeEach(() => {
  api = new FakeApi();
  model = new ClustersModel({ api, auto: false });
});

afterEach(() => model.dispose());

describe('logs', () => {
  function view(chosen: number | string, choose = jest.fn()): JSX.Element {
    return (
      <LogBody model={model} trans={trans} chosen={chosen} choose={choose} />
    );
  }

  async function read(chosen: number | string): Promise<jest.Mock> {
    const choose = jest.fn();
    await act(async () => {
      render(view(chosen, choose));
    });
    return choose;
  }

  it('are shown of a process, and others can be chosen', async () => {
    const choose = await read(1);
    const log = screen.getByRole('log', { name: 'Log of engine 1' });
    expect(log.textContent).toBe('hello\nbye');
    const select = screen.getByLabelText<HTMLSelectElement>('Process');
    expect([...select.options].map(option => option.text)).toEqual([
      'controller',
      'supervisor',
      'engine 0 (ended)',
      'engine 1 (ended)'
    ]);
    fireEvent.change(select, { target: { value: '0' } });
    expect(choose).toHaveBeenCalledWith(0);
  });

  it('are read again when asked to, with more lines', async () => {
    await read(1);
    await act(async () => {
      fireEvent.click(screen.getByRole('button', { name: 'Refresh' }));
    });
    await act(async () => {
      fireEvent.change(screen.getByLabelText('Last lines'), {
        target: { value: '1000' }
      });
    });
    expect(api.asked.filter(([name]) => name === 'logs')).toEqual([
      ['logs', 1, 100],
      ['logs', 1, 100],
      ['logs', 1, 1000]
    ]);
  });

  it('are followed until told otherwise', async () => {
    jest.useFakeTimers();
    try {
      await read(1);
      await act(() => jest.advanceTimersByTimeAsync(2000));
      expect(api.count('logs')).toBe(2);
      fireEvent.click(screen.getByLabelText('Follow'));
      await act(() => jest.advanceTimersByTimeAsync(6000));
      expect(api.count('logs')).toBe(2);
    } finally {
      jest.useRealTimers();
    }
  });

  it.each([
    [403, 'Forbidden', /not at its logs.*"parflow:logs"/],
    [404, 'There is no log of engine 9.', /^There is no log of engine 9/]
  ])('say why they can not be read: %d', async (status, message, shown) => {
    api.failures.logs = refusal(message, 'x', status);
    await read(9);
    expect(screen.getByRole('alert').textContent).toMatch(shown);
    expect(screen.queryByRole('log')).toBeNull();
  });

  it('say nothing of one that was not read yet', async () => {
    const { rerender } = render(view('supervisor'));
    screen.getByText('Reading the log…');
    await screen.findByText(/supervisor has no log/);
    rerender(view('launcher'));
    screen.getByText('Reading the log…');
    expect(screen.queryByText(/has no log/)).toBeNull();
    await screen.findByText(/launcher has no log/);
  });

  it('say where there is none', async () => {
    await read('supervisor');
    screen.getByText('supervisor has no log: it was never started here.');
  });
});
