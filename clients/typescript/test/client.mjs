// What the client does by itself, without a server: an export that breaks off is told from a whole one, wherever the
// network cuts it into pieces; and every call that writes has a key.

import assert from 'node:assert/strict';
import { ExportBrokenOffError, RolecallClient, RolecallError } from '../dist/index.js';

const encoder = new TextEncoder();

/** A client whose server answers this text in pieces of so many bytes; `cancelled` says whether it was read to its end. */
function served(text, size, state = {}) {
  const bytes = encoder.encode(text);
  let at = 0;
  const body = new ReadableStream(
    {
      pull(controller) {
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
        if (at >= bytes.length) {
          controller.close();
        }
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const fetch = async () => new Response(body, { headers: { 'content-type': 'application/x-ndjson' } });
  return new RolecallClient({ baseUrl: 'http://rolecall.invalid', token: 'token', fetch });
}

async function read(client) {
  const lines = [];
  for await (const line of client.exportOwnData()) {
    lines.push(line);
  }
  return lines;
}

const lines = ['{"type":"profile","name":"Zoë 👩‍🚀"}', '{"type":"message","content":"日本語\\n"}'].map((line) => `${line}\n`);
const end = '{"type":"end","lines":2}\n';
const whole = lines.join('') + end;
for (let size = 1; size <= encoder.encode(whole).length; size++) {
  const [profile, message] = await read(served(whole, size));
  assert.equal(profile.name, 'Zoë 👩‍🚀', `in pieces of ${size}`);
  assert.equal(message.content, '日本語\n', `in pieces of ${size}`);
}

const broken = [
  ['', 'export_broken_off'],
  [lines[0], 'export_broken_off'],
  [lines.join(''), 'export_broken_off'],
  [lines[0] + end, 'export_broken_off'],
  [lines.join('') + end.slice(0, -1), 'export_broken_off'],
  [lines[0] + 'no JSON\n' + end, 'export_broken_off'],
  [lines[0] + '{"type":"error","code":"database_unavailable"}\n', 'database_unavailable'],
];
for (const [text, code] of broken) {
  const error = await read(served(text, 7)).then(() => assert.fail(text), (error) => error);
  assert.ok(error instanceof ExportBrokenOffError && error instanceof RolecallError, String(error));
  assert.equal(error.code, code);
}

// What somebody does wrong with a line is theirs.
const own = new Error('my own');
const reading = (async () => {
  for await (const line of served(whole, 7).exportOwnData()) {
    throw line.type === 'profile' ? own : new Error('not the first');
  }
})();
assert.equal(await reading.then(() => assert.fail(), (error) => error), own);

// Whoever stops reading closes the connection.
const state = {};
for await (const line of served(whole, 7, state).exportOwnData()) {
  assert.equal(line.type, 'profile');
  break;
}
assert.ok(state.cancelled);

// A refusal before the first line is a refusal like any other.
const problem = { code: 'rate_limited', detail: 'Too often.', status: 429 };
const fetch = async () => new Response(JSON.stringify(problem), { status: 429, headers: { 'retry-after': '7' } });
const refused = new RolecallClient({ baseUrl: 'http://rolecall.invalid', token: 'token', fetch, retry: false });
const refusal = await read(refused).then(() => assert.fail(), (error) => error);
assert.ok(refusal instanceof RolecallError);
assert.deepEqual([refusal.code, refusal.retryAfter], ['rate_limited', 7]);

// A call that writes has a key of its own, whatever the platform has to make one from.
const keys = new Set();
const posted = new RolecallClient({
  baseUrl: 'http://rolecall.invalid',
  token: 'token',
  fetch: async (_, { headers }) => {
    keys.add(headers['idempotency-key']);
    return new Response('{"success":true,"request_id":"r-1"}');
  },
});
const { crypto: platform } = globalThis;
for (const crypto of [platform, { getRandomValues: platform?.getRandomValues.bind(platform) }, undefined]) {
  Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
  await posted.unblock('somebody');
  await posted.unblock('somebody');
}
Object.defineProperty(globalThis, 'crypto', { value: platform, configurable: true });
assert.equal(keys.size, 6);
assert.ok([...keys].every((key) => key.length >= 32));

console.log('the client keeps its own promises');
