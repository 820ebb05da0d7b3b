// The outbox against a model of the endpoints: what is kept, in which order it is sent, what parks, what a crash leaves.

import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, after, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { MemoryStorage, OutboxFullError, RolecallClient } from '../../dist/live/index.js';
import { FileStorage } from '../../dist/live/file.js';
import { start as startModel } from './model.mjs';

// Nobody listens here.
const broker = { url: 'ws://127.0.0.1:4', tokenOf: () => '', publish: async () => undefined };
const QUICK = { baseDelayMs: 5, maxDelayMs: 20 };
const folder = mkdtempSync(join(tmpdir(), 'rolecall-outbox-'));

if (process.argv[2] === 'child') {
  // A process that writes until it is killed, and says what was kept.
  const [, , , path, baseUrl, id, recipient_id] = process.argv;
  const outbox = new RolecallClient({ baseUrl, token: id }).outbox({ ...QUICK, storage: await FileStorage.open(path) });
  for (let count = 0; ; count++) {
    const { message_id } = await outbox.send({ recipient_id, content: `${count}` });
    process.send(message_id);
  }
}

let model;
beforeEach(async () => {
  await model?.close();
  model = await startModel(broker);
});
after(async () => {
  await model.close();
  rmSync(folder, { recursive: true });
});

/** Somebody with an outbox, and what it says. */
function somebody(options = {}) {
  const id = options.id ?? randomUUID();
  const outbox = new RolecallClient({ baseUrl: options.baseUrl ?? model.address, token: id }).outbox({ ...QUICK, ...options.outbox });
  const [sent, parked, errors] = [[], [], []];
  outbox.on('sent', (event) => void sent.push(event));
  outbox.on('parked', (event) => void parked.push(event));
  outbox.on('error', ({ error }) => void errors.push(error));
  after(() => outbox.close());
  return { id, outbox, sent, parked, errors };
}

