import type { Event } from '@jupyterlab/services';
import { Debouncer, Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { OperationTracker } from './operations';
import { Optional } from './optional';
import { withOwners } from './owners';
import { isOver, RECENT } from './runs';
import { expected } from './schemeOrder';
import { isConnectionLost } from '../api/errors';
import { CLUSTER_CHANGED, OPERATION_CHANGED, RUN_CHANGED } from '../api/events';
import type {
  CleanupMode,
  EngineAction,
  IApi,
  ICleanupReport,
  IClusterInfo,
  ILogs,
  IOperation,
  IProfile,
  IRun,
  IScheme,
  ISchemeChange,
  IStartChoices,
  IStartOptions
} from '../api/types';
import type { IClustersModel } from '../tokens';

/** Events come in bursts: wait this long for the last one, in milliseconds. */
const SETTLE = 150;

/** State of the cluster: told by the server's events, checked by a poll. */
export class ClustersModel implements IClustersModel {
  constructor(options: ClustersModel.IOptions) {
    this._api = options.api;
    this._activeKernel = options.activeKernel ?? (() => null);
    this._runs = new Optional(() => this._api.runs());
    this._schemes = new Optional(() => this._api.schemes());
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
      frequency: { interval: 4000, backoff: true, max: 8000 },
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
    return this._runs.value?.filter(run => !isOver(run)) ?? null;
  }

  get recentRuns(): readonly IRun[] {
    return (this._runs.value ?? []).filter(isOver).slice(0, RECENT);
  }

  get schemes(): readonly IScheme[] | null {
    return this._schemes.value;
  }

  get steered(): ReadonlyMap<number, EngineAction> {
    return this._steered;
  }

  get isConnected(): boolean {
    return !isConnectionLost(this._error);
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

  async startEngines(
    n: number | string | null,
    options?: IStartOptions
  ): Promise<IOperation> {
    return this._follow(await this._api.startEngines(n, options));
  }

  startChoices(): Promise<IStartChoices> {
    return this._api.startChoices();
  }

  activeKernel(): string | null {
    return this._activeKernel();
  }

  async steerEngine(id: number, action: EngineAction): Promise<void> {
    this._steered.set(id, action);
    this._changed.emit();
    try {
      await this._api.steerEngine(id, action);
    } finally {
      this._steered.delete(id);
      await this.refresh();
    }
  }

  logs(engine: number | null, tail: number): Promise<ILogs> {
    return this._api.logs(engine, tail);
  }

  async clusterWithOwners(): Promise<IClusterInfo | null> {
    // Older servers can't tell, and nothing else depends on it.
    const asked = this._api.owners().catch(() => null);
    await this.refresh();
    return this._cluster && withOwners(this._cluster, await asked);
  }

  async adopt(): Promise<void> {
    await this._api.adopt();
    await this.refresh();
  }

  async configureScheme(name: string, change: ISchemeChange): Promise<void> {
    const before = this._schemes.value ?? [];
    this._setSchemes(expected(before, name, change));
    try {
      this._setSchemes(await this._api.configureScheme(name, change));
    } catch (error) {
      this._setSchemes(before);
      throw error;
    }
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
      const [cluster, keepRuns, keepSchemes] = await Promise.all([
        this._api.cluster(),
        this._runs.ask(),
        this._schemes.ask()
      ]);
      if (turn > this._answered) {
        this._cluster = cluster;
        keepRuns();
        keepSchemes();
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

  private _setSchemes(schemes: IScheme[]): void {
    this._schemes.set(schemes);
    this._changed.emit();
  }

  private _onFinished(_: OperationTracker, operation: IOperation): void {
    this._operationFinished.emit(operation);
    void this.refresh();
  }

  private _onEvent(_: unknown, event: Event.Emission): void {
    const id = event.schema_id;
    if (id === OPERATION_CHANGED) {
      this._tracker.poke(String(event.operation));
    } else if (id === RUN_CHANGED || id === CLUSTER_CHANGED) {
      if (id === RUN_CHANGED) {
        this._runs.expect();
      }
      void this._settled.invoke().catch(() => undefined);
    }
  }

  private readonly _api: IApi;
  private readonly _tracker: OperationTracker;
  private readonly _poll: Poll<void>;
  private readonly _settled: Debouncer<void>;
  private readonly _events: ClustersModel.Events | null;
  private _cluster: IClusterInfo | null = null;
  private readonly _runs: Optional<IRun[]>;
  private readonly _schemes: Optional<IScheme[]>;
  private readonly _steered = new Map<number, EngineAction>();
  private readonly _activeKernel: () => string | null;
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
    /** Kernel specification of the notebook in front, or null. */
    activeKernel?: () => string | null;
    /** Whether to begin polling at once; yes unless said otherwise. */
    auto?: boolean;
  }
}
