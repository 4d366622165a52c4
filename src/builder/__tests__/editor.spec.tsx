import { act, fireEvent, render, screen } from '@testing-library/react';

import { PipelineEditor, type IPipelineEditorProps } from '../editor';
import { PIPELINE } from './fakes';

function editor(
  fields: Partial<IPipelineEditorProps>,
  onEdit: jest.Mock
): JSX.Element {
  return (
    <PipelineEditor
      pipeline={PIPELINE}
      states={{}}
      problems={[]}
      isRunning={false}
      refusal={null}
      colorMode="light"
      onEdit={onEdit}
      {...fields}
    />
  );
}

describe('PipelineEditor', () => {
  let onEdit: jest.Mock;

  beforeEach(() => {
    onEdit = jest.fn();
  });

  const show = (fields: Partial<IPipelineEditorProps> = {}) =>
    render(editor(fields, onEdit));
  const press = (name: string) =>
    fireEvent.click(screen.getByRole('button', { name }));

  it('shows each module with its ports and parameters', () => {
    show();
    screen.getByRole('group', { name: 'Pipeline thumbnails' });
    screen.getByText('map over path');
    screen.getByRole('button', { name: 'output result of find_images' });
    screen.getByRole('button', { name: 'input path of thumbnail' });
    const size = screen.getByLabelText<HTMLInputElement>(
      'value of size of thumbnail'
    );
    expect(size.value).toBe('64');
    expect(screen.getAllByText('list[str]')).toHaveLength(2);
  });

  it('says how an empty pipeline gets its modules', () => {
    show({ pipeline: { ...PIPELINE, modules: [], connections: [] } });
    screen.getByText('pipeline.add(function)');
  });

  it('asks for no value where one arrives by a connection', () => {
    show();
    expect(screen.queryByLabelText('value of path of thumbnail')).toBeNull();
  });

  it('connects by two clicks', () => {
    show();
    press('output result of thumbnail');
    expect(screen.getByRole('status', { name: 'Hint' }).textContent).toMatch(
      /^output result of thumbnail is chosen/
    );
    press('input images of montage');
    expect(onEdit.mock.calls).toEqual([
      [{ type: 'connect', from: ['b', 'result'], to: ['c', 'images'] }]
    ]);
    expect(screen.getByRole('status', { name: 'Hint' }).textContent).toBe('');
  });

  it('forgets the chosen output on Escape and on a second click', () => {
    show();
    press('output result of thumbnail');
    fireEvent.keyDown(
      screen.getByRole('button', { name: 'output result of thumbnail' }),
      { key: 'Escape' }
    );
    press('input images of montage');
    press('output result of thumbnail');
    press('output result of thumbnail');
    press('input images of montage');
    expect(onEdit).not.toHaveBeenCalled();
  });

  it('runs, and stops only what runs', () => {
    const { rerender } = show();
    press('Stop');
    expect(onEdit).not.toHaveBeenCalled();
    press('Run');
    expect(onEdit).toHaveBeenLastCalledWith({ type: 'run' });
    rerender(editor({ isRunning: true }, onEdit));
    press('Run');
    expect(onEdit).toHaveBeenCalledTimes(1);
    press('Stop');
    expect(onEdit).toHaveBeenLastCalledWith({ type: 'stop' });
  });

  it('sends a parameter on Enter, as a value', () => {
    show();
    const size = screen.getByLabelText('value of size of thumbnail');
    fireEvent.change(size, { target: { value: ' 32 ' } });
    fireEvent.keyDown(size, { key: 'Enter' });
    fireEvent.blur(size);
    expect(onEdit.mock.calls[0]).toEqual([
      { type: 'set-parameter', id: 'b', port: 'size', value: 32 }
    ]);
  });

  it('clears a parameter whose field was emptied', () => {
    show();
    const size = screen.getByLabelText('value of size of thumbnail');
    fireEvent.change(size, { target: { value: ' ' } });
    fireEvent.blur(size);
    expect(onEdit.mock.calls).toEqual([
      [{ type: 'set-parameter', id: 'b', port: 'size' }]
    ]);
  });

  it('sends nothing for a parameter that did not change', () => {
    show();
    const size = screen.getByLabelText<HTMLInputElement>(
      'value of size of thumbnail'
    );
    fireEvent.change(size, { target: { value: '3' } });
    fireEvent.keyDown(size, { key: 'Escape' });
    fireEvent.blur(size);
    expect(size.value).toBe('64');
    expect(onEdit).not.toHaveBeenCalled();
  });

  it('shows a refusal and puts the value back, until the next edit', () => {
    const { rerender } = show();
    const size = screen.getByLabelText<HTMLInputElement>(
      'value of size of thumbnail'
    );
    fireEvent.change(size, { target: { value: 'big' } });
    fireEvent.blur(size);
    const refusal = { message: 'size takes an int', count: 1 };
    rerender(editor({ refusal }, onEdit));
    expect(screen.getByRole('alert').textContent).toBe('size takes an int');
    expect(size.value).toBe('64');
    press('Run');
    expect(screen.queryByRole('alert')).toBeNull();
    rerender(editor({ refusal: { ...refusal, count: 2 } }, onEdit));
    screen.getByRole('alert');
  });

  it('shows states as words, and the progress of a map', () => {
    show({
      states: {
        a: { state: 'done', elapsed: 0.5 },
        b: { state: 'running', done: 3, total: 8 },
        c: { state: 'failed', message: 'ValueError: no images' }
      }
    });
    const bar = screen.getByRole('progressbar', {
      name: 'progress of thumbnail'
    });
    expect(bar.getAttribute('aria-valuenow')).toBe('3');
    expect(bar.getAttribute('aria-valuemax')).toBe('8');
    screen.getByText('3 of 8');
    screen.getByText('ValueError: no images');
    for (const state of ['done', 'running', 'failed']) {
      screen.getByText(content => content.trim().startsWith(state));
    }
  });

  it('shows a kind that it never heard of', () => {
    const card = { hint: 'pi', badges: ['constant'], progress: false };
    const [first, ...rest] = PIPELINE.modules;
    const modules = [{ ...first, kind: 'constant', card }, ...rest];
    show({ pipeline: { ...PIPELINE, modules } });
    screen.getByText('constant');
    expect(screen.getByText('find_images').title).toBe('pi');
  });

  it('lists problems', () => {
    show({
      problems: [
        { where: 'montage.images', what: 'needs a value', fix: 'connect it' }
      ]
    });
    expect(screen.getByRole('status', { name: 'Problems' }).textContent).toBe(
      'montage.images: needs a value – connect it'
    );
  });

  it('removes what is marked, by key and by button', async () => {
    const { container } = show();
    const card = container.querySelector('[data-id="c"]') as HTMLElement;
    fireEvent.click(card);
    press('Remove module');
    expect(onEdit).toHaveBeenLastCalledWith({ type: 'remove', id: 'c' });
    onEdit.mockClear();
    await act(async () => {
      fireEvent.keyDown(document, { key: 'Delete', code: 'Delete' });
    });
    expect(onEdit).toHaveBeenLastCalledWith({ type: 'remove', id: 'c' });
    // It stands until Python takes it away.
    screen.getByText('montage');
  });

  it('keeps its keys and its menu from JupyterLab', () => {
    const outside = jest.fn();
    document.body.addEventListener('contextmenu', outside);
    show();
    const run = screen.getByRole('button', { name: 'Run' });
    act(() => run.focus());
    expect(run.getAttribute('data-lm-suppress-shortcuts')).toBe('true');
    fireEvent.contextMenu(run);
    document.body.removeEventListener('contextmenu', outside);
    expect(outside).not.toHaveBeenCalled();
  });
});
