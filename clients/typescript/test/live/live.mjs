// `live` against a real nats-server and a model of the endpoints: what is lost, doubled, late, cut off and expired on the way.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, after, before, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';

if (!('WebSocket' in globalThis)) {
  // Node 20 has one, and wants to be asked for it.
  const { status } = spawnSync(process.execPath, ['--experimental-websocket', fileURLToPath(import.meta.url)], { stdio: 'inherit' });
  process.exit(status);
}
const { MemoryStorage, RolecallClient } = await import('../../dist/live/index.js');
const { FileStorage } = await import('../../dist/live/file.js');
const { start: startBroker } = await import('./broker.mjs');
const { start: startModel } = await import('./model.mjs');
const { start: startProxy } = await import('./proxy.mjs');

let broker, model;
before(async () => (broker = await startBroker()));
after(() => broker.close());
beforeEach(async () => {
  await model?.close();
  model = await startModel(broker);
});
after(() => model.close());

const QUICK = { reconnectMs: 50, maxReconnectMs: 200, pollMs: 50 };

/** Somebody with an app that keeps what it is told. */
function somebody(options = {}) {
  const id = options.id ?? randomUUID();
  const client = new RolecallClient({ baseUrl: options.baseUrl ?? model.address, token: id, retry: { baseDelayMs: 5, maxDelayMs: 20 } });
  const live = client.live({ ...QUICK, ...options.live });
  const messages = options.messages ?? new Map();
  const told = [];
  for (const name of ['message', 'changed']) {
    live.on(name, ({ domain, conversation_id, seq, message }) => {
      if (domain !== 'conversations') {
        return;
      }
      assert.equal(seq, message.seq);
      const known = messages.get(conversation_id) ?? new Map();
      messages.set(conversation_id, known);
      told.push(`${name} ${seq}`);
      if (name === 'message') {
        assert.ok(!known.has(seq) || options.again, `message ${seq} twice`);
        assert.equal(known.size, options.again ? known.size : seq - 1 - (options.from ?? 0), `message ${seq} in its place`);
      } else if (!options.from) {
        assert.ok(known.has(seq), `a change of ${seq}, which is unknown`);
      }
      known.set(seq, message);
    });
  }
  const errors = [];
  live.on('error', ({ error }) => errors.push(error));
  after(() => live.close());
  return { id, client, live, messages, told, errors };
}

