/**
 * Names for what openapi.yaml describes. The types themselves are generated.
 *
 * Names of fields are those of the wire, so they are in snake case.
 */
import type { components, operations } from './schema.gen';

type Schemas = components['schemas'];

interface IJson {
  content: { 'application/json': unknown };
}

/** What a request carries. */
type Body<Name extends keyof operations> =
  NonNullable<operations[Name]['requestBody']> extends IJson
    ? NonNullable<
        operations[Name]['requestBody']
      >['content']['application/json']
    : never;

/** What a request is answered with when all went well. */
export type Answer<Name extends keyof operations> = Extract<
  Omit<operations[Name]['responses'], 'default'>[keyof Omit<
    operations[Name]['responses'],
    'default'
  >],
  IJson
>['content']['application/json'];

export type IProblem = Schemas['Problem'];
export type ClusterState = Schemas['ClusterState'];
export type EngineState = Schemas['EngineInfo']['state'];
export type IOwners = Schemas['ClusterOwners'];
export type IStartChoices = Schemas['StartChoices'];
export type IPython = IStartChoices['pythons'][number];
export type ILog = Schemas['ProcessLog'];
export type ILogs = Answer<'getLogs'>;
export type IScheme = Schemas['Scheme'];
export type IProfile = Schemas['ProfileInfo'];
export type IOperation = Schemas['Operation'];
export type ICleanupReport = Schemas['CleanupReport'];
export type ICleanedProcess = ICleanupReport['processes'][number];
export type CleanupMode = ICleanupReport['mode'];
export type IRun = Schemas['Run'];

/** An engine, and for whom it was started once that was asked for. */
export type IEngine = Schemas['EngineInfo'] & { owner?: string };

/** A cluster, and why nothing can be left running here once that was asked for. */
export type IClusterInfo = Schemas['ClusterInfo'] & {
  engines: IEngine[];
  detach_refused?: string | null;
};

/** How engines are started; what is missing is decided by the server. */
export type IStartOptions = Omit<Body<'startEngines'>, 'n'>;

/** Numbers go as they were typed where they are none: the server's refusal names them. */
export type ISchemeChange = Omit<
  Body<'configureScheme'>,
  'name' | 'workers'
> & { workers?: number | string };

/** What can be done to one engine. */
export type EngineAction = 'interrupt' | 'restart' | 'stop';

/** The routes of the server, typed. */
export interface IApi {
  cluster(): Promise<IClusterInfo>;
  startChoices(): Promise<IStartChoices>;
  /** Ask for engines; null means one per available core. */
  startEngines(
    n: number | string | null,
    options?: IStartOptions
  ): Promise<IOperation>;
  steerEngine(id: number, action: EngineAction): Promise<void>;
  /** The ends of logs; without an engine those of controller and supervisor. */
  logs(engine: number | null, tail: number): Promise<ILogs>;
  owners(): Promise<IOwners>;
  adopt(): Promise<IClusterInfo>;
  operation(id: string): Promise<IOperation>;
  cancelOperation(id: string): Promise<IOperation>;
  profiles(): Promise<IProfile[]>;
  createProfile(name: string): Promise<IProfile>;
  changeProfile(name: string, cleanup?: CleanupMode): Promise<void>;
  cleanup(mode: CleanupMode): Promise<ICleanupReport>;
  shutdown(): Promise<IOperation>;
  schemes(): Promise<IScheme[]>;
  configureScheme(name: string, change: ISchemeChange): Promise<IScheme[]>;
  runs(): Promise<IRun[]>;
  stopRun(id: string): Promise<void>;
}
