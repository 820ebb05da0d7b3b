// Messages that wait until they are sent: kept before they are, in their order, each once.

import { RolecallError } from '../errors.js';
import { DEFAULT_RETRY, delayAfter, wait } from '../retry.js';
import { Emitter, signal, type Handler } from './emitter.js';
import { OutboxFullError, type OutboxEntry, type OutboxEvents, type OutboxMessage, type OutboxOptions, type OutboxSent, type OutboxServer, type OutboxStatus, type Refusal } from './outbox_options.js';
import { bytesOf, Shelf } from './shelf.js';
import { MemoryStorage, type Kept, type Storage } from './storage.js';
import { Surroundings } from './surroundings.js';
import { freshUuid } from './uuid.js';
import type { Limit } from '../limits.js';
import type { DirectMessageResult, Uuid } from '../types.generated.js';

/** So many messages go in one request. */
const MAX_BATCH = 100;
const RETRY = { ...DEFAULT_RETRY, baseDelayMs: 1_000, maxDelayMs: 60_000, maxRetryAfterMs: Infinity };

/** A queue of messages. Made by `RolecallClient.outbox`. */
export class Outbox {
  readonly #server: OutboxServer;
  readonly #options: OutboxOptions;
  readonly #storage: Storage;
  readonly #shelf: Shelf;
  readonly #events = new Emitter<OutboxEvents>((error) => this.#fails('handler', error));
  readonly #ending = new AbortController();
  readonly #channel: ReturnType<NonNullable<Storage['channel']>> | undefined;
  readonly #around: Surroundings;
  readonly #running: Promise<void>;
  #status: OutboxStatus = { state: 'idle' };
  #wake = signal();
  #isWoken = false;
  #most = MAX_BATCH;
  #failures = 0;
  #limit: { readonly limit: Limit; readonly at: number } | undefined;

  constructor(server: OutboxServer, options: OutboxOptions = {}) {
    this.#server = server;
    this.#options = options;
    this.#storage = options.storage ?? new MemoryStorage();
    this.#shelf = new Shelf(this.#storage);
    this.#channel = this.#storage.channel?.((word) => this.#hears(word as unknown as Word));
    this.#around = new Surroundings((what) => what !== 'offline' && this.#stir(true));
    this.#running = this.#run();
  }

  /** How it stands. */
  get status(): OutboxStatus {
    return this.#status;
  }

  /** Calls a handler from now on; what it gives ends that. */
  on<Name extends keyof OutboxEvents>(name: Name, handler: Handler<OutboxEvents[Name]>): () => void {
    return this.#events.on(name, handler);
  }

