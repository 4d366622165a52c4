import { act, fireEvent, screen, waitFor } from '@testing-library/react';

import widget, { type ITraits } from '../widget';
import { PIPELINE } from './fakes';

type Callback = (...args: unknown[]) => void;

/** A model as anywidget gives it, with a way to be Python. */
class FakeModel {
  readonly sent: unknown[] = [];
  readonly listeners = new Map<string, Set<Callback>>();
  readonly traits: ITraits = {
    document: PIPELINE,
    states: {},
    problems: [],
    running: false
  };

  get = (name: keyof ITraits) => this.traits[name];
  send = (message: unknown) => this.sent.push(message);
  on = (name: string, callback: Callback) => {
    this.listeners.set(
      name,
      (this.listeners.get(name) ?? new Set()).add(callback)
    );
  };
  off = (name: string, callback: Callback) => {
    this.listeners.get(name)?.delete(callback);
  };

  set<K extends keyof ITraits>(name: K, value: ITraits[K]): void {
    this.traits[name] = value;
    this.tell(`change:${name}`);
  }

  tell(name: string, ...args: unknown[]): void {
    act(() => this.listeners.get(name)?.forEach(callback => callback(...args)));
  }
}

describe('the widget', () => {
  let model: FakeModel;
  let el: HTMLElement;
  let cleanup: () => void;

  beforeEach(async () => {
    model = new FakeModel();
    el = document.body.appendChild(document.createElement('div'));
    await act(async () => {
      cleanup = (await widget.render({ model, el } as never)) as () => void;
    });
  });

  afterEach(() => {
    act(() => cleanup());
    el.remove();
  });

  it('shows the document, and a new one', () => {
    screen.getByText('thumbnails');
    model.set('document', { ...PIPELINE, name: 'portraits' });
    screen.getByText('portraits');
  });

  it('sends edits as messages and changes nothing itself', () => {
    fireEvent.click(
      screen.getByRole('button', { name: 'output result of thumbnail' })
    );
    fireEvent.click(
      screen.getByRole('button', { name: 'input images of montage' })
    );
    fireEvent.click(screen.getByRole('button', { name: 'Run' }));
    expect(model.sent).toEqual([
      { type: 'connect', from: ['b', 'result'], to: ['c', 'images'] },
      { type: 'run' }
    ]);
    expect(model.traits.document).toBe(PIPELINE);
  });

  it('follows states, problems and running', () => {
    model.set('states', { b: { state: 'running', done: 1, total: 2 } });
    model.set('running', true);
    model.set('problems', [{ where: 'c', what: 'is alone', fix: 'connect' }]);
    screen.getByText('1 of 2');
    screen.getByText(/is alone/);
    const run = screen.getByRole('button', { name: 'Run' });
    expect(run.getAttribute('aria-disabled')).toBe('true');
  });

  it('shows what Python refused, and nothing for other messages', () => {
    model.tell('msg:custom', { type: 'other', message: 'no' });
    expect(screen.queryByRole('alert')).toBeNull();
    model.tell('msg:custom', { type: 'refused', message: 'Types differ.' });
    expect(screen.getByRole('alert').textContent).toBe('Types differ.');
  });

  it("takes up JupyterLab's theme, also a new one", async () => {
    const mode = () => el.querySelector('.react-flow')?.className;
    expect(mode()).toContain('light');
    await act(async () => {
      document.body.dataset.jpThemeLight = 'false';
    });
    await waitFor(() => expect(mode()).toContain('dark'));
    await act(async () => {
      delete document.body.dataset.jpThemeLight;
    });
  });

  it('leaves nothing behind', () => {
    act(() => cleanup());
    expect(el.innerHTML).toBe('');
    const left = [...model.listeners.values()].map(({ size }) => size);
    expect(new Set(left)).toEqual(new Set([0]));
  });
});
