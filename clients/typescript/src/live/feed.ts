// What a caller knows, and what follows from an event or a sync: each conversation by its pump, all of them to one emitter.

import { RolecallError } from '../errors.js';
import { DEFAULT_RETRY } from '../retry.js';
import type { Emitter } from './emitter.js';
import type { Question } from './ledger.js';
import type { LiveEvents, LiveServer } from './options.js';
import { Positions } from './positions.js';
import { Pump, type Answer, type PumpHost } from './pump.js';
import type { Storage } from './storage.js';
import { Trails } from './trails.js';
import { Turns } from './turns.js';
import type { SyncAnswer, Uuid } from '../types.generated.js';
import type { Position, ServerEvent } from './wire.js';

const PAGE = 200;
const HAVE = 100;
/** So many events are held while a sync goes on; beyond that the sync is made again. */
const MAX_EARLY = 5_000;
/** So many ids of events are remembered, to drop what comes twice and has no number. */
const MAX_RECENT = 1_000;
const NOTHING: Position = { seq: 0, revision: 0 };
const RETRY = { ...DEFAULT_RETRY, baseDelayMs: 1_000, maxDelayMs: 60_000, maxRetryAfterMs: 600_000 };

type HaveEntry = { readonly conversation_id: Uuid } & Position;

export class Feed {
  readonly #server: LiveServer;
  readonly #events: Emitter<LiveEvents>;
  readonly #ending: AbortSignal;
  readonly #positions: Positions;
  readonly #turns: Turns;
  readonly #host: PumpHost;
  readonly #trails: Trails;
  readonly #pumps = new Map<Uuid, Pump>();
  readonly #recent = new Set<string>();
  #early: ServerEvent[] | undefined;
  /** Whether something may have been missed, so that a sync is due. */
  isStale = false;

