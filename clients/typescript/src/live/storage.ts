// Where the outbox and the positions are kept. An adapter has three methods; two come with the client, and one for files
// in `rolecall-client/file`.

/** What can be kept. */
export type Kept = string | number | boolean | null | readonly Kept[] | { readonly [name: string]: Kept | undefined };

/** Keeps values under keys. */
export interface Storage {
  /** All values whose key begins so, in the order of their keys. */
  read(prefix: string): Promise<readonly (readonly [key: string, value: Kept])[]>;
  /** Sets these values, and deletes those that are undefined: all of them or, after a crash, none. */
  write(changes: ReadonlyMap<string, Kept | undefined>): Promise<void>;
  /**
   * Runs a task while nobody else who shares the storage runs one of this name: waits for its turn, until the signal. Left
   * out where nobody can share the storage.
   */
  exclusive?(name: string, signal: AbortSignal, task: () => Promise<void>): Promise<void>;
  /** Tells everybody else who shares the storage, and hears them; what it gives ends it. */
  channel?(heard: (word: Kept) => void): { say(word: Kept): void; close(): void };
}

/** Keeps it as long as the page or the process lasts. */
export class MemoryStorage implements Storage {
  readonly #values = new Map<string, Kept>();

  async read(prefix: string): Promise<readonly (readonly [string, Kept])[]> {
    const found = [...this.#values].filter(([key]) => key.startsWith(prefix));
    return found.sort(([one], [other]) => (one < other ? -1 : 1));
  }

  async write(changes: ReadonlyMap<string, Kept | undefined>): Promise<void> {
    for (const [key, value] of changes) {
      value === undefined ? this.#values.delete(key) : this.#values.set(key, value);
    }
  }
}

const STORE = 'kept';

/** Keeps it in the browser, for all tabs of a site. Give each user a name of their own. */
export class IndexedDbStorage implements Storage {
  readonly #name: string;
  #database: Promise<IDBDatabase> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  async read(prefix: string): Promise<readonly (readonly [string, Kept])[]> {
    const store = (await this.#open()).transaction(STORE, 'readonly').objectStore(STORE);
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const [keys, values] = await Promise.all([done(store.getAllKeys(range)), done<Kept[]>(store.getAll(range))]);
    return keys.map((key, place) => [String(key), values[place] ?? null] as const);
  }

  async write(changes: ReadonlyMap<string, Kept | undefined>): Promise<void> {
    const transaction = (await this.#open()).transaction(STORE, 'readwrite', { durability: 'strict' });
    const store = transaction.objectStore(STORE);
    for (const [key, value] of changes) {
      value === undefined ? store.delete(key) : store.put(value, key);
    }
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
  }

  async exclusive(name: string, signal: AbortSignal, task: () => Promise<void>): Promise<void> {
    const { locks } = globalThis.navigator as { readonly locks?: LockManager };
    // Pages without TLS have no locks: tabs then may send in one another's order, but nothing twice (see `message_id`).
    await (locks === undefined ? task() : locks.request(`${this.#name}/${name}`, { signal }, task));
  }

  channel(heard: (word: Kept) => void): { say(word: Kept): void; close(): void } {
    const channel = new BroadcastChannel(`rolecall/${this.#name}`);
    channel.onmessage = ({ data }: MessageEvent<Kept>) => heard(data);
    return { say: (word) => channel.postMessage(word), close: () => channel.close() };
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= this.#connect().catch((error: unknown) => {
      this.#database = undefined;
      throw error;
    });
    return this.#database;
  }

  async #connect(): Promise<IDBDatabase> {
    const request = indexedDB.open(`rolecall/${this.#name}`, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    const database = await done(request);
    // Another tab deletes or upgrades it, or the browser cleans up: the next use opens it again.
    database.onversionchange = database.onclose = () => {
      database.close();
      this.#database = undefined;
    };
    return database;
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the database fails'));
  });
}
