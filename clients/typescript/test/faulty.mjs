// A server that answers as it is told, for tests of what a client does about faults. The path of a request is
// `/s/ID/STEPS/...`: the first request under ID gets the first of the steps (comma-separated), and so on; the last holds for
// the rest. `/seen/ID` gives the requests that came: method, path, key, token, body, and the time in milliseconds.

import { createServer } from 'node:http';

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key',
  'access-control-expose-headers': 'x-request-id, idempotency-replayed, ratelimit, ratelimit-policy, retry-after',
};
// A client that finds a kept connection closed may send again by itself, which is not what is tested.
const HEAD = { ...CORS, connection: 'close' };
const LIMITS = { 'ratelimit-policy': '"send_dm";q=60;w=60, "pre_show";q=2;w=86400', ratelimit: '"send_dm";r=59;t=1, "pre_show";r=0;t=90' };
const SUCCESS = { success: true, request_id: 'r-1', message_id: 'm-1', results: [{ allowed: true }] };

function json(response, status, body, headers = {}) {
  response.writeHead(status, { ...HEAD, 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function problem(response, status, code, headers) {
  const body = { type: `urn:rolecall:problem:${code}`, title: code, status, detail: `It is ${code}.`, code, request_id: 'r-2' };
  json(response, status, body, { 'content-type': 'application/problem+json', ...headers });
}

const REFUSALS = { 400: 'validation_error', 403: 'permission_denied', 408: 'timeout', 409: 'conversation_exists', 422: 'idempotency_conflict', 429: 'rate_limited', 500: 'internal', 503: 'database_unavailable', 504: 'timeout' };

/** How a step answers. */
const STEPS = {
  ok: (response) => json(response, 201, SUCCESS, LIMITS),
  replayed: (response) => json(response, 201, SUCCESS, { ...LIMITS, 'idempotency-replayed': 'true' }),
  limited: (response) => problem(response, 403, 'permission_denied', LIMITS),
  health: (response) => json(response, 503, { status: 'unavailable', database: 'unreachable', version: '0.1.0' }, { 'retry-after': '1' }),
  reset: (response) => response.socket.resetAndDestroy(),
  half: (response) => {
    response.writeHead(201, { ...HEAD, 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"success":', () => response.socket.resetAndDestroy());
  },
  hang: () => {},
  html: (response) => {
    response.writeHead(200, { ...HEAD, 'content-type': 'text/html' });
    response.end('<h1>Welcome</h1>');
  },
  gateway: (response) => {
    response.writeHead(502, { ...HEAD, 'content-type': 'text/html' });
    response.end('<h1>Bad gateway</h1>');
  },
  odd: (response) => json(response, 200, { hello: 'world' }),
  lines: (response) => {
    response.writeHead(200, { ...HEAD, ...LIMITS, 'content-type': 'application/x-ndjson' });
    response.end('{"type":"profile","name":"Ada"}\n{"type":"end","lines":1}\n');
  },
  brokenlines: (response) => {
    response.writeHead(200, { ...HEAD, 'content-type': 'application/x-ndjson', 'content-length': '1000' });
    response.write('{"type":"profile","name":"Ada"}\n', () => setTimeout(() => response.socket?.resetAndDestroy(), 50));
  },
};

function answer(step, response) {
  const [name, after] = step.split('~');
  if (STEPS[name]) {
    return STEPS[name](response);
  }
  const headers = {};
  if (after === 'date') {
    // Whole seconds: at least one from now, at most two.
    headers['retry-after'] = new Date(Date.now() + 2000).toUTCString();
  } else if (after) {
    headers['retry-after'] = after;
  }
  return problem(response, Number(name), REFUSALS[name], headers);
}

/** Starts it; gives its address and what closes it. */
export async function start() {
  const seen = new Map();
  const server = createServer(async (request, response) => {
    const [, kind, id, steps = ''] = request.url.split('/');
    if (request.method === 'OPTIONS') {
      response.writeHead(204, HEAD);
      return response.end();
    }
    if (kind === 'seen') {
      return json(response, 200, seen.get(id) ?? []);
    }
    let body = '';
    for await (const piece of request) {
      body += piece;
    }
    const requests = seen.get(id) ?? [];
    seen.set(id, requests);
    const { 'idempotency-key': key = null, authorization = null } = request.headers;
    requests.push({ method: request.method, path: request.url, key, token: authorization, body, at: Date.now() });
    const all = steps.split(',');
    answer(all[Math.min(requests.length, all.length) - 1], response);
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { address: `http://127.0.0.1:${server.address().port}`, close };
}