async function until(what, holds) {
  for (let waited = 0; !(await holds()); waited += 10) {
    assert.ok(waited < 15_000, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits until somebody has exactly what the server has. */
async function whole(person, conversation) {
  const wanted = () => conversation.messages.map(({ seq, content, deleted }) => [seq, deleted ? null : content]);
  const found = () => [...(person.messages.get(conversation.id) ?? new Map())].map(([seq, { content }]) => [seq, content]).sort(([a], [b]) => a - b);
  await until('everything', () => JSON.stringify(found()) === JSON.stringify(wanted()));
  assert.deepEqual(person.errors, []);
}

test('what is written is told at once, in order, to both, and without a request', async () => {
  const [ada, bob] = [somebody(), somebody()];
  await Promise.all([ada.live.until('live'), bob.live.until('live')]);
  const conversation = model.between(ada.id, bob.id);
  const requests = model.seen.length;
  for (let count = 0; count < 50; count++) {
    await model.write(conversation, count % 2 ? ada.id : bob.id, `${count}`);
  }
  await model.remove(conversation, 7);
  await Promise.all([whole(ada, conversation), whole(bob, conversation)]);
  assert.equal(model.seen.length, requests);
  assert.deepEqual(ada.told.slice(-2), ['message 50', 'changed 7']);
});

test('the socket hears before the sync reads: what is written between is told once', async () => {
  const ada = randomUUID();
  const conversation = model.between(ada, randomUUID());
  await model.write(conversation, ada, 'before');
  let written = 0;
  model.fault = (name) => {
    if (name === 'sync' && written < 3) {
      written += 1;
      void model.write(conversation, ada, `meanwhile ${written}`);
      return { status: 503, code: 'database_unavailable' };
    }
    return undefined;
  };
  const storage = new MemoryStorage();
  await storage.write(new Map([['live/cursor', '1.0'], [`live/at/${conversation.id}`, { seq: 0, revision: 0 }]]));
  const person = somebody({ id: ada, live: { storage } });
  await person.live.until('live');
  await whole(person, conversation);
  assert.deepEqual(person.told, ['message 1', 'message 2', 'message 3', 'message 4']);
});

test('lost, doubled and late events are healed', async () => {
  const [ada, bob] = [somebody(), somebody()];
  await Promise.all([ada.live.until('live'), bob.live.until('live')]);
  const conversation = model.between(ada.id, bob.id);
  let count = 0;
  const late = [];
  model.loses = (event, user) => {
    count += 1;
    if (count % 4 === 0) {
      late.push([user, event]);
    }
    return count % 3 === 0 || count % 4 === 0;
  };
  for (let round = 0; round < 60; round++) {
    await model.write(conversation, ada.id, `${round}`);
    if (round % 5 === 4) {
      await model.remove(conversation, round - 2);
    }
    if (round % 10 === 9) {
      for (const [user, event] of late.splice(0)) {
        await broker.publish(user, event);
        await broker.publish(user, event);
      }
    }
  }
  model.loses = () => false;
  await model.write(conversation, bob.id, 'the last');
  await model.remove(conversation, 61);
  await Promise.all([whole(ada, conversation), whole(bob, conversation)]);
});

test('a lost event with nothing behind it is found by the check', async () => {
  const ada = somebody({ live: { checkMs: 100 } });
  await ada.live.until('live');
  model.loses = () => true;
  const conversation = model.between(ada.id, randomUUID());
  await model.write(conversation, ada.id, 'nobody says so');
  await whole(ada, conversation);
});

test('whoever was cut off is told what happened meanwhile, once', async () => {
  const [web, socket] = await Promise.all([startProxy(model.host), startProxy(broker.url.replace('ws://', ''))]);
  model.socketUrl = `ws://${socket.address}`;
  const person = somebody({ baseUrl: `http://${web.address}` });
  await person.live.until('live');
  const conversation = model.between(person.id, randomUUID());
  for (let round = 0; round < 5; round++) {
    await model.write(conversation, person.id, `${round} while it is there`);
    if (round > 1) {
      web.cut();
    }
    socket.cut();
    await until('it to notice', () => person.live.status.state !== 'live');
    for (let count = 0; count < 12; count++) {
      await model.write(conversation, person.id, `${round} meanwhile ${count}`);
    }
    await model.remove(conversation, conversation.messages.length - 2);
    web.mend();
    socket.mend();
    await person.live.until('live');
    await whole(person, conversation);
  }
  // Broken off at any moment, under load.
  let isOver = false;
  const breaking = (async () => {
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      Math.random() < 0.7 ? socket.breakOff() : web.breakOff();
    }
  })();
  for (let count = 0; count < 200; count++) {
    await model.write(conversation, person.id, `under load ${count}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  isOver = true;
  await breaking;
  await whole(person, conversation);
  await person.live.close();
  await Promise.all([web.close(), socket.close()]);
});

test('a token is renewed before it ends, and nothing falls between', async () => {
  model.tokenSeconds = 6;
  const person = somebody();
  await person.live.until('live');
  const states = [];
  person.live.on('status', ({ state }) => states.push(state));
  const conversation = model.between(person.id, randomUUID());
  const requests = model.seen.length;
  const end = Date.now() + 11_000;
  while (Date.now() < end) {
    await model.write(conversation, person.id, 'on and on');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await whole(person, conversation);
  const later = model.seen.slice(requests).map(({ name }) => name);
  assert.ok(later.length >= 1 && later.every((name) => name === 'token'), `only tokens were asked for: ${later}`);
  assert.ok(states.every((state) => state === 'live'), `it was live throughout: ${states}`);
});

test('what was kept is where it goes on, after an end and after a crash', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-live-'));
  const messages = new Map();
  const id = randomUUID();
  const conversation = model.between(id, randomUUID());
  const open = async (again) => {
    const storage = await FileStorage.open(join(folder, 'state'));
    return { storage, person: somebody({ id, messages, again, live: { storage } }) };
  };
  const first = await open();
  await first.person.live.until('live');
  await model.write(conversation, id, 'one');
  await whole(first.person, conversation);
  await first.person.live.close();
  await first.storage.close();
  for (let count = 0; count < 30; count++) {
    await model.write(conversation, id, `while it was off ${count}`);
  }
  await model.remove(conversation, 3);
  const second = await open();
  await second.person.live.until('live');
  await whole(second.person, conversation);
  assert.equal(second.person.told.filter((told) => told === 'message 1').length, 0, 'what was told is not told again');
  // A crash: nothing is closed. What was told but not kept yet is told again, and nothing is left out.
  await model.write(conversation, id, 'and on');
  await whole(second.person, conversation);
  const copy = await FileStorage.open(join(folder, 'copy'));
  await copy.write(new Map(await second.storage.read('')));
  await model.write(conversation, id, 'behind the crash');
  const third = somebody({ id, messages, again: true, live: { storage: copy } });
  await third.live.until('live');
  await whole(third, conversation);
  await Promise.all([second.person.live.close(), third.live.close()]);
  await Promise.all([second.storage.close(), copy.close()]);
  rmSync(folder, { recursive: true });
});

test('many conversations are caught up side by side, and no more at a time than is allowed', async () => {
  const id = randomUUID();
  const all = Array.from({ length: 300 }, () => model.between(id, randomUUID()));
  const storage = new MemoryStorage();
  const first = somebody({ id, live: { storage } });
  await first.live.until('live');
  await first.live.close();
  for (const conversation of all) {
    for (let count = 0; count < 3; count++) {
      await model.write(conversation, id, `${count}`);
    }
  }
  let [open, most] = [0, 0];
  model.fault = (name) => {
    if (name === 'messages') {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => (open -= 1), 3);
    }
    return undefined;
  };
  const second = somebody({ id, live: { storage, maxRequests: 4 } });
  await second.live.until('live');
  await second.live.settled();
  for (const conversation of all) {
    await whole(second, conversation);
  }
  assert.ok(most > 1 && most <= 8, `${most} at a time`);
  assert.ok(model.seen.filter(({ name }) => name === 'messages').length <= 200, 'the last hundred came with the sync');
});

test('where realtime is off it polls, and finds out when it is on', async () => {
  let isOff = true;
  model.fault = (name) => (name === 'token' && isOff ? { status: 404, code: 'feature_disabled' } : undefined);
  const person = somebody({ live: { checkMs: 500 } });
  await person.live.until('polling');
  assert.equal(person.live.status.reason, 'feature_disabled');
  const conversation = model.between(person.id, randomUUID());
  for (let count = 0; count < 20; count++) {
    await model.write(conversation, person.id, `${count}`);
  }
  await whole(person, conversation);
  isOff = false;
  await person.live.until('live');
  await model.write(conversation, person.id, 'at once');
  await whole(person, conversation);
});

test('without a WebSocket it polls; with one that is given it is live', async () => {
  const { WebSocket } = globalThis;
  delete globalThis.WebSocket;
  try {
    const without = somebody();
    await without.live.until('polling');
    assert.equal(without.live.status.reason, 'no_websocket');
    let made = 0;
    const given = class extends WebSocket {
      constructor(url) {
        super(url);
        made += 1;
      }
    };
    const person = somebody({ live: { webSocket: given } });
    await person.live.until('live');
    assert.equal(made, 1);
    await Promise.all([without.live.close(), person.live.close()]);
  } finally {
    globalThis.WebSocket = WebSocket;
  }
});

test('whoever may not listen is told so, and nothing goes on', async () => {
  model.fault = (name) =>
    name === 'token' ? { status: 403, code: 'permission_denied', reasons: [{ code: 'suspended', message: 'You are suspended.' }] } : undefined;
  const person = somebody();
  assert.equal(await person.live.until('live'), false);
  const { state, error } = person.live.status;
  assert.deepEqual([state, error.code, error.reasons[0].code], ['stopped', 'permission_denied', 'suspended']);
  const requests = model.seen.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(model.seen.length, requests);
});

test('waits are random, double, end at a bound, and respect what the server asks', async () => {
  model.fault = (name) => (name === 'token' ? { status: 500, code: 'internal' } : undefined);
  const person = somebody({ live: { reconnectMs: 20, maxReconnectMs: 80 } });
  const waits = [];
  person.live.on('status', ({ state, retryAt }) => state === 'waiting' && waits.push(retryAt - Date.now()));
  await until('some attempts', () => waits.length >= 12);
  assert.ok(waits.every((wait) => wait <= 85), `${waits}`);
  assert.ok(new Set(waits.map(Math.round)).size > 4, `${waits}`);
  await person.live.close();
  model.fault = (name) => (name === 'token' ? { status: 503, code: 'database_unavailable', headers: { 'retry-after': '7' } } : undefined);
  const other = somebody();
  await other.live.until('waiting');
  assert.ok(other.live.status.retryAt - Date.now() > 6_900);
  // Asked to, it tries at once.
  model.fault = () => undefined;
  other.live.resync();
  await other.live.until('live');
});

test('a server that was restored makes it begin anew, and says so', async () => {
  const person = somebody({ again: true });
  await person.live.until('live');
  const conversation = model.between(person.id, randomUUID());
  for (let count = 0; count < 5; count++) {
    await model.write(conversation, person.id, `${count}`);
  }
  await whole(person, conversation);
  let resets = 0;
  let cards = 0;
  person.live.on('reset', () => {
    resets += 1;
    cards = 0;
    person.messages.clear();
  });
  person.live.on('conversation', () => void (cards += 1));
  conversation.messages.length = 2;
  model.epoch = '2';
  model.fault = (name, body) => {
    if (name === 'sync' && body.cursor === undefined) {
      body.cursor = '2';
    }
    return undefined;
  };
  person.live.resync();
  await until('the reset, and what is there now', () => resets === 1 && cards === 1);
  await model.write(conversation, person.id, 'anew');
  await until('the new third', () => person.messages.get(conversation.id)?.get(3)?.content === 'anew');
});

test('a conversation that is not the caller’s any more is let go', async () => {
  const person = somebody();
  await person.live.until('live');
  const conversation = model.between(person.id, randomUUID());
  let asked = 0;
  model.fault = (name) => {
    if (name === 'messages') {
      asked += 1;
      return { status: 404, code: 'not_found' };
    }
    return undefined;
  };
  model.loses = (event) => event.seq < 3;
  const gone = [];
  person.live.on('gone', ({ conversation_id }) => gone.push(conversation_id));
  for (let count = 0; count < 3; count++) {
    await model.write(conversation, person.id, `${count}`);
  }
  await until('the question', () => asked === 1);
  await person.live.settled();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual([asked, person.told, gone], [1, [], [conversation.id]]);
  // The server may say so by itself.
  model.gone = ['another'];
  person.live.resync();
  await until('the other', () => gone.includes('another'));
});

test('other events are told once each, on callbacks and on the iterator', async () => {
  const person = somebody();
  const found = [];
  const reading = (async () => {
    for await (const { name, event } of person.live) {
      if (name !== 'status') {
        found.push(`${name} ${event.id ?? ''}`);
      }
    }
  })();
  await person.live.until('live');
  const domain = 'conversations';
  const events = [
    { type: 'read', id: '1', domain, conversation_id: 'c', user_id: 'u', last_read_seq: 3 },
    { type: 'typing', id: '2', domain, conversation_id: 'c', user_id: 'u', until: new Date(Date.now() + 3000).toISOString() },
    { type: 'presence', id: '3', user_id: 'u', online: true },
    { type: 'member.changed', id: '4', domain: 'threads', conversation_id: 'c', user_id: 'u', state: 'member' },
    { type: 'message.created', id: '5', domain: 'threads', conversation_id: 'c', seq: 4, revision: 0, message: { seq: 4 } },
    { type: 'something.newer', id: '6' },
    { type: 'conversation.changed', id: '7', domain: 'help', conversation_id: 'c', conversation: {} },
  ];
  for (const event of [...events, ...events]) {
    await model.publish(person.id, event);
  }
  await broker.publish(person.id, { v: 2, id: '8', type: 'read' });
  await model.publish(person.id, { type: 'notification', id: '9', kind: 'mention' });
  await until('the last', () => found.at(-1) === 'notification 9');
  assert.deepEqual(found, ['read 1', 'typing 2', 'presence 3', 'member 4', 'message 5', 'conversation 7', 'notification 9']);
  await person.live.close();
  await reading;
});

test('help conversations and threads are told as they come, and caught up from the last message that was told', async () => {
  const id = randomUUID();
  const storage = new MemoryStorage();
  const help = { id: randomUUID(), messages: [] };
  const thread = { id: randomUUID(), messages: [] };
  model.help.push(help);
  model.threads.push(thread);
  let count = 0;
  const write = async (lost) => {
    count += 1;
    help.messages.push({ id: `h${count}`, content: `${count}`, sender_id: id, created_at: '' });
    thread.messages.push({ id: `t${count}`, seq: count, content: `${count}` });
    if (!lost) {
      const of = (message) => ({ type: 'message.created', revision: null, message });
      await model.publish(id, { ...of(help.messages.at(-1)), id: `${count}.1`, domain: 'help', conversation_id: help.id, seq: null, message_id: `h${count}` });
      await model.publish(id, { ...of(thread.messages.at(-1)), id: `${count}.2`, domain: 'threads', conversation_id: thread.id, seq: count });
    }
  };
  const told = [];
  const open = async () => {
    const person = somebody({ id, live: { storage } });
    person.live.on('message', ({ message }) => void told.push(message.id));
    await person.live.until('live');
    return person;
  };
  await write(true);
  const first = await open();
  await write();
  await write();
  await until('two of each', () => told.length === 4);
  await first.live.close();
  for (let missed = 0; missed < 8; missed++) {
    await write(true);
  }
  const second = await open();
  await second.live.settled();
  await write();
  await until('all', () => told.length === 22);
  const wanted = Array.from({ length: 11 }, (_, place) => place + 2);
  assert.deepEqual(told.filter((one) => one[0] === 'h'), wanted.map((one) => `h${one}`));
  assert.deepEqual(told.filter((one) => one[0] === 't'), wanted.map((one) => `t${one}`));
});

test('handlers that take their time are waited for, and one that throws is reported', async () => {
  const id = randomUUID();
  const client = new RolecallClient({ baseUrl: model.address, token: id });
  const live = client.live(QUICK);
  const [order, errors] = [[], []];
  live.on('message', async ({ seq }) => {
    order.push(`begin ${seq}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push(`end ${seq}`);
    if (seq === 2) {
      throw new Error('of the app');
    }
  });
  live.on('error', ({ during, error }) => errors.push(`${during}: ${error.message}`));
  await live.until('live');
  const conversation = model.between(id, randomUUID());
  await Promise.all([1, 2, 3].map(() => model.write(conversation, id, 'Hello')));
  await until('the third', () => order.includes('end 3'));
  assert.deepEqual(order, ['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  assert.deepEqual(errors, ['handler: of the app']);
  await live.close();
});

test('the server’s time is known, and closing ends everything', async () => {
  const person = somebody();
  await person.live.until('live');
  assert.ok(Math.abs(person.live.now() - Date.now()) < 1_000);
  await person.live.close();
  assert.equal(person.live.status.state, 'stopped');
  const conversation = model.between(person.id, randomUUID());
  await model.write(conversation, person.id, 'unheard');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual(person.told, []);
});
