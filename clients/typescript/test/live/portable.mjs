// Live and outbox on any platform: one writes, the other is told. `setup` is {baseUrl, one, other, show}, both {id, token}.

import { MemoryStorage, RolecallClient } from '../../dist/live/index.js';

const COUNT = 30;

export async function portable({ baseUrl, one, other, show }) {
  const storage = new MemoryStorage();
  const writer = new RolecallClient({ baseUrl, token: one.token });
  const reader = new RolecallClient({ baseUrl, token: other.token });
  const live = reader.live({ storage });
  const outbox = writer.outbox();
  const found = [];
  live.on('message', ({ message }) => void found.push(message.content));
  if (!(await live.until('live', 'polling')) || live.status.state !== 'live') {
    throw new Error(`it is ${live.status.state}: ${live.status.reason ?? live.status.error}`);
  }
  const wanted = Array.from({ length: COUNT }, (_, count) => `message ${count}`);
  await Promise.all(wanted.map((content) => outbox.send({ recipient_id: other.id, content, ...(show && { show_id: show }) })));
  const end = Date.now() + 20_000;
  while (found.length < COUNT && Date.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`told of ${JSON.stringify(found)}`);
  }
  await Promise.all([live.close(), outbox.close()]);
  const kept = await storage.read('live/at/');
  if (kept.length !== 1 || kept[0][1].seq < COUNT) {
    throw new Error(`kept is ${JSON.stringify(kept)}`);
  }
  return COUNT;
}
