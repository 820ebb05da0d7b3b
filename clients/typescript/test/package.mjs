// What is published, and what is installed from a folder: packed, installed into an empty folder, imported, and type-checked
// as its users would. It works on a copy of the package, so that tests beside it find it whole.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('..', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'rolecall-client-'));
const compiler = join(source, 'node_modules/typescript/bin/tsc');

function run(folder, command, ...args) {
  const env = { ...process.env, npm_config_update_notifier: 'false', npm_config_audit: 'false', npm_config_fund: 'false' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: join(place, folder), env, encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error ?? ''}${stdout}${stderr}`);
  return stdout;
}

/** A copy of the package as it is in the repository: not built, and without what a build needs. */
function copy(name) {
  const files = ['package.json', 'package-lock.json', '.npmrc', 'tsconfig.json', 'prepare.mjs', 'README.md', 'LICENSE', 'src'];
  mkdirSync(join(place, name));
  files.forEach((file) => cpSync(join(source, file), join(place, name, file), { recursive: true }));
}

/** An empty folder of somebody's app. */
function app(name) {
  mkdirSync(join(place, name));
  writeFileSync(join(place, name, 'package.json'), JSON.stringify({ name, version: '1.0.0', private: true, type: 'module' }));
}

const USE = `
import { RolecallClient, RolecallError, explain } from 'rolecall-client';
import { createRequire } from 'node:module';
const client = new RolecallClient({ baseUrl: 'http://127.0.0.1:4', token: 't', retry: false });
const error = await client.sendDm({ recipient_id: 'a', content: 'b' }).catch((error) => error);
if (!(error instanceof RolecallError) || error.code !== 'network_error') throw error;
if (explain('start_dm', 'attendee', 'dealer').allowed !== false) throw new Error('the matrix');
const { version } = createRequire(import.meta.url)('rolecall-client/package.json');
console.log(version);
`;

const USE_LIVE = `
import { MemoryStorage, RolecallClient, RolecallError } from 'rolecall-client/live';
import { RolecallClient as Base } from 'rolecall-client';
import { FileStorage } from 'rolecall-client/file';
globalThis.WebSocket ??= class {};
const answers = { '/functions/v1/realtime/token': { url: 'ws://127.0.0.1:4', token: 't', subject: 's', expires_at: '2040-01-01T00:00:00Z', server_time: '2040-01-01T00:00:00Z' },
  '/functions/v1/sync': { cursor: 'c', more: false, conversations: [], help_conversations: [], threads: [], gone: [], catch_up: [] } };
const fetch = async (url) => Response.json({ success: true, request_id: 'r', ...answers[new URL(url).pathname] });
const client = new RolecallClient({ baseUrl: 'http://127.0.0.1:4', token: 't', fetch });
if (!(client instanceof Base) || typeof RolecallError !== 'function' || typeof FileStorage.open !== 'function') throw new Error('the entries');
const live = client.live({ storage: new MemoryStorage() });
await live.until('polling', 'waiting');
console.log(live.status.state, live.status.reason);
await live.close();
`;

const TYPED = `
import { RolecallClient, RolecallError, type Answered, type CallDetails, type DirectMessageResult, type SentMessage, type Limit } from 'rolecall-client';
const client = new RolecallClient({ baseUrl: 'https://api.example.com', token: async () => 't', retry: { maxAttempts: 2 }, timeoutMs: 1000 });
export async function send(recipient_id: string): Promise<string> {
  try {
    const sent: Answered<SentMessage> = await client.sendDm({ recipient_id, content: 'Hello' }, { retry: false, idempotencyKey: null });
    const call: CallDetails = sent.call;
    const limit: Limit | undefined = call.limits[0];
    const results = await client.checkPermissions([{ action: 'suspend', target_id: recipient_id }]);
    const all: Answered<readonly DirectMessageResult[]> = await client.sendDms([{ recipient_id, content: 'Hi', message_id: recipient_id }]);
    const told = all.map((one) => ('seq' in one ? one.seq : one.retry_after_seconds ?? one.code));
    return \`\${sent.seq} \${call.attempts} \${limit?.remaining} \${results[0]?.allowed} \${results.call.replayed} \${told}\`;
  } catch (error) {
    if (error instanceof RolecallError) {
      const { code, call, problem, reasons, retryAfter, status } = error;
      return [code, call.idempotencyKey, problem?.detail, reasons[0]?.allowed_if, retryAfter, status].join();
    }
    throw error;
  }
}
// @ts-expect-error: a direct message has a content
void client.sendDm({ recipient_id: 'a' });
// @ts-expect-error: to be live is of another entry
void client.live();
`;

const TYPED_LIVE = `
import { IndexedDbStorage, MemoryStorage, OutboxFullError, RolecallClient, type Live, type LiveStatus, type OutboxEntry, type Storage } from 'rolecall-client/live';
import { FileStorage } from 'rolecall-client/file';
const client = new RolecallClient({ baseUrl: 'https://api.example.com', token: 't' });
const storage: Storage = Math.random() < 0.5 ? new MemoryStorage() : new IndexedDbStorage('ada');
const live: Live = client.live({ storage, pollMs: 5_000, webSocket: WebSocket });
const end: () => void = live.on('message', async ({ conversation_id, seq, message }) => console.log(conversation_id, seq, message?.id));
live.on('message', (told) => told.domain === 'conversations' && console.log(told.message.deleted, told.message.content));
live.on('status', ({ state, reason, retryAt }: LiveStatus) => console.log(state, reason, retryAt));
live.on('typing', ({ user_id, until }) => console.log(user_id, Date.parse(until) - live.now()));
// @ts-expect-error: nothing has this name
live.on('massage', () => undefined);
export async function main(): Promise<void> {
  const outbox = client.outbox({ storage: await FileStorage.open('state') });
  outbox.on('sent', ({ message_id, seq, replayed }) => console.log(message_id, seq, replayed));
  outbox.on('parked', ({ message_id, refusal }) => console.log(message_id, refusal?.reasons[0]?.allowed_if));
  const entry: OutboxEntry = await outbox.send({ recipient_id: 'a', content: 'b' });
  await outbox.retry(entry.message_id);
  for await (const told of live) {
    if (told.name === 'changed') {
      console.log(told.event.seq, told.event.domain === 'help' ? told.event.message_id : told.event.message.id);
    }
  }
  end();
  console.log(OutboxFullError.name);
}
// @ts-expect-error: a message has a content
void client.outbox().send({ recipient_id: 'a' });
`;

try {
  // The newcomer's way: a folder that is not built.
  copy('folder');
  app('linked');
  run('linked', 'npm', 'install', '../folder', '--omit=dev');
  writeFileSync(join(place, 'linked/use.mjs'), USE);
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  assert.equal(run('linked', 'node', 'use.mjs').trim(), version);

  // What npm would publish: exactly this.
  copy('packed');
  symlinkSync(join(source, 'node_modules'), join(place, 'packed/node_modules'));
  mkdirSync(join(place, 'packed/dist'));
  writeFileSync(join(place, 'packed/dist/left-behind.js'), '');
  const [{ files, filename }] = JSON.parse(run('packed', 'npm', 'pack', '--json', '--silent').replace(/^[^[]*/, ''));
  const modules = ['client', 'errors', 'index', 'limits', 'permissions', 'retry', 'rules.generated', 'types.generated',
    'versions'];
  const live = ['emitter', 'feed', 'file', 'index', 'ledger', 'live', 'options', 'outbox', 'outbox_options', 'positions', 'pump',
    'shelf', 'socket', 'storage', 'surroundings', 'trails', 'turns', 'uuid', 'wire'];
  modules.push(...live.map((name) => `live/${name}`));
  const built = modules.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  assert.deepEqual(files.map(({ path }) => path).sort(), ['LICENSE', 'README.md', ...built, 'package.json'].sort());
  assert.equal(readFileSync(join(source, 'LICENSE'), 'utf8'), readFileSync(join(source, '../../LICENSE'), 'utf8'));

  // In an empty folder, without a network: it needs nothing else.
  app('installed');
  run('installed', 'npm', 'install', `../packed/${filename}`, '--offline', '--ignore-scripts');
  writeFileSync(join(place, 'installed/use.mjs'), USE);
  assert.equal(run('installed', 'node', 'use.mjs').trim(), version);
  // Without NATS it is live by asking, and says why.
  writeFileSync(join(place, 'installed/use-live.mjs'), USE_LIVE);
  assert.equal(run('installed', 'node', 'use-live.mjs').trim(), 'polling no_nats');
  const { exports, sideEffects, engines, license, dependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(place, 'installed/node_modules/rolecall-client/package.json'), 'utf8'),
  );
  assert.deepEqual(Object.keys(exports), ['.', './live', './file', './package.json']);
  assert.ok(['.', './live', './file'].every((entry) => Object.keys(exports[entry])[0] === 'types'), 'types come first');
  assert.deepEqual(peerDependenciesMeta, { '@nats-io/nats-core': { optional: true } });
  assert.deepEqual([sideEffects, engines.node, license, dependencies], [false, '>=20', 'Apache-2.0', undefined]);

  // Its types, as bundlers and as Node resolve them; the package's own declarations are checked too.
  writeFileSync(join(place, 'installed/typed.ts'), TYPED);
  writeFileSync(join(place, 'installed/typed-live.ts'), TYPED_LIVE);
  for (const [module, resolution] of [['esnext', 'bundler'], ['node16', 'node16']]) {
    const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable'];
    run('installed', 'node', compiler, ...flags, '--module', module, '--moduleResolution', resolution, 'typed.ts', 'typed-live.ts');
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
console.log('the package is what its users need');
