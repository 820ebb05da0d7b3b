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

// The choice between Rolecall (V2) and an app's own code (V1).
{
  let enabled = true;
  let rolledBack = false;
  let status = 200;
  let asked = 0;
  const json = (body, status) => new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
  const problem = (code, status) =>
    json({ type: `urn:rolecall:problem:${code}`, title: code, status, detail: code, code, request_id: 'r', error: { code, message: code } }, status);
  const fetch = async (url) => {
    if (new URL(url).pathname === '/functions/v1/flags') {
      asked += 1;
      const flags = { 'start-conversation': { enabled, reason: enabled ? 'everybody' : 'off' } };
      return status === 200 ? json({ success: true, flags, organization_role: null, request_id: 'r' }, 200) : problem('database_unavailable', status);
    }
    if (rolledBack) {
      return problem('feature_disabled', 404);
    }
    return json({ success: true, conversation_id: 'c', request_id: 'r' }, 201);
  };
  const start = (rolecall, v1 = () => 'V1') =>
    rolecall.choose('start-conversation', {
      v2: () => rolecall.startConversation({ help_request_id: 'h', initial_message: 'I can help.' }, { retry: false }),
      v1,
    });
  const client = () => new RolecallClient({ baseUrl: 'http://rolecall.invalid', token: 'token', fetch });
  const included = client();
  assert.equal((await start(included)).conversation_id, 'c');
  const [one, other] = await Promise.all([client(), client()].map((rolecall) => rolecall.usesV2()));
  assert.ok(one && other);
  asked = 0;
  const together = client();
  await Promise.all([together.usesV2(), together.usesV2('start-conversation'), together.usesV2('send-dm')]);
  await together.usesV2();
  assert.equal(asked, 1, 'the flags are read once');
  rolledBack = true;
  assert.equal(await start(included), 'V1', 'what is rolled back meanwhile is done by V1');
  enabled = false;
  assert.ok(!(await included.usesV2()), 'and then the flags are read anew');
  assert.equal(await start(client()), 'V1', 'who is not included uses V1');
  [enabled, rolledBack, status] = [true, false, 503];
  assert.equal(await start(client()), 'V1', 'without an answer V1 goes on');
  status = 200;
  const failing = client().choose('start-conversation', {
    v2: () => client().choose('start-conversation', { v2: () => Promise.reject(new TypeError('a fault')), v1: () => 'V1' }),
    v1: () => 'V1',
  });
  await assert.rejects(failing, TypeError, 'what V2 may have done V1 does not do again');
  await assert.rejects(start(client(), () => assert.fail('V1 is not asked')).then(() => Promise.reject(new Error('done'))), /done/);
}

console.log('the client keeps its own promises');
