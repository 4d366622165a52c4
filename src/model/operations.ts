import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../api/errors';
import type { IApi } from '../api/types';
import type { IOperation } from '../api/types';

/** How often a running operation is asked for, in milliseconds. */
const INTERVAL = 500;

/** Follows operations until they end. */
export class OperationTracker implements IDisposable {
  constructor(api: Pick<IApi, 'operation'>) {
    this._api = api;
    this._poll = new Poll({
      auto: false,
      name: 'parflow-jupyter:operations',
      factory: () => this._refresh(),
      frequency: { interval: INTERVAL, backoff: true },
      standby: 'never'
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get finished(): ISignal<this, IOperation> {
    return this._finished;
  }

  get running(): IOperation[] {
    return [...this._operations.values()].filter(isRunning);
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  get(id: string): IOperation | undefined {
    return this._operations.get(id);
  }

  /** Follow this operation from now on. */
  add(operation: IOperation): void {
    this._update(operation);
    if (isRunning(operation)) {
      void this._poll.start();
    }
  }

  /** Something happened to this operation: look at once, if it is one of ours. */
  poke(id: string): void {
    const known = this._operations.get(id);
    if (known && isRunning(known)) {
      void this._poll.refresh();
    }
  }

  dispose(): void {
    this._poll.dispose();
    Signal.clearData(this);
  }

  private async _refresh(): Promise<void> {
    await Promise.all(
      this.running.map(async operation => {
        const latest = await this._ask(operation);
        // A cancel may have been answered meanwhile; its end is final.
        const known = this._operations.get(operation.id);
        if (!this.isDisposed && known && isRunning(known)) {
          this._update(latest);
        }
      })
    );
    if (!this.isDisposed && this.running.length === 0) {
      void this._poll.stop();
    }
  }

  private async _ask(operation: IOperation): Promise<IOperation> {
    try {
      return await this._api.operation(operation.id);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        // The server was restarted and has forgotten it.
        const { message, reason } = error;
        return { ...operation, state: 'failed', error: { message, reason } };
      }
      throw error;
    }
  }

  private _update(operation: IOperation): void {
    const before = this._operations.get(operation.id);
    if (before && !isRunning(before)) {
      return;
    }
    this._operations.set(operation.id, operation);
    this._changed.emit();
    if (!isRunning(operation)) {
      this._finished.emit(operation);
    }
  }

  private readonly _api: Pick<IApi, 'operation'>;
  private readonly _poll: Poll<void>;
  private readonly _operations = new Map<string, IOperation>();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _finished = new Signal<this, IOperation>(this);
}

function isRunning(operation: IOperation): boolean {
  return operation.state === 'running';
}
