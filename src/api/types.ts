/**
 * The JSON that the server sends, as TypeScript types.
 *
 * Names are those of the wire, so they are in snake case.
 */

export type ClusterState =
  'stopped' | 'starting' | 'running' | 'stopping' | 'failed';

export type EngineState =
  'starting' | 'idle' | 'busy' | 'unresponsive' | 'dead' | 'unknown';

/** One finding of a check: where, what, how to fix it. */
export interface IProblem {
  where: string;
  what: string;
  fix: string;
}

export interface IController {
  started_here: boolean;
  pid: number | null;
  host: string | null;
}

export interface IEngine {
  id: number | null;
  pid: number | null;
  host: string | null;
  system: string | null;
  python: string | null;
  launcher: string | null;
  started_here: boolean;
  state: EngineState;
  queued: number | null;
  completed: number | null;
  cpu_percent: number | null;
  rss_bytes: number | null;
  exit: IExit | null;
  /** For whom it was started, once that was asked for; missing where nobody is known. */
  owner?: string;
}

/** How an engine ended. */
export interface IExit {
  code?: number | null;
  signal?: string | null;
  meaning?: string;
}

/** What can be done to one engine. */
export type EngineAction = 'interrupt' | 'restart' | 'stop';

export interface IClusterInfo {
  profile: string;
  cluster_id: string;
  state: ClusterState;
  connected: boolean;
  controller: IController | null;
  engines_started_here: number;
  engines_total: number;
  engines: IEngine[];
  problems: IProblem[];
  /** Why nothing can be left running here, once that was asked for; null where it can. */
  detach_refused?: string | null;
}

/** For whom engines were started; those of which nobody is known are missing. */
export interface IOwners {
  owners: { engine: number; owner: string }[];
  adoptable: number;
  detach_refused: string | null;
}

/** How engines are started; what is missing is decided by the server. */
export interface IStartOptions {
  launcher?: string;
  python?: string;
}

export interface ILauncher {
  name: string;
  /** What it seems to lack on this host, or empty. */
  note: string;
}

export interface IPython {
  python: string;
  name: string;
  /** Names of the kernel specifications that run it. */
  kernels: string[];
}

export interface IStartChoices {
  default: number;
  limit: number;
  launcher: string;
  launchers: ILauncher[];
  pythons: IPython[];
}

/** The end of one process's log. */
export interface ILog {
  process: string;
  path: string;
  lines: string[];
}

export interface ILogs {
  logs: ILog[];
  /** Engines that have a log, also ended ones. */
  engines: number[];
}

/** One scheme of the toolbox. */
export interface IScheme {
  name: string;
  enabled: boolean;
  /** Null for automatic. */
  workers: number | null;
  takes_workers: boolean;
  /** How many it has now; with 0 it can't run. */
  slots: number;
  why: string;
}

export interface ISchemeChange {
  enabled?: boolean;
  /** 0 for automatic. */
  workers?: number | string;
  position?: number;
}

export interface IProfile {
  name: string;
  path: string;
  running: boolean;
  current: boolean;
}

export type OperationState = 'running' | 'done' | 'failed' | 'cancelled';

export interface IFailure {
  message: string;
  reason: string;
}

export interface IOperation {
  id: string;
  kind: 'start-engines' | 'shutdown';
  state: OperationState;
  done: number;
  total: number;
  message: string;
  error: IFailure | null;
  problems: IProblem[];
}

export type CleanupMode = 'terminate' | 'detach';

export interface ICleanedProcess {
  kind: 'controller' | 'engine';
  id: number | null;
  pid: number | null;
  host: string | null;
  outcome: 'terminated' | 'killed' | 'left running' | 'already gone';
}

export interface ICleanupReport {
  mode: CleanupMode;
  processes: ICleanedProcess[];
  problems: IProblem[];
}

/** One execution of a map or pipeline, as the history tells it; the rest may be missing. */
export interface IRun {
  run: string;
  state: string;
  total: number | null;
  done: number;
  label?: string | null;
  scheme?: string | null;
  /** Why this scheme was taken. */
  reason?: string | null;
  failed?: number | null;
  /** Seconds since 1970. */
  started?: number | null;
  finished?: number | null;
  notebook?: string | null;
}
