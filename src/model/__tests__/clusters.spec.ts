import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { waitFor } from '@testing-library/react';

import type { IOperation } from '../../api/types';
import { ClustersModel } from '../clusters';
import { FakeApi, operation, refusal, RUNNING } from '../../__tests__/fakes';

const SCHEMAS = 'https://parflow-jupyter.github.io/events/';

describe('ClustersModel', () => {
  let api: FakeApi;
  let model: ClustersModel;
  let events: Signal<object, Event.Emission>;

  beforeEach(() => {
    api = new FakeApi();
    events = new Signal<object, Event.Emission>({});
    model = new ClustersModel({ api, events, auto: false });
  });

  afterEach(() => model.dispose());

  it('knows nothing before the first answer', () => {
    expect([model.cluster, model.runs, model.error]).toEqual([
      null,
      null,
      null
    ]);
  });

  it('tells what the server told', async () => {
    api.info = RUNNING;
    const changed = jest.fn();
    model.changed.connect(changed);
    await model.refresh();
    expect(model.cluster).toEqual(RUNNING);
    expect(changed).toHaveBeenCalledTimes(1);
  });

  it('keeps what it knew when the server fails, and says why', async () => {
    await model.refresh();
    api.failures.cluster = refusal('No supervisor.', 'unreachable', 503);
    await model.refresh();
    expect(model.cluster).toEqual(api.info);
    expect(model.error?.message).toBe('No supervisor.');
    delete api.failures.cluster;
    await model.refresh();
    expect(model.error).toBeNull();
  });

  it('lets no late answer replace a newer one', async () => {
    const late = api.info;
    let release = () => {};
    const gate = new Promise<void>(resolve => (release = resolve));
    const answer = api.cluster;
    api.cluster = async () => {
      await gate;
      return late;
    };
    const first = model.refresh();
    api.cluster = answer;
    api.info = RUNNING;
    await model.refresh();
    release();
    await first;
    expect(model.cluster).toEqual(RUNNING);
  });

  it('shows only runs that go on', async () => {
    const run = { label: 'x', total: 3, done: 1 };
    api.allRuns = [
      { ...run, run: 'a', state: 'running' },
      { ...run, run: 'b', state: 'done' },
      { ...run, run: 'c', state: 'cancelled' }
    ];
    await model.refresh();
    expect(model.runs?.map(({ run }) => run)).toEqual(['a']);
  });

  it.each([404, 501])(
    'does without runs where the server answers %d',
    async status => {
      api.failures.runs = refusal('No such route.', 'no', status);
      await model.refresh();
      await model.refresh();
      expect(model.runs).toBeNull();
      expect(model.error).toBeNull();
      expect(api.count('runs')).toBe(1);
    }
  );

  it('asks again when a cluster changed, once for a burst', async () => {
    for (let i = 0; i < 5; i++) {
      events.emit({ schema_id: `${SCHEMAS}cluster_changed/v1` });
    }
    await waitFor(() => expect(api.count('cluster')).toBe(1));
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(api.count('cluster')).toBe(1);
  });

  it('ignores events of others', async () => {
    events.emit({ schema_id: 'https://example.org/other/v1' });
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(api.asked).toEqual([]);
  });

  it('follows an operation to its end, then asks for the cluster', async () => {
    const finished: IOperation[] = [];
    model.operationFinished.connect((_, ended) => finished.push(ended));
    await model.startEngines(2);
    expect(model.operations.map(({ done }) => done)).toEqual([0]);
    api.current = operation({ done: 1 });
    await waitFor(() => expect(model.operation('op')?.done).toBe(1));
    api.current = operation({ state: 'done', done: 2 });
    events.emit({
      schema_id: `${SCHEMAS}operation_changed/v1`,
      operation: 'op'
    });
    await waitFor(() => expect(finished).toHaveLength(1));
    expect(model.operations).toEqual([]);
    expect(model.operation('op')?.state).toBe('done');
    await waitFor(() => expect(api.count('cluster')).toBe(1));
  });

  it('asks no more about an operation that ended', async () => {
    await model.startEngines(2);
    api.current = operation({ state: 'done' });
    await waitFor(() => expect(model.operations).toEqual([]));
    const asked = api.count('operation');
    await new Promise(resolve => setTimeout(resolve, 700));
    expect(api.count('operation')).toBe(asked);
  });

  it('takes an operation that the server forgot as failed', async () => {
    await model.startEngines(2);
    api.failures.operation = refusal('No operation op.', 'not-found', 404);
    await waitFor(() => expect(model.operation('op')?.state).toBe('failed'));
    expect(model.operation('op')?.error?.message).toBe('No operation op.');
  });

  it('keeps asking when an answer fails in between', async () => {
    await model.startEngines(2);
    api.failures.operation = refusal('Busy.', 'busy', 503);
    await waitFor(() => expect(api.count('operation')).toBeGreaterThan(0));
    expect(model.operations).toHaveLength(1);
    delete api.failures.operation;
    api.current = operation({ state: 'done' });
    await waitFor(() => expect(model.operations).toEqual([]), {
      timeout: 4000
    });
  });

  it('cancels an operation', async () => {
    await model.startEngines(2);
    await model.cancelOperation('op');
    expect(model.operation('op')?.state).toBe('cancelled');
  });

  it('polls only while somebody looks', async () => {
    model.dispose();
    model = new ClustersModel({ api });
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(api.count('cluster')).toBe(0);
    model.dispose();
    model = new ClustersModel({ api });
    model.isWatched = true;
    await waitFor(() => expect(api.count('cluster')).toBe(1));
  });

  it('listens no more once disposed', async () => {
    model.dispose();
    events.emit({ schema_id: `${SCHEMAS}cluster_changed/v1` });
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(api.asked).toEqual([]);
    expect(model.isDisposed).toBe(true);
  });
});
