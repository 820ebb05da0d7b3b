// The entries of an outbox in their order, in a storage.

import type { OutboxEntry } from './outbox_options.js';
import type { Kept, Storage } from './storage.js';
import type { Uuid } from '../types.generated.js';

const PREFIX = 'outbox/';
const CLOCK_MS = 5_000;
/** So long the load is believed. */
const LOAD_MS = 1_000;

export class Shelf {
  readonly #storage: Storage;
  #last = 0;
  /** What is on it, as of a moment ago: other tabs may have added to it since. */
  #load: { count: number; bytes: number; readonly newest: number; readonly at: number } | undefined;
  /** Changes go one after the other, in the order in which they were asked for. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async entries(): Promise<readonly OutboxEntry[]> {
    return (await this.#read()).map(({ entry }) => entry);
  }

  /** Puts an entry behind the others, unless the check throws. */
  add(entry: OutboxEntry, check: (count: number, bytes: number) => void): Promise<void> {
    const now = Date.now();
    const bytes = bytesOf(entry);
    return this.#inTurn(async () => {
      if (this.#load === undefined || now - this.#load.at > LOAD_MS) {
        await this.#read();
      }
      const load = this.#load;
      check((load?.count ?? 0) + 1, (load?.bytes ?? 0) + bytes);
      await this.#storage.write(new Map([[this.#behind(now, entry.message_id), entry as unknown as Kept]]));
      if (load !== undefined) {
        load.count += 1;
        load.bytes += bytes;
      }
    });
  }

  /** Puts a parked entry behind the others, changed. */
  requeue(message_id: Uuid, change: (entry: OutboxEntry) => OutboxEntry): Promise<OutboxEntry | undefined> {
    return this.#inTurn(async () => {
      const kept = await this.#read();
      const found = parked(kept, message_id);
      if (found === undefined) {
        return undefined;
      }
      const entry = change(found.entry);
      const changes: [string, Kept | undefined][] = [
        [found.key, undefined],
        [this.#behind(Date.now(), message_id), entry as unknown as Kept],
      ];
      await this.#storage.write(new Map(changes));
      return entry;
    });
  }

  /** Takes a parked entry away. */
  drop(message_id: Uuid): Promise<OutboxEntry | undefined> {
    return this.#inTurn(async () => {
      const found = parked(await this.#read(), message_id);
      if (found !== undefined) {
        await this.#storage.write(new Map([[found.key, undefined]]));
        this.#load = undefined;
      }
      return found?.entry;
    });
  }

  /** Takes what was sent away, and parks what was refused. */
  settle(sent: readonly Uuid[], refused: readonly OutboxEntry[]): Promise<void> {
    return this.#inTurn(async () => {
      const keys = new Map((await this.#read()).map(({ key, entry }) => [entry.message_id, key]));
      const changes = new Map<string, Kept | undefined>();
      for (const message_id of sent) {
        const key = keys.get(message_id);
        key !== undefined && changes.set(key, undefined);
      }
      for (const entry of refused) {
        const key = keys.get(entry.message_id);
        key !== undefined && changes.set(key, entry as unknown as Kept);
      }
      if (changes.size > 0) {
        await this.#storage.write(changes);
        this.#load = undefined;
      }
    });
  }

  async #read(): Promise<readonly { readonly key: string; readonly entry: OutboxEntry }[]> {
    const kept = (await this.#storage.read(PREFIX)).map(([key, entry]) => ({ key, entry: entry as unknown as OutboxEntry }));
    const bytes = kept.reduce((sum, { entry }) => sum + bytesOf(entry), 0);
    const newest = Number(kept.at(-1)?.key.slice(PREFIX.length, PREFIX.length + 16) ?? 0);
    this.#load = { count: kept.length, bytes, newest, at: Date.now() };
    return kept;
  }

  /** A key by the time, behind all others of this tab; and behind those of all, where the clock was set back. */
  #behind(now: number, message_id: Uuid): string {
    const newest = this.#load?.newest ?? 0;
    // Another tab may be a moment ahead.
    const least = newest > (now + CLOCK_MS) * 1_000 ? newest + 1 : 0;
    this.#last = Math.max(now * 1_000, this.#last + 1, least);
    return `${PREFIX}${String(this.#last).padStart(16, '0')}-${message_id}`;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** The bytes of a message in a request. */
export function bytesOf({ message }: OutboxEntry): number {
  return new TextEncoder().encode(JSON.stringify(message)).length;
}

function parked<T extends { readonly entry: OutboxEntry }>(kept: readonly T[], message_id: Uuid): T | undefined {
  return kept.find(({ entry }) => entry.message_id === message_id && entry.state === 'parked');
}
