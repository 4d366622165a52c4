import { ServerConnection } from '@jupyterlab/services';

import { createApi } from '../client';
import { ApiError } from '../errors';

interface IRequest {
  url: string;
  method: string;
  body: unknown;
}

/** Node's requests know no signal of jsdom. */
class Unabortable extends Request {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    super(input, { ...init, signal: undefined });
  }
}

/** An API on a server that always gives this answer, and what it was asked. */
function apiWith(body: string, status = 200) {
  const asked: IRequest[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://here/base/',
    Request: Unabortable,
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const request = new Request(input, init);
      const text = await request.text();
      asked.push({
        // Jupyter appends the time, to get around caches.
        url: request.url.replace(/\?\d+$/, ''),
        method: request.method,
        body: text ? JSON.parse(text) : undefined
      });
      return new Response(status === 204 ? null : body, { status });
    }
  });
  return { api: createApi(settings), asked };
}

const CLUSTER = 'http://here/base/parflow/cluster';

describe('createApi', () => {
  it.each([
    [null, {}],
    [2, { n: 2 }],
    ['two', { n: 'two' }]
  ])('sends %p engines as %p', async (n, body) => {
    const { api, asked } = apiWith('{}', 202);
    await api.startEngines(n);
    expect(asked[0]).toMatchObject({
      url: `${CLUSTER}/engines`,
      method: 'POST',
      body
    });
  });

  it('leaves no id its way out of the path', async () => {
    const { api, asked } = apiWith('{}');
    await api.operation('../a b?c');
    await api.stopRun('x/y');
    expect(asked.map(request => request.url)).toEqual([
      'http://here/base/parflow/operations/..%2Fa%20b%3Fc',
      'http://here/base/parflow/runs/x%2Fy'
    ]);
    expect(asked[1].method).toBe('DELETE');
  });

  it('unwraps lists', async () => {
    const { api } = apiWith('{"runs": [{"run": "a"}]}');
    expect(await api.runs()).toEqual([{ run: 'a' }]);
  });

  it('names the cleanup only where it was chosen', async () => {
    const { api, asked } = apiWith('{}');
    await api.changeProfile('gpu');
    await api.changeProfile('gpu', 'detach');
    expect(asked.map(request => request.body)).toEqual([
      { name: 'gpu' },
      { name: 'gpu', cleanup: 'detach' }
    ]);
  });

  it("carries the server's message and reason in the error", async () => {
    const { api } = apiWith(
      '{"message": "Say what becomes of them.", "reason": "cleanup-needed"}',
      409
    );
    const error = await api.changeProfile('gpu').catch(reason => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toBeInstanceOf(ServerConnection.ResponseError);
    expect(error.message).toBe('Say what becomes of them.');
    expect(error.reason).toBe('cleanup-needed');
    expect(error.status).toBe(409);
  });

  it('explains a missing server extension', async () => {
    const { api } = apiWith('<html>Not Found</html>', 404);
    await expect(api.cluster()).rejects.toThrow(
      /404.*parflow_jupyter is enabled/
    );
  });

  it('explains an answer that is no JSON', async () => {
    const { api } = apiWith('<html>Oops</html>', 500);
    await expect(api.cluster()).rejects.toThrow(/500.*log of the Jupyter/);
  });

  it('tells a lost connection from an answer', async () => {
    const settings = ServerConnection.makeSettings({
      fetch: () => Promise.reject(new TypeError('Failed to fetch'))
    });
    const error = await createApi(settings)
      .cluster()
      .catch(reason => reason);
    expect(error).toBeInstanceOf(ServerConnection.NetworkError);
    expect(error.message).toMatch(/^The Jupyter server does not answer/);
  });
});
