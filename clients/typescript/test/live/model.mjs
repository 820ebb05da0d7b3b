// The endpoints that live and outbox stand on, as a model in memory, for tests of what the client does about faults that a real
// server cannot be made to have. It has direct conversations only. tests/e2e runs the same client against the real server.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key',
  'access-control-expose-headers': 'retry-after, ratelimit, ratelimit-policy',
};

/** Starts it over a broker; events are published as a relay does it, unless they are told to get lost. */
export async function start(broker) {
  const conversations = new Map();
  let clock = 1;
  let events = 0;
  const seen = [];
  const model = {
    /** Where clients are sent for their socket. */
    socketUrl: broker.url,
    tokenSeconds: 900,
    /** What happens to a request instead: `(name, body) => {status, ...}`, `'reset'`, `'reset after'`, or undefined. */
    fault: () => undefined,
    /** Whether an event gets lost: `(event, user) => boolean`. */
    loses: () => false,
    seen,
    conversations,
    help: [],
    threads: [],
    gone: [],
  };

  const shown = ({ id, seq, sender_id, content, created_at, deleted }) =>
    ({ id, seq, sender_id, content: deleted ? null : content, created_at, show_id: null, deleted });
  const card = (one, user) => ({
    id: one.id,
    kind: 'direct',
    version: 'v2',
    with: { id: one.people.find((person) => person !== user), display_name: null, role: null },
    last_message: one.messages.length > 0 ? shown(one.messages.at(-1)) : null,
    last_seq: one.messages.length,
    revision: one.revision,
  });

  async function publish(one, type, message) {
    events += 1;
    const event = { v: 1, type, id: `${events}.1`, at: new Date().toISOString(), domain: 'conversations', conversation_id: one.id };
    for (const person of one.people) {
      const told = { ...event, seq: message.seq, revision: message.revision || null, message: shown(message) };
      if (!model.loses(told, person)) {
        await broker.publish(person, told);
      }
    }
  }

  /** The conversation of two people. */
  model.between = (one, other) => {
    const found = [...conversations.values()].find(({ people }) => people.includes(one) && people.includes(other));
    if (found !== undefined) {
      return found;
    }
    const made = { id: randomUUID(), people: [one, other], messages: [], revision: 0, changed: (clock += 1) };
    conversations.set(made.id, made);
    return made;
  };
  model.write = async (one, sender_id, content, id = randomUUID()) => {
    const message = { id, seq: one.messages.length + 1, sender_id, content, created_at: new Date().toISOString(), deleted: null, revision: 0 };
    one.messages.push(message);
    one.changed = clock += 1;
    await publish(one, 'message.created', message);
    return message;
  };
  model.remove = async (one, seq) => {
    const message = one.messages[seq - 1];
    one.revision += 1;
    Object.assign(message, { deleted: { by: 'author', at: new Date().toISOString() }, revision: one.revision });
    one.changed = clock += 1;
    await publish(one, 'message.changed', message);
  };
  model.publish = (user, event) => broker.publish(user, { v: 1, at: new Date().toISOString(), ...event });

  const refusal = (status, code, more = {}) =>
    ({ status, type: `urn:rolecall:problem:${code}`, title: code, detail: `It is ${code}.`, code, request_id: 'r', ...more });

  async function item(user, { recipient_id, conversation_id, content, message_id }) {
    if (content.startsWith('refuse')) {
      return refusal(403, 'permission_denied', { reasons: [{ code: 'a_rule', message: 'No.', allowed_if: 'it were' }] });
    }
    const one = conversation_id === undefined ? model.between(user, recipient_id) : conversations.get(conversation_id);
    const known = one.messages.find(({ id }) => id === message_id);
    const message = known ?? (await model.write(one, user, content, message_id));
    const { seq, created_at } = message;
    return { status: 201, success: true, message_id: message.id, conversation_id: one.id, seq, created_at, ...(known && { replayed: true }) };
  }

  const HANDLERS = {
    token: (user) => {
      const now = Date.now();
      const ends = Math.floor(now / 1000) + model.tokenSeconds;
      return {
        url: model.socketUrl,
        token: broker.tokenOf(user, ends),
        subject: `user.${user}.>`,
        expires_at: new Date(ends * 1000).toISOString(),
        server_time: new Date(now).toISOString(),
      };
    },
    sync: (user, { cursor = '1', limit = 50, have = [] }) => {
      const [epoch, since = '0', offset = '0', horizon = String(clock)] = `${cursor}`.split('.');
      if (epoch !== (model.epoch ?? '1')) {
        throw refusal(410, 'cursor_expired');
      }
      const mine = [...conversations.values()].filter(({ people, changed }) => people.includes(user) && changed >= Number(since));
      const page = mine.slice(Number(offset), Number(offset) + limit);
      const more = Number(offset) + limit < mine.length;
      return {
        cursor: more ? `${epoch}.${since}.${Number(offset) + limit}.${horizon}` : `${epoch}.${horizon}`,
        more,
        conversations: page.map((one) => card(one, user)),
        catch_up: mine.flatMap((one) => {
          const from = have.find(({ conversation_id }) => conversation_id === one.id);
          if (from === undefined) {
            return [];
          }
          const messages = one.messages.filter(({ seq }) => seq > from.seq);
          const changed = changes(one, from.revision);
          const limited = messages.length > 5 || changed.length > 5;
          const seq = messages.length > 5 ? messages[4].seq : one.messages.length;
          const revision = changed.length > 5 ? changed[4].revision : one.revision;
          return [{ conversation_id: one.id, messages: messages.slice(0, 5).map(shown), changed: changed.slice(0, 5).map(shown), seq, revision, limited }];
        }),
        help_conversations: model.help.map(({ id, messages }) => ({ id, last_message: messages.at(-1) ?? null })),
        threads: model.threads.map(({ id }) => ({ id })),
        gone: model.gone,
      };
    },
    messages: (user, _, id, query) => {
      const one = conversations.get(id);
      const limit = Math.min(7, Number(query.get('limit') ?? 50));
      const all = one.messages.filter(({ seq }) => seq > Number(query.get('since_seq') ?? 0));
      const messages = all.slice(0, limit).map(shown);
      return { conversation: card(one, user), messages, has_more_before: false, has_more_after: all.length > limit, revision: one.revision };
    },
    changes: (user, _, id, query) => {
      const one = conversations.get(id);
      const all = changes(one, Number(query.get('since_revision')));
      const page = all.slice(0, 7);
      const more = all.length > 7;
      return { messages: page.map(shown), conversation: card(one, user), marks: [], revision: more ? page.at(-1).revision : one.revision, more };
    },
    help: (_user, _, id, query) => {
      const { messages } = model.help.find((one) => one.id === id);
      const since = messages.findIndex((message) => message.id === query.get('since'));
      if (since < 0) {
        throw refusal(404, 'not_found');
      }
      return { conversation: { id }, messages: messages.slice(since + 1, since + 4), has_more: messages.length > since + 4 };
    },
    threads: (_user, _, id, query) => {
      const { messages } = model.threads.find((one) => one.id === id);
      const page = messages.filter(({ seq }) => seq > Number(query.get('since_seq')));
      return { thread: { id }, messages: page.slice(0, 3), has_more_before: false, has_more_after: page.length > 3 };
    },
    'send-dm': async (user, items) => {
      const results = [];
      for (const one of items) {
        results.push(model.outcome?.(one) ?? (await item(user, one)));
      }
      return { results };
    },
  };
  const changes = (one, since) => one.messages.filter(({ revision }) => revision > since).sort((a, b) => a.revision - b.revision);
  const NAMES = [
    [/^\/functions\/v1\/realtime\/token$/, 'token'],
    [/^\/functions\/v1\/sync$/, 'sync'],
    [/^\/functions\/v1\/conversations\/([^/]+)\/messages$/, 'messages'],
    [/^\/functions\/v1\/conversations\/([^/]+)\/changes$/, 'changes'],
    [/^\/functions\/v1\/send-dm$/, 'send-dm'],
    [/^\/functions\/v1\/help-conversations\/([^/]+)$/, 'help'],
    [/^\/functions\/v1\/threads\/([^/]+)\/messages$/, 'threads'],
  ];

  const server = createServer(async (request, response) => {
    if (request.method === 'OPTIONS') {
      response.writeHead(204, CORS);
      return response.end();
    }
    const url = new URL(request.url, 'http://model');
    const [pattern, name] = NAMES.find(([one]) => one.test(url.pathname)) ?? [];
    let text = '';
    for await (const piece of request) {
      text += piece;
    }
    const body = text === '' ? {} : JSON.parse(text);
    const user = request.headers.authorization?.replace('Bearer ', '');
    const say = (status, what, headers = {}) => {
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { ...CORS, connection: 'close', 'content-type': type, ...headers });
      response.end(JSON.stringify(what));
    };
    seen.push({ name, user, body, at: Date.now() });
    const fault = model.fault(name, body, user);
    if (fault === 'reset') {
      return response.socket.resetAndDestroy();
    }
    if (fault !== undefined && fault !== 'reset after') {
      const { headers, ...problem } = fault;
      return say(problem.status, refusal(problem.status, problem.code, problem), headers);
    }
    try {
      const answer = await HANDLERS[name](user, body, pattern.exec(url.pathname)[1], url.searchParams);
      if (fault === 'reset after') {
        return response.socket.resetAndDestroy();
      }
      say(200, { success: true, request_id: 'r', ...answer }, model.headers?.(name) ?? {});
    } catch (problem) {
      say(problem.status ?? 500, problem.status ? problem : refusal(500, 'internal', { detail: String(problem.stack) }));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  model.host = `127.0.0.1:${server.address().port}`;
  model.address = `http://${model.host}`;
  model.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return model;
}
