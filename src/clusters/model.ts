import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { Event } from '@jupyterlab/services';
import { Debouncer, Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError, createApi, type IApi } from '../api';
import { IClustersModel } from '../tokens';
import type {
  CleanupMode,
  ICleanupReport,
  IClusterInfo,
  IOperation,
  IProfile,
  IRun
} from '../wire';
import { OperationTracker } from './operations';

const SCHEMAS = 'https://parflow-jupyter.github.io/events/';
const CLUSTER_CHANGED = `${SCHEMAS}cluster_changed/v1`;
const OPERATION_CHANGED = `${SCHEMAS}operation_changed/v1`;
const RUN_CHANGED = `${SCHEMAS}run_changed/v1`;

/** Events come in bursts: wait this long for the last one, in milliseconds. */
const SETTLE = 150;

/** States of a run that is over. */
const FINISHED = new Set(['done', 'failed', 'cancelled', 'lost']);

/** State of the cluster: told by the server's events, checked by a poll. */
export class ClustersModel implements IClustersModel {
  constructor(options: ClustersModel.IOptions) {
    this._api = options.api;
    this._tracker = new OperationTracker(options.api);
    this._tracker.changed.connect(() => this._changed.emit());
    this._tracker.finished.connect(this._onFinished, this);
    this._settled = new Debouncer(() => this.refresh(), SETTLE);
    this._events = options.events ?? null;
    this._events?.connect(this._onEvent, this);
    this._poll = new Poll({
      auto: options.auto ?? true,
      name: 'parflow-jupyter:cluster',
      factory: () => this._load(),
      frequency: { interval: 4000, backoff: true, max: 60 * 1000 },
      standby: () => (this.isWatched ? 'when-hidden' : true)
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get operationFinished(): ISignal<this, IOperation> {
    return this._operationFinished;
  }

  get disposed(): ISignal<this, void> {
    return this._disposed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  get cluster(): IClusterInfo | null {
    return this._cluster;
  }

  get operations(): readonly IOperation[] {
    return this._tracker.running;
  }

  get runs(): readonly IRun[] | null {
    return this._runs;
  }

  get error(): Error | null {
    return this._error;
  }

  isWatched = false;

  async refresh(): Promise<void> {
    // Not through the poll, which stands by while nobody looks. What failed
    // is told by `error`.
    await this._load().catch(() => undefined);
  }

  async startEngines(n: number | string | null): Promise<IOperation> {
    return this._follow(await this._api.startEngines(n));
  }

  async cancelOperation(id: string): Promise<IOperation> {
    return this._follow(await this._api.cancelOperation(id));
  }

  operation(id: string): IOperation | undefined {
    return this._tracker.get(id);
  }

  listProfiles(): Promise<IProfile[]> {
    return this._api.profiles();
  }

  createProfile(name: string): Promise<IProfile> {
    return this._api.createProfile(name);
  }

  async changeProfile(name: string, cleanup?: CleanupMode): Promise<void> {
    await this._api.changeProfile(name, cleanup);
    await this.refresh();
  }

  async cleanup(mode: CleanupMode): Promise<ICleanupReport> {
    const report = await this._api.cleanup(mode);
    await this.refresh();
    return report;
  }

  async shutdown(): Promise<IOperation> {
    return this._follow(await this._api.shutdown());
  }

  async stopRun(id: string): Promise<void> {
    await this._api.stopRun(id);
    await this.refresh();
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._events?.disconnect(this._onEvent, this);
    this._settled.dispose();
    this._poll.dispose();
    this._tracker.dispose();
    this._disposed.emit();
    Signal.clearData(this);
  }

  private _follow(operation: IOperation): IOperation {
    this._tracker.add(operation);
    return operation;
  }

  private async _load(): Promise<void> {
    const turn = ++this._asked;
    let error: Error | null = null;
    try {
      const [cluster, runs] = await Promise.all([
        this._api.cluster(),
        this._askRuns()
      ]);
      if (turn > this._answered) {
        this._cluster = cluster;
        this._runs = runs;
      }
    } catch (reason) {
      error = reason as Error;
      // The poll backs off when its factory fails.
      throw reason;
    } finally {
      // Answers may overtake each other: the latest question counts.
      if (turn > this._answered && !this.isDisposed) {
        this._answered = turn;
        this._error = error;
        this._changed.emit();
      }
    }
  }

  private async _askRuns(): Promise<IRun[] | null> {
    if (!this._hasRuns) {
      return null;
    }
    try {
      const runs = await this._api.runs();
      return runs.filter(run => !FINISHED.has(run.state));
    } catch (error) {
      if (error instanceof ApiError && [404, 501].includes(error.status)) {
        this._hasRuns = false;
        return null;
      }
      throw error;
    }
  }

  private _onFinished(_: OperationTracker, operation: IOperation): void {
    this._operationFinished.emit(operation);
    void this.refresh();
  }

  private _onEvent(_: unknown, event: Event.Emission): void {
    switch (event.schema_id) {
      case OPERATION_CHANGED:
        this._tracker.poke(String(event.operation));
        break;
      case RUN_CHANGED:
        this._hasRuns = true;
        void this._settled.invoke().catch(() => undefined);
        break;
      case CLUSTER_CHANGED:
        void this._settled.invoke().catch(() => undefined);
        break;
    }
  }

  private readonly _api: IApi;
  private readonly _tracker: OperationTracker;
  private readonly _poll: Poll<void>;
  private readonly _settled: Debouncer<void>;
  private readonly _events: ClustersModel.Events | null;
  private _cluster: IClusterInfo | null = null;
  private _runs: IRun[] | null = null;
  private _hasRuns = true;
  private _asked = 0;
  private _answered = 0;
  private _error: Error | null = null;
  private readonly _changed = new Signal<this, void>(this);
  private readonly _disposed = new Signal<this, void>(this);
  private readonly _operationFinished = new Signal<this, IOperation>(this);
}

export namespace ClustersModel {
  export type Events = ISignal<unknown, Event.Emission>;

  export interface IOptions {
    api: IApi;
    /** The server's events, where it has them. */
    events?: Events;
    /** Whether to begin polling at once; yes unless said otherwise. */
    auto?: boolean;
  }
}

export const modelPlugin: JupyterFrontEndPlugin<IClustersModel> = {
  id: 'parflow-jupyter:model',
  description: 'Provides the state of the cluster of engines.',
  autoStart: true,
  provides: IClustersModel,
  activate: (app: JupyterFrontEnd): IClustersModel =>
    new ClustersModel({
      api: createApi(app.serviceManager.serverSettings),
      events: app.serviceManager.events.stream
    })
};
