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
  exit: unknown;
}

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

/** One execution of a map or pipeline, as the history tells it. */
export interface IRun {
  run: string;
  state: string;
  total: number | null;
  done: number;
  label?: string | null;
  scheme?: string | null;
  failed?: number | null;
}
