/** What passes between a pipeline in Python and its picture here. */

export interface IPort {
  name: string;
  type: string;
  /** How many lists stand around the type. */
  depth: number;
  required?: boolean;
  default?: unknown;
}

export interface IModule {
  id: string;
  name: string;
  kind: string;
  inputs: IPort[];
  outputs: IPort[];
  parameters: Record<string, unknown>;
  card: ICard;
}

/** What a module's kind says of it; nothing here depends on which kind that is. */
export interface ICard {
  /** Shown where a person points at the name. */
  hint: string;
  badges: string[];
  /** Whether a bar shows how many of its items are done. */
  progress: boolean;
}

/** A port of a module: [module id, port name]. */
export type PortPath = [string, string];

export interface IConnection {
  from: PortPath;
  to: PortPath;
}

export interface IPipelineDocument {
  name: string;
  modules: IModule[];
  connections: IConnection[];
  layout?: Record<string, [number, number]>;
}

export type ModuleState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';

export interface IModuleState {
  state: ModuleState;
  done?: number | null;
  total?: number | null;
  message?: string;
  elapsed?: number | null;
}

export type States = Record<string, IModuleState>;

export interface IProblem {
  where: string;
  what: string;
  fix: string;
}

/** Without a value, the parameter is cleared. */
export interface ISetParameter {
  type: 'set-parameter';
  id: string;
  port: string;
  value?: unknown;
}

/** What a person asked for. Python decides whether it happens. */
export type Edit =
  | { type: 'run' }
  | { type: 'stop' }
  | { type: 'connect'; from: PortPath; to: PortPath }
  | { type: 'disconnect'; from: PortPath; to: PortPath }
  | { type: 'move'; id: string; position: [number, number] }
  | ISetParameter
  | { type: 'remove'; id: string };