  constructor(
    server: LiveServer,
    events: Emitter<LiveEvents>,
    ending: AbortSignal,
    storage: Storage,
    maxRequests: number,
    failed: (error: unknown) => void,
  ) {
    this.#server = server;
    this.#events = events;
    this.#ending = ending;
    this.#positions = new Positions(storage, failed);
    this.#turns = new Turns(maxRequests);
    this.#host = {
      signal: ending,
      retry: RETRY,
      ask: (id, question) => this.#turns.take(() => this.#ask(id, question)),
      tell: (conversation_id, { type, seq, message }) =>
        events.tell(type, { domain: 'conversations', conversation_id, seq, message }),
      moved: (id, position) => this.#positions.set(id, position),
      gone: (id) => this.#gone(id),
    };
    this.#trails = new Trails(server, events, ending, this.#turns, this.#positions);
  }

  load(): Promise<void> {
    return this.#positions.load();
  }

  save(): Promise<void> {
    return this.#positions.save();
  }

  /** Holds what is heard from now on, until a sync is over. */
  hold(): void {
    this.#early ??= [];
  }

  /** An event was published; gives whether a sync is due. */
  heard(event: ServerEvent): void {
    if (this.#early === undefined) {
      this.#apply(event);
    } else if (this.#early.length < MAX_EARLY) {
      this.#early.push(event);
    } else {
      this.#early = [];
      this.isStale = true;
    }
  }

  /** Forgets what was held: the socket is gone that it was heard on, and a sync comes with the next. */
  release(): void {
    this.#early = undefined;
  }

  /** Asks for everything since the cursor, then takes what was held. */
  async sync(): Promise<void> {
    this.hold();
    do {
      this.isStale = false;
      await this.#pages();
    } while (this.isStale);
    const early = this.#early ?? [];
    this.#early = undefined;
    early.forEach((event) => this.#apply(event));
    // Once everything up to the cursor was told, it is kept.
    const { cursor } = this.#positions;
    void this.settled().then(() => this.#ending.aborted || this.#positions.keep(cursor));
  }

  /** Waits until everything that is known of was told. */
  async settled(): Promise<void> {
    await Promise.all([...[...this.#pumps.values()].map((pump) => pump.idle), this.#trails.idle()]);
  }

  async #pages(): Promise<void> {
    const isFirst = this.#positions.cursor === undefined;
    let cursor = this.#positions.cursor;
    let have = this.#have();
    for (let more = true; more; have = []) {
      let page: SyncAnswer;
      try {
        const request = { limit: PAGE, ...(cursor !== undefined && { cursor }), ...(have.length > 0 && { have }) };
        page = await this.#server.sync(request, this.#ending);
      } catch (error) {
        if (!(error instanceof RolecallError) || error.status !== 410 || cursor === undefined) {
          throw error;
        }
        await this.#anew();
        return this.#pages();
      }
      await this.#page(page, have, isFirst);
      ({ cursor, more } = page);
    }
    this.#positions.cursor = cursor;
  }

  async #page(page: SyncAnswer, have: readonly HaveEntry[], isFirst: boolean): Promise<void> {
    page.gone.forEach((id) => this.#gone(id));
    for (const { conversation_id, messages, changed, seq, revision, limited } of page.catch_up) {
      const from = have.find((entry) => entry.conversation_id === conversation_id);
      if (from !== undefined) {
        const pump = this.#pump(conversation_id, from);
        const caughtUp = { seq, revision };
        pump.caughtUp(from, { messages, complete: true, last_seq: seq, revision }, { messages: changed, revision, complete: true });
        // One more than that is asked for; the answer says how far it goes.
        pump.goesTo(limited ? { seq: seq + 1, revision: revision + 1 } : caughtUp);
      }
    }
    for (const card of page.help_conversations) {
      this.#trails.help(card);
      await this.#events.tell('conversation', { domain: 'help', conversation_id: card.id, conversation: card });
    }
    for (const card of page.threads) {
      this.#trails.thread(card);
      await this.#events.tell('conversation', { domain: 'threads', conversation_id: card.id, conversation: card });
    }
    for (const card of page.conversations) {
      const goesTo = { seq: card.last_seq, revision: card.revision };
      // Whoever knows nothing yet begins with how it is now.
      const pump = this.#pump(card.id, isFirst ? goesTo : NOTHING);
      pump.goesTo(goesTo);
      await this.#events.tell('conversation', { domain: 'conversations', conversation_id: card.id, conversation: card });
    }
  }

  #gone(conversation_id: Uuid): void {
    this.#pumps.get(conversation_id)?.stop();
    this.#pumps.delete(conversation_id);
    this.#positions.forget(conversation_id);
    this.#positions.forgetTrail(conversation_id);
    void this.#events.tell('gone', { conversation_id });
  }

  /** The server's numbers are not those that were known: it was restored or moved. */
  async #anew(): Promise<void> {
    this.#pumps.forEach((pump) => pump.stop());
    this.#pumps.clear();
    await this.#positions.clear();
    await this.#events.tell('reset', {});
  }

  #apply(event: ServerEvent): void {
    switch (event.type) {
      case 'message.created':
      case 'message.changed':
        if (event.domain === 'conversations') {
          const { type, seq, revision, message } = event;
          this.#pump(event.conversation_id, NOTHING).event({ type, seq, revision, message });
        } else if (this.#isNew(event)) {
          this.#trails.event(event);
        }
        return;
      case 'resync':
        this.isStale = true;
        return;
      default:
        if (this.#isNew(event)) {
          void this.#tell(event);
        }
    }
  }

  #tell(event: Exclude<ServerEvent, { readonly type: 'message.created' | 'message.changed' | 'resync' }>): Promise<void> {
    switch (event.type) {
      case 'conversation.changed':
        return this.#events.tell('conversation', event);
      case 'member.changed':
        return this.#events.tell('member', event);
      case 'read':
        return this.#events.tell('read', event);
      case 'typing':
        return this.#events.tell('typing', event);
      case 'presence':
        return this.#events.tell('presence', event);
      case 'notification':
        return this.#events.tell('notification', event);
      default:
        // A server that is newer says more.
        return Promise.resolve();
    }
  }

  #isNew({ id }: ServerEvent): boolean {
    if (this.#recent.has(id)) {
      return false;
    }
    this.#recent.add(id);
    for (const oldest of this.#recent) {
      if (this.#recent.size <= MAX_RECENT) {
        break;
      }
      this.#recent.delete(oldest);
    }
    return true;
  }

  #pump(id: Uuid, otherwise: Position): Pump {
    let pump = this.#pumps.get(id);
    if (pump === undefined) {
      pump = new Pump(id, this.#host, this.#positions.get(id) ?? otherwise);
      this.#pumps.set(id, pump);
    }
    return pump;
  }

  async #ask(id: Uuid, question: Question): Promise<Answer> {
    if (question.ask === 'messages') {
      const { messages, has_more_after, conversation } = await this.#server.messages(id, question.since_seq, this.#ending);
      const { last_seq, revision } = conversation;
      return { messages: { messages, complete: !has_more_after, last_seq, revision } };
    }
    const { messages, revision, more } = await this.#server.changes(id, question.since_revision, this.#ending);
    return { changes: { messages, revision, complete: !more } };
  }

  /** What is said of the conversations that were in use last, so that they are caught up in the same answer. */
  #have(): readonly HaveEntry[] {
    return this.#positions.latest(HAVE).map(([conversation_id]) => ({
      conversation_id,
      // What is known and not told yet needs not come again.
      ...this.#pump(conversation_id, NOTHING).position,
    }));
  }
}
