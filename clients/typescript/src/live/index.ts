// `rolecall-client/live`: the client, live and with an outbox.
//
// An entry of its own: what imports `rolecall-client` needs no other package, and a bundler never meets the name of NATS. The
// class has the name of the one that it extends, so that an app changes one import.

import { RolecallClient as Caller } from '../client.js';
import { Live } from './live.js';
import type { LiveOptions } from './options.js';
import { Outbox } from './outbox.js';
import type { OutboxOptions } from './outbox_options.js';

/** The client of `rolecall-client`, which can also be live, and send what was written offline. */
export class RolecallClient extends Caller {
  /** Begins to tell what happens to the caller, without gaps, until it is closed. */
  live(options?: LiveOptions): Live {
    return new Live(
      {
        token: (signal) => this.realtimeToken({ signal, retry: false }),
        sync: (request, signal) => this.sync(request, { signal }),
        messages: (id, since_seq, signal) => this.messages(id, { since_seq, limit: 200, signal, retry: false }),
        help: (id, since, signal) => this.helpConversations.get(id, { since, limit: 200, signal, retry: false }),
        thread: (id, since_seq, signal) => this.threads.messages(id, { since_seq, limit: 200, signal, retry: false }),
        changes: (id, since_revision, signal) => this.changes(id, since_revision, { limit: 200, signal, retry: false }),
      },
      options,
    );
  }

  /** Opens a queue of messages, which are sent in their order as soon as that is possible. */
  outbox(options?: OutboxOptions): Outbox {
    // It repeats by itself.
    return new Outbox({ send: (items, signal) => this.sendDms(items, { signal, retry: false }) }, options);
  }
}

export * from '../index.js';
export type { Tagged } from './emitter.js';
export { Live } from './live.js';
export type * from './options.js';
export { Outbox } from './outbox.js';
export * from './outbox_options.js';
export type { WebSocketConstructor } from './socket.js';
export { IndexedDbStorage, MemoryStorage, type Kept, type Storage } from './storage.js';
export type * from './wire.js';