async function until(what, holds) {
  for (let waited = 0; !(await holds()); waited += 10) {
    assert.ok(waited < 15_000, `waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const requests = () => model.seen.filter(({ name }) => name === 'send-dm').map(({ body }) => body);
const contents = (conversation) => conversation.messages.map(({ content }) => content);

test('what is written offline goes in arrays of a hundred, in order, each with its own id and key', async () => {
  const other = randomUUID();
  model.fault = () => 'reset';
  const person = somebody();
  const written = [];
  for (let count = 0; count < 250; count++) {
    written.push(await person.outbox.send({ recipient_id: other, content: `${count}` }));
  }
  await until('an attempt', () => person.outbox.status.state === 'waiting');
  assert.equal((await person.outbox.entries()).length, 250);
  const tried = requests().length;
  model.fault = () => undefined;
  person.outbox.flush();
  await until('all', () => person.sent.length === 250);
  const conversation = model.between(person.id, other);
  assert.deepEqual(contents(conversation), written.map(({ message }) => message.content));
  assert.deepEqual(conversation.messages.map(({ id }) => id), written.map(({ message_id }) => message_id));
  assert.deepEqual(person.sent.map(({ message_id, seq, conversation_id }) => [message_id, seq, conversation_id]), written.map(({ message_id }, place) => [message_id, place + 1, conversation.id]));
  assert.deepEqual(requests().slice(tried).map(({ length }) => length), [100, 100, 50]);
  const items = requests().slice(tried).flat();
  assert.equal(new Set(items.map(({ idempotency_key }) => idempotency_key)).size, 250);
  assert.deepEqual(await person.outbox.entries(), []);
  assert.deepEqual(person.errors, []);
});

test('an answer that is lost is asked for again with the same id and key, and nothing is doubled', async () => {
  const other = randomUUID();
  let lost = 0;
  model.fault = () => ((lost += 1) <= 3 ? 'reset after' : undefined);
  const person = somebody();
  const entry = await person.outbox.send({ recipient_id: other, content: 'once' });
  await until('the answer', () => person.sent.length === 1);
  assert.equal(model.between(person.id, other).messages.length, 1);
  assert.equal(person.sent[0].replayed, true);
  const items = requests().flat();
  assert.ok(items.length >= 4);
  assert.ok(items.every(({ message_id, idempotency_key }) => message_id === entry.message_id && idempotency_key === entry.idempotency_key));
});

test('429 and 503 keep everything, and are waited for as long as they say', async () => {
  const other = randomUUID();
  let count = 0;
  model.fault = () => {
    count += 1;
    return count === 1
      ? { status: 429, code: 'rate_limited', headers: { 'retry-after': '1' } }
      : count < 4 ? { status: [503, 401][count - 2], code: ['database_unavailable', 'unauthenticated'][count - 2] } : undefined;
  };
  const person = somebody();
  await person.outbox.send({ recipient_id: other, content: 'one' });
  await until('the first refusal', () => person.outbox.status.state === 'waiting');
  // What is queued meanwhile does not make it ask earlier.
  await person.outbox.send({ recipient_id: other, content: 'two' });
  await until('both', () => person.sent.length === 2);
  const [first, second] = model.seen.map(({ at }) => at);
  assert.ok(second - first >= 1_000, `${second - first} ms`);
  assert.deepEqual(contents(model.between(person.id, other)), ['one', 'two']);
  assert.deepEqual(person.parked, []);
});

test('one of many that is limited waits, and goes before what is written later', async () => {
  const other = randomUUID();
  let left = 3;
  model.outcome = () => (left-- > 0 ? undefined : { status: 429, code: 'rate_limited', detail: '', retry_after_seconds: 1 });
  const person = somebody();
  model.fault = () => 'reset';
  for (let count = 0; count < 6; count++) {
    await person.outbox.send({ recipient_id: other, content: `${count}` });
  }
  model.fault = () => undefined;
  person.outbox.flush();
  await until('the first three', () => person.sent.length === 3);
  left = Infinity;
  await person.outbox.send({ recipient_id: other, content: '6' });
  await until('the rest', () => person.sent.length === 7);
  assert.deepEqual(contents(model.between(person.id, other)), ['0', '1', '2', '3', '4', '5', '6']);
});

test('no more goes in a request than the server says it takes', async () => {
  const other = randomUUID();
  model.headers = () => ({ 'ratelimit-policy': '"send_dm";q=60;w=60', ratelimit: '"send_dm";r=4;t=1' });
  model.fault = () => 'reset';
  const person = somebody();
  for (let count = 0; count < 20; count++) {
    await person.outbox.send({ recipient_id: other, content: `${count}` });
  }
  const tried = requests().length;
  model.fault = () => undefined;
  person.outbox.flush();
  await until('some', () => person.sent.length === 20);
  const [first, ...rest] = requests().slice(tried).map(({ length }) => length);
  assert.ok(first === 20 || rest.every((length) => length <= 5), `${[first, ...rest]}`);
});

test('a refusal parks one message with its reasons; the others go; it can be tried again, or dropped', async () => {
  const other = randomUUID();
  const person = somebody();
  model.fault = () => 'reset';
  for (const content of ['one', 'refuse this', 'two', 'refuse that']) {
    await person.outbox.send({ recipient_id: other, content });
  }
  model.fault = () => undefined;
  person.outbox.flush();
  await until('all four', () => person.sent.length === 2 && person.parked.length === 2);
  assert.deepEqual(contents(model.between(person.id, other)), ['one', 'two']);
  const [entry, second] = person.parked;
  assert.deepEqual([entry.state, entry.refusal.status, entry.refusal.code, entry.refusal.reasons[0].code], ['parked', 403, 'permission_denied', 'a_rule']);
  assert.deepEqual(await person.outbox.entries(), [entry, second]);
  assert.equal(await person.outbox.retry(entry.message_id), true);
  await until('it to be parked again', () => person.parked.length === 3);
  const asked = requests().flat().filter(({ message_id }) => message_id === entry.message_id);
  assert.notEqual(asked.at(-1).idempotency_key, entry.idempotency_key, 'the old key has its answer');
  assert.equal(await person.outbox.drop(entry.message_id), true);
  assert.equal(await person.outbox.drop(entry.message_id), false);
  assert.equal(await person.outbox.retry(randomUUID()), false);
  assert.deepEqual((await person.outbox.entries()).map(({ message_id }) => message_id), [second.message_id]);
});

test('a request that is refused as a whole is made smaller until it shows which message it was', async () => {
  const other = randomUUID();
  const person = somebody();
  model.fault = () => 'reset';
  for (let count = 0; count < 10; count++) {
    await person.outbox.send({ recipient_id: other, content: count === 6 ? 'not well-formed' : `${count}` });
  }
  const bad = (body) => body.some(({ content }) => content === 'not well-formed');
  model.fault = (_, body) => (bad(body) ? { status: 400, code: 'validation_error', reasons: [{ code: 'x', message: 'x', field: 'content' }] } : undefined);
  person.outbox.flush();
  await until('all', () => person.sent.length === 9 && person.parked.length === 1);
  assert.deepEqual(contents(model.between(person.id, other)), ['0', '1', '2', '3', '4', '5', '7', '8', '9']);
  assert.equal(person.parked[0].refusal.reasons[0].field, 'content');
  // Who may not send at all is told so for each.
  model.fault = () => ({ status: 403, code: 'permission_denied', reasons: [{ code: 'suspended', message: 'x' }] });
  await person.outbox.send({ recipient_id: other, content: 'not any more' });
  await until('it', () => person.parked.length === 2);
  assert.equal(person.parked[1].refusal.reasons[0].code, 'suspended');
});

test('what something between answers parks nothing', async () => {
  const other = randomUUID();
  let count = 0;
  const answer = globalThis.fetch;
  const odd = async (...given) => ((count += 1) <= 2 ? new Response('<h1>Log in to the hotel</h1>', { status: [200, 403][count - 1] }) : answer(...given));
  const id = randomUUID();
  const outbox = new RolecallClient({ baseUrl: model.address, token: id, fetch: odd }).outbox(QUICK);
  await outbox.send({ recipient_id: other, content: 'kept' });
  await until('it', () => model.between(id, other).messages.length === 1);
  assert.equal(count, 3);
  await outbox.close();
});

test('it is bounded by messages and by bytes', async () => {
  model.fault = () => 'reset';
  const few = somebody({ outbox: { maxMessages: 3 } });
  const writing = await Promise.allSettled([1, 2, 3, 4, 5].map((count) => few.outbox.send({ recipient_id: randomUUID(), content: `${count}` })));
  assert.deepEqual(writing.map(({ status }) => status), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
  assert.ok(writing[4].reason instanceof OutboxFullError);
  const small = somebody({ outbox: { maxBytes: 1_000 } });
  await small.outbox.send({ recipient_id: randomUUID(), content: 'x'.repeat(800) });
  await assert.rejects(small.outbox.send({ recipient_id: randomUUID(), content: 'ü'.repeat(100) }), OutboxFullError);
  await small.outbox.send({ recipient_id: randomUUID(), content: 'x'.repeat(50) });
  // Long messages share no request.
  const long = somebody();
  const other = randomUUID();
  for (let count = 0; count < 30; count++) {
    await long.outbox.send({ recipient_id: other, content: 'x'.repeat(4_000) });
  }
  const tried = requests().length;
  model.fault = () => undefined;
  long.outbox.flush();
  await until('all', () => long.sent.length === 30);
  assert.ok(requests().slice(tried).every((items) => JSON.stringify(items).length < 64 * 1024));
});

test('what was kept is sent by the next process, in order and once, wherever the one before was killed', async () => {
  const path = join(folder, 'crashes');
  const [id, other] = [randomUUID(), randomUUID()];
  const kept = [];
  model.fault = () => (Math.random() < 0.3 ? (Math.random() < 0.5 ? 'reset' : 'reset after') : undefined);
  for (let round = 0; round < 8; round++) {
    const child = fork(fileURLToPath(import.meta.url), ['child', path, model.address, id, other]);
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.on('message', (message_id) => kept.push(message_id));
    await until('some', () => kept.length > round * 15);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 50));
    child.kill('SIGKILL');
    await gone;
  }
  model.fault = () => undefined;
  const storage = await FileStorage.open(path);
  const person = somebody({ id, outbox: { storage } });
  await until('the rest', async () => (await person.outbox.entries()).length === 0);
  const sent = model.between(id, other).messages.map(({ id }) => id);
  assert.equal(new Set(sent).size, sent.length, 'once each');
  // What was kept when the process was killed may not have been said any more.
  const said = new Set(kept);
  assert.deepEqual(sent.filter((one) => said.has(one)), kept, 'in order, and nothing is lost');
  assert.ok(sent.length - kept.length <= 8);
  await person.outbox.close();
  await storage.close();
});

test('a file is for one process, for its owner’s eyes, and survives a line that was cut off', async () => {
  const path = join(folder, 'one');
  const storage = await FileStorage.open(path);
  await assert.rejects(FileStorage.open(path), /has it open/);
  await storage.write(new Map([['a', 1], ['b', { c: [null, 'd'] }]]));
  await storage.write(new Map([['a', undefined], ['e', 2]]));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await storage.close();
  appendFileSync(path, '[["f",3],["g"');
  const again = await FileStorage.open(path);
  assert.deepEqual(await again.read(''), [['b', { c: [null, 'd'] }], ['e', 2]]);
  for (let count = 0; count < 2_500; count++) {
    await again.write(new Map([[`k${count % 10}`, count]]));
  }
  assert.ok(statSync(path).size < 50_000, 'what is over is written out of it');
  await again.close();
  // Whoever was killed leaves a lock, which is nobody's.
  writeFileSync(`${path}.lock`, '999999999');
  const last = await FileStorage.open(path);
  assert.deepEqual((await last.read('k')).map(([, value]) => value), [2490, 2491, 2492, 2493, 2494, 2495, 2496, 2497, 2498, 2499]);
  await last.close();
});

test('two that share a storage send in one order, and both hear of everything', async () => {
  // As two tabs do it: one lock, one channel, one storage.
  const shared = new MemoryStorage();
  const heard = new Set();
  let queue = Promise.resolve();
  const tab = () => ({
    read: (prefix) => shared.read(prefix),
    write: (changes) => shared.write(changes),
    exclusive: (_, signal, task) => {
      const turn = queue.then(() => (signal.aborted ? undefined : task()));
      queue = turn.catch(() => undefined);
      return turn;
    },
    channel: (hear) => {
      heard.add(hear);
      const say = (word) => heard.forEach((one) => one !== hear && setTimeout(() => one(structuredClone(word)), 1));
      return { say, close: () => heard.delete(hear) };
    },
  });
  const [id, other] = [randomUUID(), randomUUID()];
  const [one, two] = [somebody({ id, outbox: { storage: tab() } }), somebody({ id, outbox: { storage: tab() } })];
  const written = [];
  for (let count = 0; count < 40; count++) {
    const { outbox } = count % 2 ? one : two;
    written.push((await outbox.send({ recipient_id: other, content: `${count}` })).message.content);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until('all, in both', () => one.sent.length === 40 && two.sent.length === 40);
  assert.deepEqual(contents(model.between(id, other)), written);
  assert.equal(requests().flat().length, 40, 'nothing was sent twice');
  // The tab that sends is closed: the other one takes over.
  await one.outbox.close();
  await two.outbox.send({ recipient_id: other, content: 'still' });
  await until('it', () => two.sent.length === 41);
});

test('a storage that fails is reported, and tried again', async () => {
  const storage = new MemoryStorage();
  const { write } = storage;
  let fails = false;
  storage.write = (changes) => (fails ? Promise.reject(new Error('no room on this disk')) : write.call(storage, changes));
  const [other, person] = [randomUUID(), somebody({ outbox: { storage } })];
  model.fault = () => 'reset';
  await person.outbox.send({ recipient_id: other, content: 'kept' });
  fails = true;
  await assert.rejects(person.outbox.send({ recipient_id: other, content: 'not kept' }), /no room/);
  model.fault = () => undefined;
  await until('the report', () => person.errors.length > 0);
  assert.deepEqual(person.sent, []);
  fails = false;
  await until('the answer', () => person.sent.length === 1);
  assert.deepEqual(contents(model.between(person.id, other)), ['kept']);
});

test('a clock that was set back changes no order', async () => {
  const storage = new MemoryStorage();
  const [other, now] = [randomUUID(), Date.now];
  model.fault = () => 'reset';
  const id = randomUUID();
  const before = somebody({ id, outbox: { storage } });
  await before.outbox.send({ recipient_id: other, content: 'one' });
  await before.outbox.close();
  Date.now = () => now() - 3_600_000;
  try {
    const person = somebody({ id, outbox: { storage } });
    await person.outbox.send({ recipient_id: other, content: 'two' });
    await person.outbox.send({ recipient_id: other, content: 'three' });
    model.fault = () => undefined;
    person.outbox.flush();
    await until('all', () => person.sent.length === 3);
  } finally {
    Date.now = now;
  }
  assert.deepEqual(contents(model.between(id, other)), ['one', 'two', 'three']);
});
