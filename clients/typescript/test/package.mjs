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
  const built = modules.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  assert.deepEqual(files.map(({ path }) => path).sort(), ['LICENSE', 'README.md', ...built, 'package.json'].sort());
  assert.equal(readFileSync(join(source, 'LICENSE'), 'utf8'), readFileSync(join(source, '../../LICENSE'), 'utf8'));

  // In an empty folder, without a network: it needs nothing else.
  app('installed');
  run('installed', 'npm', 'install', `../packed/${filename}`, '--offline', '--ignore-scripts');
  writeFileSync(join(place, 'installed/use.mjs'), USE);
  assert.equal(run('installed', 'node', 'use.mjs').trim(), version);
  const { exports, sideEffects, engines, license, dependencies } = JSON.parse(
    readFileSync(join(place, 'installed/node_modules/rolecall-client/package.json'), 'utf8'),
  );
  assert.equal(Object.keys(exports['.'])[0], 'types', 'types come first');
  assert.deepEqual([sideEffects, engines.node, license, dependencies], [false, '>=20', 'Apache-2.0', undefined]);

  // Its types, as bundlers and as Node resolve them; the package's own declarations are checked too.
  writeFileSync(join(place, 'installed/typed.ts'), TYPED);
  for (const [module, resolution] of [['esnext', 'bundler'], ['node16', 'node16']]) {
    const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable'];
    run('installed', 'node', compiler, ...flags, '--module', module, '--moduleResolution', resolution, 'typed.ts');
  }
} finally {
  rmSync(place, { recursive: true, force: true });
}
console.log('the package is what its users need');
