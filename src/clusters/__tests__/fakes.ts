import { nullTranslator } from '@jupyterlab/translation';

import { ApiError, type IApi } from '../../api';
import type {
  IClusterInfo,
  IEngine,
  IOperation,
  IProfile,
  IRun
} from '../../wire';

export const trans = nullTranslator.load('parflow_jupyter');

export function engine(id: number, fields: Partial<IEngine> = {}): IEngine {
  return {
    id,
    pid: 100 + id,
    host: 'alpha',
    system: 'Linux',
    python: '3.11',
    launcher: 'local',
    started_here: true,
    state: 'idle',
    queued: 0,
    completed: 12,
    cpu_percent: 1.5,
    rss_bytes: 61_000_000,
    exit: null,
    ...fields
  };
}

export const STOPPED: IClusterInfo = {
  profile: 'default',
  cluster_id: '',
  state: 'stopped',
  connected: false,
  controller: null,
  engines_started_here: 0,
  engines_total: 0,
  engines: [],
  problems: []
};

export const RUNNING: IClusterInfo = {
  ...STOPPED,
  state: 'running',
  connected: true,
  controller: { started_here: true, pid: 99, host: 'alpha' },
  engines_started_here: 2,
  engines_total: 3,
  engines: [
    engine(0),
    engine(1, { state: 'busy' }),
    engine(2, { host: 'beta', started_here: false })
  ]
};

export function operation(fields: Partial<IOperation> = {}): IOperation {
  return {
    id: 'op',
    kind: 'start-engines',
    state: 'running',
    done: 0,
    total: 2,
    message: '',
    error: null,
    problems: [],
    ...fields
  };
}

export function refusal(
  message: string,
  reason: string,
  status = 400
): ApiError {
  return new ApiError(new Response('', { status }), message, reason);
}

/** A server in memory. Tests change its fields and read what it was asked. */
export class FakeApi implements IApi {
  info: IClusterInfo = STOPPED;
  current = operation();
  allProfiles: IProfile[] = [
    { name: 'default', path: '/p/default', running: true, current: true },
    { name: 'gpu', path: '/p/gpu', running: false, current: false }
  ];
  allRuns: IRun[] = [];
  /** Errors to be thrown, by method. */
  failures: Partial<Record<keyof IApi, Error>> = {};
  readonly asked: [keyof IApi, ...unknown[]][] = [];

  count(method: keyof IApi): number {
    return this.asked.filter(([name]) => name === method).length;
  }

  cluster = () => this._answer('cluster', [], () => this.info);
  startEngines = (n: number | string | null) =>
    this._answer('startEngines', [n], () => this.current);
  operation = (id: string) =>
    this._answer('operation', [id], () => this.current);
  cancelOperation = (id: string) =>
    this._answer('cancelOperation', [id], () => ({
      ...this.current,
      state: 'cancelled' as const
    }));
  profiles = () => this._answer('profiles', [], () => this.allProfiles);
  createProfile = (name: string) =>
    this._answer('createProfile', [name], () => {
      const profile = { name, path: '', running: false, current: false };
      this.allProfiles = [...this.allProfiles, profile];
      return profile;
    });
  changeProfile = (name: string, cleanup?: string) =>
    this._answer('changeProfile', [name, cleanup], () => {
      if (this.info.engines_started_here > 0 && !cleanup) {
        throw refusal('2 engines were started here.', 'cleanup-needed', 409);
      }
    });
  cleanup = (mode: 'terminate' | 'detach') =>
    this._answer('cleanup', [mode], () => ({
      mode,
      processes: [
        {
          kind: 'engine' as const,
          id: 0,
          pid: 100,
          host: 'alpha',
          outcome: 'terminated' as const
        }
      ],
      problems: []
    }));
  shutdown = () => this._answer('shutdown', [], () => this.current);
  runs = () => this._answer('runs', [], () => this.allRuns);
  stopRun = (id: string) =>
    this._answer('stopRun', [id], () => {
      this.allRuns = this.allRuns.filter(run => run.run !== id);
    });

  private async _answer<T>(
    method: keyof IApi,
    args: unknown[],
    answer: () => T
  ): Promise<T> {
    this.asked.push([method, ...args]);
    const failure = this.failures[method];
    if (failure) {
      throw failure;
    }
    return answer();
  }
}
