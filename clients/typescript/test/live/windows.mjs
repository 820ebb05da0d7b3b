// Two windows in Chromium, each somebody's: what is typed in one is seen in the other; the network is cut, both write, the network
// is back, and both have the same, whole. A third window is a second tab of the first person. ROLECALL_TEST_SETUP may have a real
// server and its users, `{baseUrl, one, other, show}`; else it is the model, with a real nats-server.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as browsers from './browser.mjs';

if (!('WebSocket' in globalThis)) {
  const { status } = spawnSync(process.execPath, ['--experimental-websocket', fileURLToPath(import.meta.url)], { stdio: 'inherit' });
  process.exit(status);
}
const { RolecallClient } = await import('../../dist/live/index.js');
const { start: startProxy } = await import('./proxy.mjs');

const closing = [];
let setup = process.env.ROLECALL_TEST_SETUP && JSON.parse(process.env.ROLECALL_TEST_SETUP);
if (!setup) {
  const broker = await (await import('./broker.mjs')).start();
  const model = await (await import('./model.mjs')).start(broker);
  const [one, other] = [randomUUID(), randomUUID()].map((id) => ({ id, token: id }));
  setup = { baseUrl: model.address, one, other };
  closing.push(() => model.close(), () => broker.close());
}
const { one, other, show } = setup;
const token = await new RolecallClient({ baseUrl: setup.baseUrl, token: one.token }).realtimeToken();
const [web, socket] = await Promise.all([startProxy(new URL(setup.baseUrl).host), startProxy(new URL(token.url).host)]);
const page = await browsers.serve();
const browser = await browsers.start();
closing.unshift(() => browser.close(), () => page.close(), () => web.close(), () => socket.close());

try {
  const chat = (user, whom) =>
    `chat(${JSON.stringify({ baseUrl: `http://${web.address}`, socketHost: socket.address, user, other: whom.id, show })})`;
  const [left, right] = await Promise.all([browser.window(page.address), browser.window(page.address)]);
  await Promise.all([left.evaluate(chat(one, other)), right.evaluate(chat(other, one))]);
  const all = [left, right];
  const whole = async (windows, count) => {
    for (const window of windows) {
      await window.until(`document.querySelectorAll("#messages li").length === ${count} && document.querySelectorAll("#waiting li").length === 0`);
    }
    const [first, ...rest] = await Promise.all(windows.map((window) => window.shown()));
    rest.forEach((shown) => assert.deepEqual(shown, first));
    assert.deepEqual(first.map(([seq]) => seq), Array.from({ length: count }, (_, place) => place + 1));
    return first.map(([, text]) => text);
  };

  // Typed in one, seen in the other.
  await left.type('Are you there?');
  await right.until('document.querySelector("#messages")?.innerText.includes("Are you there?")');
  await right.type('I am.');
  assert.deepEqual(await whole(all, 2), ['Are you there?', 'I am.']);

  // The network is cut in the middle, and nobody is told: both write.
  web.cut();
  socket.cut();
  await Promise.all(all.map((window) => window.until('document.querySelector("#state").textContent === "waiting"')));
  for (let count = 0; count < 5; count++) {
    await Promise.all([left.type(`left ${count}`), right.type(`right ${count}`)]);
  }
  assert.equal((await left.shown()).length, 2);
  web.mend();
  socket.mend();
  const texts = await whole(all, 12);
  const of = (side) => texts.filter((text) => text.startsWith(side));
  assert.deepEqual(of('left'), Array.from({ length: 5 }, (_, count) => `left ${count}`));
  assert.deepEqual(of('right'), Array.from({ length: 5 }, (_, count) => `right ${count}`));

  // One browser is offline, and is closed and opened again before it is back: what was typed there is not lost.
  await left.offline(true);
  await left.until('document.querySelector("#state").textContent === "offline"');
  await left.type('typed offline');
  await right.type('typed meanwhile');
  await right.until('document.querySelectorAll("#messages li").length === 13');
  await left.until('document.querySelectorAll("#waiting li").length === 1');
  await left.offline(false);
  await whole(all, 14);
  web.cut();
  socket.cut();
  await left.type('typed before it was closed');
  // It is shown as waiting when it is kept.
  await left.until('document.querySelectorAll("#waiting li").length === 1');
  await left.load();
  web.mend();
  socket.mend();
  await left.evaluate(chat(one, other));
  await right.until('document.querySelector("#messages").innerText.includes("typed before it was closed")');
  await left.until('document.querySelector("#messages").innerText.includes("typed before it was closed")');
  assert.deepEqual((await right.shown()).length, 15);

  // Two tabs of one person share the outbox: one order, nothing twice.
  const tab = await browser.window(page.address, left.context);
  await tab.evaluate(chat(one, other));
  web.cut();
  for (let count = 0; count < 10; count++) {
    await (count % 2 ? tab : left).type(`tab ${count}`);
  }
  for (const window of [left, tab]) {
    await window.until('document.querySelectorAll("#waiting li").length === 10');
  }
  web.mend();
  await right.until('document.querySelectorAll("#messages li").length === 25');
  const last = (await right.shown()).slice(15).map(([, text]) => text);
  assert.deepEqual(last, Array.from({ length: 10 }, (_, count) => `tab ${count}`));
  // The tab that sends is closed; the other one takes over.
  await left.close();
  await tab.type('from the tab that is left');
  await right.until('document.querySelectorAll("#messages li").length === 26');
} finally {
  for (const close of closing) {
    await close();
  }
}
console.log('both windows are whole');
