// Live and outbox on Node, Bun, Deno and Chromium, each against a real nats-server. ROLECALL_TEST_SETUP may have the real server
// and two users for each, `{baseUrl, shows: {node: show, ...}, pairs: {node: [one, other], ...}}`; else it is the model.

import { randomUUID } from 'node:crypto';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as browsers from './browser.mjs';

if (!('WebSocket' in globalThis)) {
  const { status } = spawnSync(process.execPath, ['--experimental-websocket', fileURLToPath(import.meta.url)], { stdio: 'inherit' });
  process.exit(status);
}

const package_ = fileURLToPath(new URL('../..', import.meta.url));
const script = join(package_, 'test/live/portable-run.mjs');
const programs = join(package_, 'test/runtimes/node_modules/.bin');
const closing = [];
let setup = process.env.ROLECALL_TEST_SETUP && JSON.parse(process.env.ROLECALL_TEST_SETUP);
if (!setup) {
  const broker = await (await import('./broker.mjs')).start();
  const model = await (await import('./model.mjs')).start(broker);
  const user = () => {
    const id = randomUUID();
    return { id, token: id };
  };
  setup = { baseUrl: model.address, pairs: Object.fromEntries(['node', 'bun', 'deno', 'chromium'].map((name) => [name, [user(), user()]])) };
  closing.push(() => model.close(), () => broker.close());
}

function run(program, args, own) {
  const env = { ...process.env, ROLECALL_TEST_SETUP: JSON.stringify(own), NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: package_, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    child.stdout.on('data', (piece) => (printed += piece));
    child.stderr.on('data', (piece) => (printed += piece));
    const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      status === 0 ? resolve(printed.trim().split('\n').at(-1)) : reject(new Error(`${program} ${args.join(' ')} (${status}): ${printed}`));
    });
  });
}

async function inChromium(own) {
  const page = await browsers.serve();
  const browser = await browsers.start();
  try {
    const window = await browser.window(page.address);
    return `${await window.evaluate(`portable(${JSON.stringify(own)})`)} messages written here and told there`;
  } finally {
    await browser.close();
    page.close();
  }
}

const RUNTIMES = {
  node: (own) => run('node', ['--experimental-websocket', script], own),
  bun: (own) => run(join(programs, 'bun'), ['run', script], own),
  deno: (own) => run(join(programs, 'deno'), ['run', '--no-lock', '--no-remote', '--node-modules-dir=manual', '--allow-net', '--allow-env', '--allow-read', script], own),
  chromium: inChromium,
};
const failures = [];
await Promise.all(
  Object.entries(RUNTIMES).map(async ([name, test]) => {
    const [one, other] = setup.pairs[name];
    try {
      console.log(`${name}: ${await test({ baseUrl: setup.baseUrl, show: setup.shows?.[name], one, other })}`);
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    }
  }),
);
for (const close of closing) {
  await close();
}
if (failures.length > 0) {
  console.error(failures.join('\n\n'));
  process.exit(1);
}
console.log('every platform is live');
