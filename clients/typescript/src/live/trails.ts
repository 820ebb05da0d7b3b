// Help conversations and threads: their messages have no revisions, and those of help no numbers. What is published is told as
// it comes; behind a sync, what came since the last message that was told is asked for.

import { RolecallError } from '../errors.js';
import { delayAfter, DEFAULT_RETRY, wait } from '../retry.js';
import type { Emitter } from './emitter.js';
import type { LiveEvents, LiveMessage, LiveServer } from './options.js';
import type { Positions } from './positions.js';
import type { Turns } from './turns.js';
import type { HelpConversation, ThreadCard, Uuid } from '../types.generated.js';
import type { MessageChanged, MessageCreated } from './wire.js';

/** So many ids of help messages are remembered, to drop what is asked for and comes as an event, too. */
const MAX_TOLD = 1_000;

type TrailMessage = Exclude<LiveMessage, { readonly domain: 'conversations' }>;

export class Trails {
  readonly #server: LiveServer;
  readonly #events: Emitter<LiveEvents>;
  readonly #ending: AbortSignal;
  readonly #turns: Turns;
  readonly #positions: Positions;
  readonly #tails = new Map<Uuid, Promise<void>>();
  readonly #told = new Set<Uuid>();

  constructor(server: LiveServer, events: Emitter<LiveEvents>, ending: AbortSignal, turns: Turns, positions: Positions) {
    this.#server = server;
    this.#events = events;
    this.#ending = ending;
    this.#turns = turns;
    this.#positions = positions;
  }

  /** An event about a message. */
  event(event: (MessageCreated | MessageChanged) & { readonly domain: 'help' | 'threads' }): void {
    const { conversation_id } = event;
    this.#behind(conversation_id, async () => {
      if (event.type === 'message.changed') {
        await this.#events.tell('changed', event);
      } else {
        await this.#tell(event);
      }
    });
  }

  /** A sync says that a help conversation has changed. */
  help({ id, last_message }: HelpConversation): void {
    this.#behind(id, async () => {
      const since = this.#positions.trail(id);
      if (typeof since !== 'string') {
        // Whoever was told nothing of it begins with how it is now.
        last_message && this.#positions.setTrail(id, last_message.id);
      } else if (last_message !== null && last_message.id !== since) {
        await this.#asked(id, async (last) => {
          const { messages } = await this.#server.help(id, last === undefined ? since : String(last), this.#ending);
          const found = messages.map((message) => ({ domain: 'help', conversation_id: id, seq: null, message_id: message.id, message }) as const);
          return found.map((message) => [message, message.message_id] as const);
        });
      }
    });
  }

  /** A sync says that a thread has changed. */
  thread({ id }: ThreadCard): void {
    this.#behind(id, async () => {
      const since = this.#positions.trail(id);
      if (typeof since === 'number') {
        await this.#asked(id, async (last) => {
          const { messages } = await this.#server.thread(id, last === undefined ? since : Number(last), this.#ending);
          const found = messages.map((message) => ({ domain: 'threads', conversation_id: id, seq: message.seq, message }) as const);
          return found.map((message) => [message, message.seq] as const);
        });
      }
    });
  }

  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  /** Asks page by page until there are no more. */
  async #asked(id: Uuid, page: (last: number | Uuid | undefined) => Promise<readonly (readonly [TrailMessage, number | Uuid])[]>): Promise<void> {
    let last: number | Uuid | undefined;
    for (let attempt = 0; !this.#ending.aborted; ) {
      try {
        const found = await this.#turns.take(() => page(last));
        attempt = 0;
        for (const [message] of found) {
          await this.#tell(message);
        }
        if (found.length === 0) {
          return;
        }
        last = found.at(-1)?.[1];
      } catch (error) {
        if (error instanceof RolecallError && error.status !== undefined && error.status < 500 && error.status !== 429 && error.status !== 401) {
          // It is not the caller's any more, or the message is gone that it went on from.
          this.#positions.forgetTrail(id);
          return;
        }
        attempt += 1;
        await wait(delayAfter(attempt, undefined, DEFAULT_RETRY) ?? 0, this.#ending).catch(() => undefined);
      }
    }
  }

  async #tell(message: TrailMessage): Promise<void> {
    const { conversation_id } = message;
    if (message.domain === 'threads') {
      const last = this.#positions.trail(conversation_id);
      if (typeof last === 'number' && message.seq <= last) {
        return;
      }
      await this.#events.tell('message', message);
      this.#positions.setTrail(conversation_id, message.seq);
    } else if (!this.#told.has(message.message_id)) {
      this.#told.add(message.message_id);
      for (const oldest of this.#told) {
        if (this.#told.size <= MAX_TOLD) {
          break;
        }
        this.#told.delete(oldest);
      }
      await this.#events.tell('message', message);
      this.#positions.setTrail(conversation_id, message.message_id);
    }
  }

  /** One thing after the other in each conversation. */
  #behind(id: Uuid, task: () => Promise<void>): void {
    const tail = (this.#tails.get(id) ?? Promise.resolve()).then(task).catch(() => undefined);
    this.#tails.set(id, tail);
    void tail.then(() => this.#tails.get(id) === tail && this.#tails.delete(id));
  }
}
