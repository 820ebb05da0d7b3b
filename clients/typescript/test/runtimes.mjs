// Runs portable.mjs on every platform: Node, Bun, Deno, and Chromium without a window. ROLECALL_TEST_SETUP may have the
// real server and its users (see portable.mjs). What is missing is said, and fails unless it is named in
// ROLECALL_WITHOUT_RUNTIMES (`deno,chromium`).

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from './faulty.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));
const programs = join(folder, 'test/runtimes/node_modules/.bin');
const script = join(folder, 'test/portable-run.mjs');
const PATIENCE = 120_000;

/** Runs a program to its end; gives what it printed, and fails if it fails. */
function run(program, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    child.stdout.on('data', (piece) => (printed += piece));
    child.stderr.on('data', (piece) => (printed += piece));
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      status === 0 ? resolve(printed.trim()) : reject(new Error(`${program} ${args.join(' ')} (${status}): ${printed}`));
    });
  });
}

/** The first of these programs that can be run. */
async function found(...names) {
  for (const name of names) {
    const places = name.includes('/') ? [name] : (process.env.PATH ?? '').split(':').map((place) => join(place, name));
    for (const place of places) {
      if (await access(place).then(() => true, () => false)) {
        return place;
      }
    }
  }
  return undefined;
}

/** Serves the package and a page that runs the tests; `result` is what the page says in the end. */
async function page(setup) {
  let say;
  const result = new Promise((resolve) => (say = resolve));
  const html = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module">
    const say = (body) => fetch('/result', { method: 'POST', body: JSON.stringify(body) });
    addEventListener('error', ({ message }) => say({ error: message }));
    try {
      const { portable } = await import('/test/portable.mjs');
      await say({ kept: await portable(${JSON.stringify(setup)}) });
    } catch (error) {
      await say({ error: String(error?.message ?? error) });
    }
  </script>`;
  const server = createServer(async (request, response) => {
    if (request.url === '/result') {
      let body = '';
      for await (const piece of request) {
        body += piece;
      }
      response.end();
      return say(JSON.parse(body));
    }
    if (request.url === '/') {
      response.setHeader('content-type', 'text/html');
      return response.end(html);
    }
    if (!/^\/(dist|test)\/[a-z.]+\.m?js$/.test(request.url)) {
      response.statusCode = 404;
      return response.end();
    }
    response.setHeader('content-type', 'text/javascript');
    response.end(await readFile(join(folder, request.url)));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}/`, result, close };
}

async function inChromium(program, setup) {
  const served = await page(setup);
  const profile = await mkdtemp(join(tmpdir(), 'rolecall-chromium-'));
  const flags = ['--headless=new', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage', '--disable-background-networking', `--user-data-dir=${profile}`];
  // The sandbox refuses to work for root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(program, [...flags, ...sandbox, served.address], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let printed = '';
  child.stderr.on('data', (piece) => (printed += piece));
  const ended = new Promise((resolve) => child.on('close', resolve));
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve({ error: `no result: ${printed}` }), PATIENCE)));
  const early = ended.then((status) => ({ error: `${program} ended (${status}): ${printed}` }));
  try {
    const { kept, error } = await Promise.race([served.result, early, late]);
    assert.equal(error, undefined);
    return `${kept} promises kept`;
  } finally {
    clearTimeout(timer);
    // Asked, it takes its helpers with it.
    child.kill('SIGTERM');
    const stuck = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 10_000);
    await ended;
    clearTimeout(stuck);
    served.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** An address where nobody listens: a port that no service has and that browsers do not forbid. */
const DEAD = 'http://127.0.0.1:4';

const faulty = await start();
const setup = { ...JSON.parse(process.env.ROLECALL_TEST_SETUP ?? '{}'), faulty: faulty.address, dead: DEAD };
const environment = { ROLECALL_TEST_SETUP: JSON.stringify(setup), NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' };
const RUNTIMES = [
  ['node', ['node'], (program) => run(program, [script], environment)],
  ['bun', [join(programs, 'bun'), 'bun'], (program) => run(program, ['run', script], environment)],
  ['deno', [join(programs, 'deno'), 'deno'], (program) => run(program, ['run', '--no-lock', '--no-remote', '--no-npm', '--allow-net', '--allow-env', script], environment)],
  ['chromium', [process.env.CHROMIUM ?? 'chromium', 'chromium-browser', 'google-chrome'], (program) => inChromium(program, setup)],
];
const without = new Set((process.env.ROLECALL_WITHOUT_RUNTIMES ?? '').split(','));
const failures = [];
await Promise.all(
  RUNTIMES.map(async ([name, programs, test]) => {
    const program = await found(...programs);
    if (program === undefined) {
      return void (without.has(name)
        ? console.log(`${name}: not here, left out`)
        : failures.push(`${name} is missing: run \`make client-runtimes need-chromium\``));
    }
    const begun = Date.now();
    try {
      const said = await test(program);
      console.log(`${name}: ${said} in ${((Date.now() - begun) / 1000).toFixed(1)} s`);
    } catch (error) {
      failures.push(`${name}: ${error.message}`);
    }
  }),
);
await faulty.close();
if (failures.length > 0) {
  console.error(failures.join('\n\n'));
  process.exit(1);
}
console.log('every platform keeps its promises');
