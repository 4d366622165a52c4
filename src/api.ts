import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type {
  CleanupMode,
  ICleanupReport,
  IClusterInfo,
  IOperation,
  IProfile,
  IRun
} from './wire';

const NAMESPACE = 'parflow';

/** An answer of the server that says what went wrong, for people to read. */
export class ApiError extends ServerConnection.ResponseError {
  constructor(response: Response, message: string, reason: string) {
    super(response, message);
    this.reason = reason;
  }

  /** A short slug for programs, such as "cleanup-needed". */
  readonly reason: string;

  get status(): number {
    return this.response.status;
  }
}

/** The routes of the server, typed. */
export interface IApi {
  cluster(): Promise<IClusterInfo>;
  startEngines(n: number | string | null): Promise<IOperation>;
  operation(id: string): Promise<IOperation>;
  cancelOperation(id: string): Promise<IOperation>;
  profiles(): Promise<IProfile[]>;
  createProfile(name: string): Promise<IProfile>;
  changeProfile(name: string, cleanup?: CleanupMode): Promise<void>;
  cleanup(mode: CleanupMode): Promise<ICleanupReport>;
  shutdown(): Promise<IOperation>;
  runs(): Promise<IRun[]>;
  stopRun(id: string): Promise<void>;
}

/** The API of the server that this page came from, or of `settings`. */
export function createApi(settings = ServerConnection.makeSettings()): IApi {
  const get = <T>(...path: string[]) => request<T>(settings, 'GET', path);
  const send = <T>(method: string, path: string[], body?: object) =>
    request<T>(settings, method, path, body);
  return {
    cluster: () => get('cluster'),
    startEngines: n =>
      send('POST', ['cluster', 'engines'], n === null ? {} : { n }),
    operation: id => get('operations', id),
    // 204 is an answer too: then the operation is asked for once more.
    cancelOperation: async id =>
      (await send<IOperation | undefined>('DELETE', ['operations', id])) ??
      get<IOperation>('operations', id),
    profiles: async () =>
      (await get<{ profiles: IProfile[] }>('profiles')).profiles,
    createProfile: name => send('POST', ['profiles'], { name }),
    changeProfile: (name, cleanup) =>
      send('PUT', ['profile'], cleanup ? { name, cleanup } : { name }),
    cleanup: mode => send('POST', ['cluster', 'cleanup'], { mode }),
    shutdown: () => send('POST', ['cluster', 'shutdown'], {}),
    runs: async () => (await get<{ runs: IRun[] }>('runs')).runs,
    stopRun: id => send('DELETE', ['runs', id])
  };
}

async function request<T>(
  settings: ServerConnection.ISettings,
  method: string,
  path: string[],
  body?: object
): Promise<T> {
  const url = URLExt.join(
    settings.baseUrl,
    NAMESPACE,
    ...path.map(encodeURIComponent)
  );
  const init: RequestInit = { method };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { 'Content-Type': 'application/json' };
  }
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
  } catch {
    throw new ServerConnection.NetworkError(
      new TypeError(
        'The Jupyter server does not answer: check that it runs and that the network is up.'
      )
    );
  }
  const text = await response.text();
  const data = parse(text);
  if (!response.ok) {
    throw toError(response, data);
  }
  return data as T;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Turn an answer that is no success into an error to show. */
function toError(response: Response, data: unknown): ApiError {
  const { message, reason } = (data ?? {}) as {
    message?: unknown;
    reason?: unknown;
  };
  if (typeof message === 'string' && typeof reason === 'string') {
    return new ApiError(response, message, reason);
  }
  const path = new URL(response.url || 'http://localhost/').pathname;
  const hint =
    response.status === 404
      ? 'check that the server extension parflow_jupyter is enabled ("jupyter server extension list") and restart the server'
      : 'look into the log of the Jupyter server';
  return new ApiError(
    response,
    `The server answered ${response.status} ${response.statusText} to ${path}: ${hint}.`,
    response.status === 404 ? 'no-server-extension' : 'unexpected-answer'
  );
}
