import { ApiError } from '../api/errors';
import type {
  EngineAction,
  IApi,
  IClusterInfo,
  IEngine,
  ILogs,
  IOperation,
  IOwners,
  IProfile,
  IRun,
  IScheme,
  ISchemeChange,
  IStartChoices,
  IStartOptions
} from '../api/types';
import { textsOf } from '../text/translation';

export const trans = textsOf(null);

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

export function scheme(name: string, fields: Partial<IScheme> = {}): IScheme {
  return {
    name,
    enabled: true,
    workers: null,
    takes_workers: false,
    slots: 1,
    why: `${name} can`,
    ...fields
  };
}

const CHOICES: IStartChoices = {
  default: 2,
  limit: 16,
  launcher: 'local',
  launchers: [
    { name: 'local', note: '' },
    { name: 'slurm', note: 'sbatch is not on the PATH' }
  ],
  pythons: [
    { python: '/usr/bin/python3', name: 'Python 3', kernels: ['python3'] },
    { python: '/opt/bio/bin/python', name: 'Bio', kernels: ['bio'] }
  ]
};

/** A server in memory. Tests change its fields and read what it was asked. */
export class FakeApi implements IApi {
  info: IClusterInfo = STOPPED;
  current = operation();
  allProfiles: IProfile[] = [
    { name: 'default', path: '/p/default', running: true, current: true },
    { name: 'gpu', path: '/p/gpu', running: false, current: false }
  ];
  allRuns: IRun[] = [];
  allSchemes: IScheme[] = [
    scheme('ipyparallel', { slots: 0, why: 'no engines are connected' }),
    scheme('processes', { takes_workers: true, why: '2 processes' }),
    scheme('threads', { takes_workers: true }),
    scheme('serial')
  ];
  choices = CHOICES;
  allOwners: IOwners = {
    owners: [],
    adoptable: 0,
    lost_by_cleanup: 0,
    detach_refused: null
  };
  /** Logs by engine; those of controller and supervisor under null. */
  allLogs = new Map<number | null, ILogs['logs']>([
    [null, [{ process: 'controller', path: '/log/c.log', lines: ['started'] }]],
    [1, [{ process: 'engine 1', path: '/log/e.log', lines: ['hello', 'bye'] }]]
  ]);
  /** Errors to be thrown, by method. */
  failures: Partial<Record<keyof IApi, Error>> = {};
  readonly asked: [keyof IApi, ...unknown[]][] = [];

  count(method: keyof IApi): number {
    return this.asked.filter(([name]) => name === method).length;
  }

  cluster = () => this._answer('cluster', [], () => this.info);
  startChoices = () => this._answer('startChoices', [], () => this.choices);
  startEngines = (n: number | string | null, options?: IStartOptions) =>
    this._answer(
      'startEngines',
      options && Object.keys(options).length > 0 ? [n, options] : [n],
      () => this.current
    );
  steerEngine = (id: number, action: EngineAction) =>
    this._answer('steerEngine', [id, action], () => undefined);
  logs = (of: number | null, tail: number) =>
    this._answer('logs', [of, tail], () => ({
      logs: this.allLogs.get(of) ?? [],
      engines: [0, 1]
    }));
  owners = () => this._answer('owners', [], () => this.allOwners);
  adopt = () =>
    this._answer(
      'adopt',
      [],
      () => (this.info = { ...this.info, problems: [] })
    );
  schemes = () => this._answer('schemes', [], () => this.allSchemes);
  configureScheme = (name: string, change: ISchemeChange) =>
    this._answer('configureScheme', [name, change], () => {
      const { position, workers, ...kept } = change;
      const found = this.allSchemes.find(one => one.name === name) as IScheme;
      const changed = { ...found, ...kept };
      if (workers !== undefined) {
        changed.workers = Number(workers) || null;
      }
      const others = this.allSchemes.filter(one => one.name !== name);
      others.splice(position ?? this.allSchemes.indexOf(found), 0, changed);
      return (this.allSchemes = others);
    });
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
