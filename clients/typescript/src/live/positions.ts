// How far each conversation was told, and the cursor of everything; kept a moment later, all that has changed at once.

import type { Uuid } from '../types.generated.js';
import type { Kept, Storage } from './storage.js';
import type { Position } from './wire.js';

const PREFIX = 'live/';
const CURSOR = `${PREFIX}cursor`;
const AT = `${PREFIX}at/`;
const TRAIL = `${PREFIX}on/`;
const SAVE_MS = 200;

export class Positions {
  readonly #storage: Storage;
  readonly #failed: (error: unknown) => void;
  /** The last message that was told: its number in a thread, its id in a help conversation. */
  readonly #trails = new Map<Uuid, number | Uuid>();
  /** The one that moved last is the last. */
  readonly #known = new Map<Uuid, Position>();
  #changes = new Map<string, Kept | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving: Promise<void> = Promise.resolve();
  /** From where on is asked; what is kept may be older. */
  cursor: string | undefined;

  constructor(storage: Storage, failed: (error: unknown) => void) {
    this.#storage = storage;
    this.#failed = failed;
  }

  async load(): Promise<void> {
    for (const [key, value] of await this.#storage.read(PREFIX)) {
      if (key === CURSOR && typeof value === 'string') {
        this.cursor = value;
      } else if (typeof value === 'number' || typeof value === 'string') {
        this.#trails.set(key.slice(TRAIL.length), value);
      } else if (isPosition(value)) {
        this.#known.set(key.slice(AT.length), value);
      }
    }
  }

  get(id: Uuid): Position | undefined {
    return this.#known.get(id);
  }

  set(id: Uuid, position: Position): void {
    const known = this.#known.get(id);
    if (known?.seq === position.seq && known.revision === position.revision) {
      return;
    }
    this.#known.delete(id);
    this.#known.set(id, position);
    this.#change(`${AT}${id}`, { ...position });
  }

  forget(id: Uuid): void {
    if (this.#known.delete(id)) {
      this.#change(`${AT}${id}`, undefined);
    }
  }

  trail(id: Uuid): number | Uuid | undefined {
    return this.#trails.get(id);
  }

  setTrail(id: Uuid, place: number | Uuid): void {
    this.#trails.set(id, place);
    this.#change(`${TRAIL}${id}`, place);
  }

  forgetTrail(id: Uuid): void {
    if (this.#trails.delete(id)) {
      this.#change(`${TRAIL}${id}`, undefined);
    }
  }

  /** Keeps a cursor: everything up to it was told. */
  keep(cursor: string | undefined): void {
    this.#change(CURSOR, cursor);
  }

  /** The positions that moved last. */
  latest(most: number): readonly (readonly [Uuid, Position])[] {
    return [...this.#known].slice(-most);
  }

  async clear(): Promise<void> {
    for (const id of [...this.#known.keys()]) {
      this.forget(id);
    }
    for (const id of [...this.#trails.keys()]) {
      this.forgetTrail(id);
    }
    this.cursor = undefined;
    this.keep(undefined);
    await this.save();
  }

  /** Keeps what has changed. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const changes = this.#changes;
    this.#changes = new Map();
    if (changes.size > 0) {
      // One after the other: a later position must not be overwritten by an earlier one.
      this.#saving = this.#saving
        .then(() => this.#storage.write(changes))
        .catch((error: unknown) => {
          // It is kept with what changes next.
          this.#changes = new Map([...changes, ...this.#changes]);
          this.#failed(error);
        });
    }
    await this.#saving;
  }

  #change(key: string, value: Kept | undefined): void {
    this.#changes.set(key, value);
    this.#timer ??= setTimeout(() => void this.save(), SAVE_MS);
  }
}

function isPosition(value: Kept): value is Kept & Position {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Position>).seq === 'number' && typeof (value as Partial<Position>).revision === 'number';
}