  /**
   * Queues a message; given when it is kept, so that it outlives the page or the process. It is sent as soon as that is possible,
   * behind everything that was queued before. Throws an {@link OutboxFullError} where there is no room.
   */
  async send(message: OutboxMessage): Promise<OutboxEntry> {
    const entry: OutboxEntry = {
      message_id: freshUuid(),
      idempotency_key: freshUuid(),
      message,
      queued_at: new Date().toISOString(),
      state: 'queued',
    };
    const { maxMessages = 1_000, maxBytes = 4_000_000 } = this.#options;
    await this.#shelf.add(entry, (count, bytes) => {
      if (count > maxMessages || bytes > maxBytes) {
        throw new OutboxFullError(count - 1, bytes);
      }
    });
    this.#announce('queued', entry);
    this.#stir();
    return entry;
  }

  /** Everything that waits or is parked, in its order. */
  entries(): Promise<readonly OutboxEntry[]> {
    return this.#shelf.entries();
  }

  /** Queues a parked message again, behind the others; false where there is none of this id. */
  async retry(message_id: Uuid): Promise<boolean> {
    // With a new key: the answer to the old one is known.
    const renewed = ({ refusal: _, ...entry }: OutboxEntry): OutboxEntry => ({ ...entry, state: 'queued', idempotency_key: freshUuid() });
    const entry = await this.#shelf.requeue(message_id, renewed);
    if (entry === undefined) {
      return false;
    }
    this.#announce('queued', entry);
    this.#stir();
    return true;
  }

  /** Forgets a parked message; false where there is none of this id. One that waits may be on its way already. */
  async drop(message_id: Uuid): Promise<boolean> {
    const entry = await this.#shelf.drop(message_id);
    if (entry === undefined) {
      return false;
    }
    this.#announce('dropped', entry);
    return true;
  }

  /** Tries at once, without waiting for the next time. */
  flush(): void {
    this.#stir(true);
  }

  /** Ends it: what waits stays in the storage. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#stir();
    this.#around.close();
    await this.#running;
    this.#channel?.close();
    this.#events.close();
  }

  /** Of all who share the storage, one sends. */
  async #run(): Promise<void> {
    const task = async (): Promise<void> => {
      while (!this.#ending.signal.aborted) {
        await this.#turn();
      }
    };
    try {
      await (this.#storage.exclusive === undefined ? task() : this.#storage.exclusive('outbox', this.#ending.signal, task));
    } catch (error) {
      if (!this.#ending.signal.aborted) {
        this.#fails('storage', error);
      }
    }
  }

  async #turn(): Promise<void> {
    this.#isWoken = false;
    // What is queued while the shelf is read wakes, too.
    const woken = this.#wake.promise;
    let batch: readonly OutboxEntry[];
    try {
      batch = this.#batch((await this.#shelf.entries()).filter(({ state }) => state === 'queued'));
      if (batch.length === 0) {
        this.#says({ state: 'idle' });
        return await woken;
      }
      this.#says({ state: 'sending' });
      await this.#send(batch);
    } catch (error) {
      if (!this.#ending.signal.aborted) {
        this.#fails('storage', error);
        await this.#pause(undefined, error);
      }
    }
  }

  async #send(batch: readonly OutboxEntry[]): Promise<void> {
    const items = batch.map(({ message, message_id, idempotency_key }) => ({ ...message, message_id, idempotency_key }));
    let outcomes: readonly (DirectMessageResult | Refusal)[];
    try {
      const results = await this.#server.send(items, this.#ending.signal);
      const limit = results.call.limits.find(({ remaining }) => remaining !== undefined);
      this.#limit = limit && { limit, at: Date.now() };
      outcomes = results;
    } catch (error) {
      if (this.#ending.signal.aborted) {
        return;
      }
      const refusal = refusalOf(error);
      if (refusal === undefined) {
        return this.#pause(error instanceof RolecallError ? error.retryAfter : undefined, error);
      }
      // Something about the request itself: smaller ones find the message that it is about.
      if (batch.length > 1 && [400, 413, 422].includes(refusal.status)) {
        this.#most = Math.ceil(batch.length / 2);
        return;
      }
      outcomes = batch.map(() => refusal);
    }
    await this.#settle(batch, outcomes);
  }

  /** Takes what was sent from the shelf, parks what was refused, and leaves the rest for later. */
  async #settle(batch: readonly OutboxEntry[], outcomes: readonly (DirectMessageResult | Refusal)[]): Promise<void> {
    const sent: OutboxSent[] = [];
    const parked: OutboxEntry[] = [];
    let later: DirectMessageResult | Refusal | undefined;
    batch.forEach((entry, place) => {
      const outcome = outcomes[place];
      if (outcome !== undefined && 'success' in outcome) {
        const { message_id, conversation_id, seq, created_at, replayed = false } = outcome;
        sent.push({ message_id, conversation_id, seq, created_at, replayed });
      } else if (outcome !== undefined && !mayPass(outcome.status)) {
        const { status, code, detail, reasons = [] } = outcome;
        parked.push({ ...entry, state: 'parked', refusal: { status, code, detail, reasons } });
      } else {
        later ??= outcome;
      }
    });
    await this.#shelf.settle(sent.map(({ message_id }) => message_id), parked);
    sent.forEach((event) => this.#announce('sent', event));
    parked.forEach((entry) => this.#announce('parked', entry));
    if (sent.length + parked.length < batch.length) {
      const retryAfter = later !== undefined && 'retry_after_seconds' in later ? later.retry_after_seconds : undefined;
      return this.#pause(retryAfter, later);
    }
    this.#failures = 0;
    this.#most = Math.min(MAX_BATCH, this.#most * 2);
  }

  /** The first of those that wait: as many as a request holds, and as many as the server has said it takes now. */
  #batch(queued: readonly OutboxEntry[]): readonly OutboxEntry[] {
    let most = this.#most;
    if (this.#limit !== undefined) {
      const { limit, at } = this.#limit;
      const { remaining = most, quota = 0, windowSeconds = 1 } = limit;
      most = Math.max(1, Math.min(most, remaining + Math.floor(((Date.now() - at) / 1_000) * (quota / windowSeconds))));
    }
    const { maxRequestBytes = 60_000 } = this.#options;
    let bytes = 0;
    const batch: OutboxEntry[] = [];
    for (const entry of queued.slice(0, most)) {
      bytes += bytesOf(entry) + OVERHEAD;
      if (bytes > maxRequestBytes && batch.length > 0) {
        break;
      }
      batch.push(entry);
    }
    return batch;
  }

  async #pause(retryAfter: number | undefined, error: unknown): Promise<void> {
    this.#failures += 1;
    const { baseDelayMs = RETRY.baseDelayMs, maxDelayMs = RETRY.maxDelayMs } = this.#options;
    const pause = delayAfter(this.#failures, retryAfter, { ...RETRY, baseDelayMs, maxDelayMs }) ?? maxDelayMs;
    this.#says({ state: 'waiting', error, retryAt: Date.now() + pause });
    // What is queued meanwhile waits, too; a network that is back does not.
    const until = Date.now() + pause;
    while (Date.now() < until && !this.#isWoken && !this.#ending.signal.aborted) {
      await this.#waits(until - Date.now());
    }
  }

  async #waits(milliseconds: number): Promise<void> {
    const timer = new AbortController();
    await Promise.race([this.#wake.promise, wait(milliseconds, timer.signal).catch(() => undefined)]);
    timer.abort();
  }

  /** `now`: whoever waits for a time does not wait longer. */
  #stir(now = false): void {
    this.#isWoken ||= now;
    this.#wake.resolve();
    this.#wake = signal();
    if (now) {
      this.#channel?.say({ name: 'now' });
    }
  }

  #announce<Name extends 'queued' | 'sent' | 'parked' | 'dropped'>(name: Name, event: OutboxEvents[Name]): void {
    void this.#events.tell(name, event);
    this.#channel?.say({ name, event: event as unknown as Kept });
  }

  /** Another tab says what it did. */
  #hears(word: Word): void {
    if (word.name === 'now') {
      this.#isWoken = true;
    } else {
      void this.#events.tell(word.name, word.event as never);
    }
    this.#wake.resolve();
    this.#wake = signal();
  }

  #says(status: OutboxStatus): void {
    if (status.state !== this.#status.state || status.state === 'waiting') {
      this.#status = status;
      void this.#events.tell('status', status);
    }
  }

  #fails(during: 'handler' | 'storage', error: unknown): void {
    void this.#events.tell('error', { during, error });
  }
}

type Word = { readonly name: 'now' } | { readonly name: 'queued' | 'sent' | 'parked' | 'dropped'; readonly event: unknown };

/** The ids, the key and the names beside a message. */
const OVERHEAD = 200;

/** Whether the same message may be taken later; who has no token may have one then. */
function mayPass(status: number): boolean {
  return status === 401 || status === 408 || status === 429 || status >= 500;
}

/** What the server itself says against a request; undefined where it may say something else later. */
function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof RolecallError) || error.problem === undefined || mayPass(error.problem.status)) {
    return undefined;
  }
  const { status, code, detail, reasons = [] } = error.problem;
  return { status, code, detail, reasons };
}
