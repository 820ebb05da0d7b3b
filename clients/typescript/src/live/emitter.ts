// Who listens, and in what order they hear.

/** What is heard about, by its name. */
export type Handler<Event> = (event: Event) => unknown;

/** An async iterator's queue is at most so long; whoever tells then waits. */
const MAX_WAITING = 1_000;

/** Tells handlers and iterators. Handlers that give a promise are waited for. */
export class Emitter<Events extends object> {
  readonly #handlers = new Map<keyof Events, Set<Handler<never>>>();
  readonly #queues = new Set<Queue<Tagged<Events>>>();
  readonly #failed: (error: unknown) => void;

  /** `failed` hears what handlers throw. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Calls a handler from now on; what it gives ends that. */
  on<Name extends keyof Events>(name: Name, handler: Handler<Events[Name]>): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    this.#handlers.set(name, handlers);
    // The map's types cannot say that a name and its handlers belong together.
    const kept: Handler<never> = handler as Handler<never>;
    handlers.add(kept);
    return () => void handlers.delete(kept);
  }

  /** Tells; done when every handler is, and every iterator has room. */
  async tell<Name extends keyof Events>(name: Name, event: Events[Name]): Promise<void> {
    const tellings: Promise<void>[] = [];
    for (const handler of [...(this.#handlers.get(name) ?? [])] as unknown as Handler<Events[Name]>[]) {
      tellings.push(this.#call(name, handler, event));
    }
    for (const queue of this.#queues) {
      tellings.push(queue.push({ name, event } as Tagged<Events>));
    }
    await Promise.all(tellings);
  }

  /** Everything from now on, until it is closed or left. */
  async *all(): AsyncGenerator<Tagged<Events>, void, undefined> {
    const queue = new Queue<Tagged<Events>>();
    this.#queues.add(queue);
    try {
      yield* queue;
    } finally {
      this.#queues.delete(queue);
      queue.close();
    }
  }

  /** Ends every iterator. */
  close(): void {
    this.#queues.forEach((queue) => queue.close());
  }

  async #call<Event>(name: keyof Events, handler: Handler<Event>, event: Event): Promise<void> {
    try {
      await handler(event);
    } catch (error) {
      if (name === 'error') {
        // Nobody is left to tell.
        queueMicrotask(() => {
          throw error;
        });
      } else {
        this.#failed(error);
      }
    }
  }
}

/** An event with its name. */
export type Tagged<Events> = { [Name in keyof Events]: { readonly name: Name; readonly event: Events[Name] } }[keyof Events];

class Queue<Item> implements AsyncIterable<Item> {
  readonly #items: Item[] = [];
  #isClosed = false;
  #changed = signal();

  async push(item: Item): Promise<void> {
    this.#items.push(item);
    this.#change();
    while (this.#items.length > MAX_WAITING && !this.#isClosed) {
      await this.#changed.promise;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#change();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#change();
        yield item;
      } else if (this.#isClosed) {
        return;
      } else {
        await this.#changed.promise;
      }
    }
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = signal();
  }
}

/** A promise, and what keeps it. */
export interface Signal {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

export function signal(): Signal {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((kept) => (resolve = kept));
  return { promise, resolve };
}
