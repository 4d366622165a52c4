import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import {
  Token,
  type ReadonlyJSONObject,
  type ReadonlyPartialJSONObject
} from '@lumino/coreutils';
import type { IObservableDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type {
  EngineAction,
  IApi,
  IClusterInfo,
  IOperation,
  IProfile,
  IRun,
  IScheme,
  ISchemeChange
} from './api/types';

/** Requests that the model passes on, and then looks at what has become of the cluster. */
type Passed =
  | 'startEngines'
  | 'startChoices'
  | 'steerEngine'
  | 'logs'
  | 'cancelOperation'
  | 'createProfile'
  | 'changeProfile'
  | 'cleanup'
  | 'shutdown'
  | 'stopRun';

/** What the front end knows of the cluster, and what it can ask of it. */
export interface IClustersModel
  extends IObservableDisposable, Pick<IApi, Passed> {
  /** Something below changed. */
  readonly changed: ISignal<IClustersModel, void>;
  /** An operation begun here ended, well or not. */
  readonly operationFinished: ISignal<IClustersModel, IOperation>;
  /** The cluster, or null before the first answer. */
  readonly cluster: IClusterInfo | null;
  /** Operations that were begun here and go on, oldest first. */
  readonly operations: readonly IOperation[];
  /** Maps and pipelines that run now; null where the server can't tell. */
  readonly runs: readonly IRun[] | null;
  /** Runs that ended, latest first. */
  readonly recentRuns: readonly IRun[];
  /** The toolbox in its order; null where the server can't tell. */
  readonly schemes: readonly IScheme[] | null;
  /** What is being done to engines now, by their id. */
  readonly steered: ReadonlyMap<number, EngineAction>;
  /** Whether the server answers; what else is told here may be out of date if not. */
  readonly isConnected: boolean;
  /** Why the last refresh failed, or null. */
  readonly error: Error | null;
  /** Whether somebody looks: unwatched, the model does not poll. */
  isWatched: boolean;

  refresh(): Promise<void>;
  /** Kernel specification of the notebook in front, or null. */
  activeKernel(): string | null;
  /** The cluster as it is now, with the owners of its engines as far as they can be told. */
  clusterWithOwners(): Promise<IClusterInfo | null>;
  /** Take over what was left running and belongs to nobody. */
  adopt(): Promise<void>;
  configureScheme(name: string, change: ISchemeChange): Promise<void>;
  /** The latest state of an operation begun here, also after its end. */
  operation(id: string): IOperation | undefined;
  listProfiles(): Promise<IProfile[]>;
}

export const IClustersModel = new Token<IClustersModel>(
  'parflow-jupyter:IClustersModel',
  'State of the cluster of engines, and requests that change it.'
);

/** A command, and what is shown where a person can give it. */
export interface IClusterAction {
  /** Command id. */
  readonly command: string;
  readonly icon: LabIcon;
  /** The accessible name, the same everywhere. */
  label(trans: TranslationBundle, args?: ReadonlyPartialJSONObject): string;
  /** One sentence on what it does. */
  caption(trans: TranslationBundle): string;
  /** JSON schema of the command's arguments. */
  readonly args: ReadonlyJSONObject;
  execute(
    model: IClustersModel,
    trans: TranslationBundle,
    args: ReadonlyPartialJSONObject
  ): Promise<void>;
}

/** The actions, in the order in which they are shown. */
export type IClusterActions = readonly IClusterAction[];

export const IClusterActions = new Token<IClusterActions>(
  'parflow-jupyter:IClusterActions',
  'The actions on the cluster that are registered as commands.'
);

/** The actions on one engine; each takes its id as the argument "engine". */
export type IEngineActions = readonly IClusterAction[];

export const IEngineActions = new Token<IEngineActions>(
  'parflow-jupyter:IEngineActions',
  'The actions on one engine that are registered as commands.'
);

export namespace CommandIDs {
  export const startEngines = 'parflow:start-engines';
  export const showInformation = 'parflow:show-information';
  export const changeProfile = 'parflow:change-profile';
  export const cleanup = 'parflow:cleanup';
  export const shutdown = 'parflow:shutdown-cluster';
  export const adopt = 'parflow:adopt';
  export const interruptEngine = 'parflow:interrupt-engine';
  export const restartEngine = 'parflow:restart-engine';
  export const stopEngine = 'parflow:stop-engine';
  export const showLog = 'parflow:show-log';
}

/** Id of the sidebar panel. */
export const PANEL_ID = 'parflow-jupyter-panel';
