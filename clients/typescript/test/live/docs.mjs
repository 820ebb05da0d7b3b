// What docs/clients.md shows of live, offline and catch-up: each at most twenty lines, checked by TypeScript, and run in Chromium
// as it stands there, against a real nats-server. ROLECALL_TEST_SETUP may have the real server and its users, `{baseUrl, one, other,
// show}`; else it is the model.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as browsers from './browser.mjs';

if (!('WebSocket' in globalThis)) {
  const { status } = spawnSync(process.execPath, ['--experimental-websocket', fileURLToPath(import.meta.url)], { stdio: 'inherit' });
  process.exit(status);
}
const { RolecallClient } = await import('../../dist/live/index.js');

const package_ = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(join(package_, '../../docs/clients.md'), 'utf8');
const shown = Object.fromEntries([...text.matchAll(/^```ts (\S+)\n([^]*?)^```$/gm)].map(([, name, code]) => [name, code]));
assert.deepEqual(Object.keys(shown), ['live', 'offline', 'catch-up']);
for (const [name, code] of Object.entries(shown)) {
  const { length } = code.trim().split('\n');
  assert.ok(length <= 20, `${name} has ${length} lines`);
}

// What an app has beside it.
const AROUND = `
declare const session: { server: string; accessToken: string; userId: string; friendId: string };
declare const view: Record<'add' | 'replace' | 'read' | 'waiting' | 'sent', (...given: (string | number | null | object)[]) => void>
  & { card(card: object): void; typing(user: string, milliseconds: number): void; online(user: string, is: boolean): void; remove(id: string): void;
      reload(): void; status(state: string): void; triesAgain(reasons: readonly { code: string; message: string }[] | undefined): Promise<boolean> };
`;
const CATCHING_UP = `
import { RolecallClient, type Message } from 'rolecall-client';
declare const rolecall: RolecallClient;
declare const store: { known: Map<string, { seq: number; revision: number }>; cursor: string | undefined;
  remove(id: string): void; put(id: string, messages: readonly Message[], at: { seq: number; revision: number }): void };
`;
const folder = mkdtempSync(join(package_, 'test/docs-'));
const closing = [() => rmSync(folder, { recursive: true })];
try {
  writeFileSync(join(folder, 'live.ts'), AROUND + shown.live);
  writeFileSync(join(folder, 'offline.ts'), AROUND + shown.offline);
  writeFileSync(join(folder, 'catch-up.ts'), `${CATCHING_UP}${shown['catch-up']}\nexport {};`);
  const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable', '--module', 'esnext', '--moduleResolution', 'bundler'];
  const files = ['live.ts', 'offline.ts', 'catch-up.ts'];
  const checked = spawnSync('node', [join(package_, 'node_modules/typescript/bin/tsc'), ...flags, ...files], { cwd: folder, encoding: 'utf8' });
  assert.equal(checked.status, 0, checked.stdout);
  const beginning = "import { RolecallClient } from 'rolecall-client';\nconst rolecall = new RolecallClient({ baseUrl: session.server, token: session.accessToken });\n";
  writeFileSync(join(folder, 'catch-up.ts'), beginning + shown['catch-up']);

  let setup = process.env.ROLECALL_TEST_SETUP && JSON.parse(process.env.ROLECALL_TEST_SETUP);
  if (!setup) {
    const broker = await (await import('./broker.mjs')).start();
    const model = await (await import('./model.mjs')).start(broker);
    const [one, other] = [randomUUID(), randomUUID()].map((id) => ({ id, token: id }));
    setup = { baseUrl: model.address, one, other };
    closing.unshift(() => model.close(), () => broker.close());
  }
  const { one, other, show } = setup;
  const page = await browsers.serve(Object.fromEntries(files.map((file) => [file.replace('.ts', '.js'), join(folder, file)])));
  const browser = await browsers.start();
  closing.unshift(() => browser.close(), () => page.close());
  const session = (user, friend) => ({ server: setup.baseUrl, accessToken: user.token, userId: user.id, friendId: friend.id });
  const open = async (user, friend) => {
    const window = await browser.window(page.address, undefined, 'document.readyState === "complete"');
    await window.evaluate(`
      globalThis.session = ${JSON.stringify(session(user, friend))};
      globalThis.seen = [];
      globalThis.view = new Proxy({}, { get: (_, name) => (...given) => (seen.push([name, ...given]), name === 'triesAgain' ? Promise.resolve(false) : undefined) });
      globalThis.store = { known: new Map(), cursor: undefined, messages: new Map(), put(id, messages, at) {
        messages.forEach((message) => this.messages.set(message.seq, message.content));
        this.known.set(id, at);
      } };
      undefined`);
    return window;
  };
  const saw = (name) => `seen.some(([name]) => name === ${JSON.stringify(name)})`;

  // Live: what somebody writes is added.
  const [left, right] = [await open(one, other), await open(other, one)];
  await left.evaluate('import("/live.js").then(() => undefined)');
  await left.until('seen.some(([name, state]) => name === "status" && state === "live")');
  const writer = new RolecallClient({ baseUrl: setup.baseUrl, token: one.token });
  const results = await writer.sendDms([{ recipient_id: other.id, content: 'The first.', ...(show && { show_id: show }) }]);
  assert.ok(results[0].status < 300, JSON.stringify(results));
  await left.until('seen.some(([name, , message]) => name === "add" && message.content === "The first.")');

  // Offline: what is sent is shown as waiting, and as sent.
  await right.evaluate('import("/offline.js").then(() => undefined)');
  await right.until(saw('waiting'));
  await right.until(saw('sent'));
  await left.until('seen.some(([name, , message]) => name === "add" && message.content === "Do you have it with you?")');

  // Catch-up: what is there is in the store, and what comes later, too.
  await right.evaluate('import("/catch-up.js").then(() => undefined)');
  await right.until('store.cursor !== undefined && store.messages.size === 2');
  for (let count = 0; count < 60; count++) {
    await writer.sendDms([{ recipient_id: other.id, content: `${count}`, ...(show && { show_id: show }) }]);
  }
  await right.evaluate('import("/catch-up.js?again").then(() => undefined)');
  await right.until('store.messages.size === 62');
} finally {
  for (const close of closing) {
    await close();
  }
}
console.log('what the documentation shows works');
