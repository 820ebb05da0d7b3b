// Two people who write to each other while a test kills what lies between them. In the end both were told of every message once and
// in order, and have what GET shows. ROLECALL_TEST_SETUP: {baseUrl, one, other, show, polling?}.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

if (!('WebSocket' in globalThis)) {
  const { status } = spawnSync(process.execPath, ['--experimental-websocket', fileURLToPath(import.meta.url)], { stdio: 'inherit' });
  process.exit(status);
}
const { RolecallClient } = await import('../../dist/live/index.js');
const { FileStorage } = await import('../../dist/live/file.js');

const { baseUrl, one, other, show, polling } = JSON.parse(process.env.ROLECALL_TEST_SETUP);
const COUNT = polling ? 60 : 300;
const folder = mkdtempSync(join(tmpdir(), 'rolecall-stand-'));
const states = new Set();

async function somebody(user, whom) {
  const client = new RolecallClient({ baseUrl, token: user.token });
  const storage = await FileStorage.open(join(folder, user.id));
  const outbox = client.outbox({ storage, baseDelayMs: 50, maxDelayMs: 500 });
  const messages = [];
  const person = { client, storage, outbox, messages, live: undefined, changed: 0, parked: [] };
  outbox.on('parked', (entry) => void person.parked.push(entry));
  person.listen = () => {
    person.live = client.live({ storage, reconnectMs: 200, maxReconnectMs: 1_000, pollMs: 100 });
    person.live.on('message', ({ seq, message }) => {
      // What was told, but not kept when it ended, may be told again.
      if (seq <= messages.length) {
        assert.equal(message.id, messages[seq - 1].id);
      } else {
        assert.equal(seq, messages.length + 1, 'in order, and none left out');
        messages.push(message);
      }
    });
    person.live.on('changed', ({ seq, message }) => {
      person.changed += 1;
      messages[seq - 1] = message;
    });
    person.live.on('status', ({ state }) => void states.add(state));
    person.live.on('error', ({ error }) => {
      throw error;
    });
  };
  person.write = (content) => outbox.send({ recipient_id: whom.id, content, ...(show && { show_id: show }) });
  person.listen();
  assert.ok(await person.live.until(polling ? 'polling' : 'live'));
  return person;
}

try {
  const [left, right] = [await somebody(one, other), await somebody(other, one)];
  for (let count = 0; count < COUNT; count++) {
    await Promise.all([left.write(`left ${count}`), right.write(`right ${count}`)]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    if (count % 20 === 19) {
      const own = left.messages.findLast(({ sender_id, deleted }) => sender_id === one.id && deleted === null);
      await (own && left.client.deleteMessage({ message_id: own.id }));
    }
    if (count === COUNT / 2) {
      // One of them goes away, and comes back to where they ended.
      await right.live.close();
      right.listen();
    }
  }
  const end = Date.now() + 60_000;
  while (Date.now() < end && !(left.messages.length === 2 * COUNT && right.messages.length === 2 * COUNT)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await Promise.all([left, right].map(async ({ client, live, messages, parked }) => {
    assert.deepEqual(parked, []);
    const wanted = [];
    const [{ id }] = (await client.conversations()).conversations;
    for (let more = true; more; ) {
      const page = await client.messages(id, { since_seq: wanted.length, limit: 200 });
      wanted.push(...page.messages);
      more = page.has_more_after;
    }
    assert.equal(wanted.length, 2 * COUNT);
    for (const side of ['left', 'right']) {
      const sent = wanted.filter(({ sender_id }) => sender_id === (side === 'left' ? one.id : other.id));
      sent.forEach(({ content }, place) => assert.ok(content === null || content === `${side} ${place}`, `${content} in place ${place}`));
    }
    // Changes may be underway still.
    while (Date.now() < end && JSON.stringify(messages) !== JSON.stringify(wanted)) {
      live.resync();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.deepEqual(messages, wanted);
  }));
  assert.ok(left.changed > 0 && right.changed > 0);
  await Promise.all([left, right].flatMap(({ live, outbox }) => [live.close(), outbox.close()]));
  console.log(`${2 * COUNT} messages, told once and in order to both; they were ${[...states].join(', ')}`);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(0);
