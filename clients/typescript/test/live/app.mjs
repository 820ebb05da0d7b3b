// A chat of two people on one page, as an app would write it: what is typed goes into the outbox, what is told is shown. It is
// bundled with the client and NATS for windows.mjs and runtimes.mjs.

import { IndexedDbStorage, RolecallClient } from '../../dist/live/index.js';
import { portable } from './portable.mjs';

globalThis.portable = portable;

/** `{baseUrl, socketHost, user: {id, token}, other}`; the network may stand in between, at other addresses. */
globalThis.chat = async ({ baseUrl, socketHost, user, other, show }) => {
  const throughTheNetwork = async (address, init) => {
    const response = await fetch(address, init);
    if (!address.endsWith('/realtime/token') || !response.ok || socketHost === undefined) {
      return response;
    }
    const answer = await response.json();
    const url = new URL(answer.url);
    url.host = socketHost;
    return new Response(JSON.stringify({ ...answer, url: url.href }), response);
  };
  const client = new RolecallClient({ baseUrl, token: user.token, fetch: throughTheNetwork });
  const live = client.live({ storage: new IndexedDbStorage(`live-${user.id}`), reconnectMs: 200, maxReconnectMs: 1_000 });
  const outbox = client.outbox({ storage: new IndexedDbStorage(`outbox-${user.id}`), baseDelayMs: 100, maxDelayMs: 500 });

  document.body.innerHTML = '<p id="state"></p><ol id="messages"></ol><ol id="waiting"></ol><form><input id="text"></form>';
  const [state, messages, waiting, form, text] = ['#state', '#messages', '#waiting', 'form', '#text'].map((one) => document.querySelector(one));
  live.on('status', ({ state: name }) => (state.textContent = name));
  const show_ = ({ seq, message }) => {
    const before = [...messages.children].find((item) => Number(item.dataset.seq) >= seq);
    const item = document.createElement('li');
    Object.assign(item.dataset, { seq, id: message.id });
    item.textContent = message.content;
    messages.insertBefore(item, before ?? null);
    if (Number(before?.dataset.seq) === seq) {
      before.remove();
    }
    [...waiting.children].find(({ dataset }) => dataset.id === message.id)?.remove();
  };
  live.on('message', show_);
  live.on('changed', show_);
  outbox.on('queued', ({ message_id, message }) => {
    const item = document.createElement('li');
    item.dataset.id = message_id;
    item.textContent = message.content;
    waiting.append(item);
  });
  outbox.on('sent', ({ message_id }) => [...waiting.children].find(({ dataset }) => dataset.id === message_id)?.remove());
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const content = text.value;
    text.value = '';
    void outbox.send({ recipient_id: other, content, ...(show && { show_id: show }) });
  });
  globalThis.opened = { live, outbox };
  await live.until('live');
};
