import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { toError } from './errors';
import type { Answer, IApi, IOperation } from './types';

const NAMESPACE = 'parflow';

/** How long an answer is waited for, in milliseconds; the server's own deadlines are shorter. */
const LOOKING = 15_000;
const CHANGING = 120_000;

/** Asks a server; each part of a path is encoded on its way. */
interface IAsk {
  get<T>(path: string[], query?: Record<string, string>): Promise<T>;
  send<T>(method: string, path: string[], body?: object): Promise<T>;
}

type EngineRoutes = 'startEngines' | 'steerEngine' | 'logs' | 'owners';

function engineRoutes({ get, send }: IAsk): Pick<IApi, EngineRoutes> {
  return {
    startEngines: (n, options) =>
      send('POST', ['cluster', 'engines'], {
        ...(n === null ? {} : { n }),
        ...options
      }),
    steerEngine: (id, action) => {
      const path = ['cluster', 'engines', String(id)];
      return action === 'stop'
        ? send('DELETE', path)
        : send('POST', [...path, action], {});
    },
    logs: (engine, tail) =>
      get(['cluster', 'logs'], {
        ...(engine === null ? {} : { engine: String(engine) }),
        tail: String(tail)
      }),
    owners: () => get(['cluster', 'owners'])
  };
}

function clusterRoutes({ get, send }: IAsk): Omit<IApi, EngineRoutes> {
  return {
    cluster: () => get(['cluster']),
    startChoices: () => get(['cluster', 'choices']),
    adopt: () => send('POST', ['cluster', 'adopt'], {}),
    operation: id => get(['operations', id]),
    // 204 is an answer too: then the operation is asked for once more.
    cancelOperation: async id =>
      (await send<IOperation | undefined>('DELETE', ['operations', id])) ??
      get<IOperation>(['operations', id]),
    profiles: async () =>
      (await get<Answer<'listProfiles'>>(['profiles'])).profiles,
    createProfile: name => send('POST', ['profiles'], { name }),
    changeProfile: (name, cleanup) =>
      send('PUT', ['profile'], cleanup ? { name, cleanup } : { name }),
    cleanup: mode => send('POST', ['cluster', 'cleanup'], { mode }),
    shutdown: () => send('POST', ['cluster', 'shutdown'], {}),
    schemes: async () =>
      (await get<Answer<'listSchemes'>>(['schemes'])).schemes,
    configureScheme: async (name, change) => {
      const body = { name, ...change };
      type Changed = Answer<'configureScheme'>;
      return (await send<Changed>('PUT', ['schemes'], body)).schemes;
    },
    runs: async () => (await get<Answer<'listRuns'>>(['runs'])).runs,
    stopRun: id => send('DELETE', ['runs', id])
  };
}

/** The API of the server that this page came from, or of `settings`. */
export function createApi(settings = ServerConnection.makeSettings()): IApi {
  const ask: IAsk = {
    get: (path, query) => request(settings, 'GET', path, undefined, query),
    send: (method, path, body) => request(settings, method, path, body)
  };
  return { ...clusterRoutes(ask), ...engineRoutes(ask) };
}

async function request<T>(
  settings: ServerConnection.ISettings,
  method: string,
  path: string[],
  body?: object,
  query: Record<string, string> = {}
): Promise<T> {
  const url =
    URLExt.join(settings.baseUrl, NAMESPACE, ...path.map(encodeURIComponent)) +
    URLExt.objectToQueryString(query);
  const patience = new AbortController();
  const timer = setTimeout(
    () => patience.abort(),
    method === 'GET' ? LOOKING : CHANGING
  );
  const init: RequestInit = { method, signal: patience.signal };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { 'Content-Type': 'application/json' };
  }
  let response: Response;
  let text: string;
  try {
    response = await ServerConnection.makeRequest(url, init, settings);
    text = await response.text();
  } catch {
    throw new ServerConnection.NetworkError(
      new TypeError(
        'The Jupyter server does not answer: check that it runs and that the network is up.'
      )
    );
  } finally {
    clearTimeout(timer);
  }
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
