// Headless Chromium over the DevTools protocol, through pipes; and the chat as one file, which Bun bundles.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const PATIENCE = 30_000;

/** Serves an empty page, or that of the chat, and these modules, each bundled with what it imports; gives its address. */
export async function serve(modules = { 'app.js': join(here, 'app.mjs') }) {
  const folder = await mkdtemp(join(tmpdir(), 'rolecall-page-'));
  const bun = join(here, '../runtimes/node_modules/.bin/bun');
  const scripts = new Map();
  for (const [name, path] of Object.entries(modules)) {
    const { status, stderr, error } = spawnSync(bun, ['build', path, '--target=browser', `--outfile=${join(folder, name)}`], { encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(`bun does not bundle ${name}: ${error ?? stderr}`);
    }
    scripts.set(`/${name}`, await readFile(join(folder, name)));
  }
  await rm(folder, { recursive: true });
  const app = scripts.has('/app.js') ? '<script type="module" src="/app.js"></script>' : '';
  const server = createServer((request, response) => {
    const script = scripts.get(request.url.split('?')[0]);
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ?? `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body></body>${app}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Starts `$CHROMIUM` or `chromium`. */
export async function start() {
  const profile = await mkdtemp(join(tmpdir(), 'rolecall-chromium-'));
  const flags = ['--headless=new', '--remote-debugging-pipe', '--disable-gpu', '--no-first-run', '--disable-dev-shm-usage', '--disable-background-networking', `--user-data-dir=${profile}`];
  // The sandbox refuses to work for root.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(process.env.CHROMIUM ?? 'chromium', [...flags, ...sandbox], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], detached: true });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const [, , , commands, answers] = child.stdio;
  const open = new Map();
  let last = 0;
  let rest = Buffer.alloc(0);
  answers.on('data', (piece) => {
    rest = Buffer.concat([rest, piece]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const { id, result, error } = JSON.parse(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      const { resolve, reject } = open.get(id) ?? {};
      open.delete(id);
      error ? reject?.(new Error(error.message)) : resolve?.(result);
    }
  });
  commands.on('error', () => undefined);
  const command = (method, params = {}, sessionId = undefined) =>
    new Promise((resolve, reject) => {
      last += 1;
      const timer = setTimeout(() => reject(new Error(`no answer to ${method} ${JSON.stringify(params).slice(0, 200)}`)), 2 * PATIENCE);
      const settled = (settle) => (value) => {
        clearTimeout(timer);
        settle(value);
      };
      open.set(last, { resolve: settled(resolve), reject: settled(reject) });
      commands.write(`${JSON.stringify({ id: last, method, params, ...(sessionId && { sessionId }) })}\0`);
    });

  /** A window of its own (or of a context that is given): nothing is shared with those of other contexts. */
  async function window(address, context, loaded = 'typeof globalThis.chat === "function"') {
    const { browserContextId } = context === undefined ? await command('Target.createBrowserContext') : { browserContextId: context };
    const { targetId } = await command('Target.createTarget', { url: 'about:blank', browserContextId });
    const { sessionId } = await command('Target.attachToTarget', { targetId, flatten: true });
    const send = (method, params) => command(method, params, sessionId);
    await send('Page.enable');
    await send('Network.enable');
    const evaluate = async (expression) => {
      const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) {
        throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
      }
      return result.value;
    };
    const until = async (expression) => {
      const end = Date.now() + PATIENCE;
      while ((await evaluate(expression)) !== true) {
        if (Date.now() > end) {
          throw new Error(`waited in vain for ${expression}; the page says ${await evaluate('document.body.innerText')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const load = async () => {
      await send('Page.navigate', { url: address });
      await until(`location.href.startsWith(${JSON.stringify(address)}) && ${loaded}`);
    };
    await load();
    return {
      context: browserContextId,
      evaluate,
      until,
      load,
      /** Types it, key by key as it were, and presses Enter. */
      type: async (text) => {
        await evaluate('document.querySelector("#text").focus()');
        await send('Input.insertText', { text });
        for (const type of ['keyDown', 'keyUp']) {
          await send('Input.dispatchKeyEvent', { type, key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, ...(type === 'keyDown' && { text: '\r' }) });
        }
        await until('document.querySelector("#text").value === ""');
      },
      shown: async () => JSON.parse(await evaluate('JSON.stringify([...document.querySelectorAll("#messages li")].map((item) => [Number(item.dataset.seq), item.textContent]))')),
      /** As when the cable is pulled, and the browser notices. */
      offline: (isOffline) => send('Network.emulateNetworkConditions', { offline: isOffline, latency: 0, downloadThroughput: -1, uploadThroughput: -1 }),
      close: () => command('Target.closeTarget', { targetId }),
    };
  }

  return {
    window,
    close: async () => {
      await Promise.race([command('Browser.close').catch(() => undefined), ended]);
      const stuck = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 10_000);
      await ended;
      clearTimeout(stuck);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
