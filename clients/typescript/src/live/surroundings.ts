// What a browser says of the network and of the page; elsewhere nothing is said.

type Heard = 'online' | 'offline' | 'visible';

export class Surroundings {
  readonly #ending = new AbortController();

  constructor(heard: (what: Heard) => void) {
    const { signal } = this.#ending;
    const { addEventListener, document } = globalThis as Partial<typeof globalThis>;
    if (addEventListener === undefined) {
      return;
    }
    // Node, Bun and Deno take these, too, and never hear them.
    globalThis.addEventListener('online', () => heard('online'), { signal });
    globalThis.addEventListener('offline', () => heard('offline'), { signal });
    document?.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && heard('visible'), { signal });
  }

  /** Whether there is no network, as far as the browser knows. */
  get isOffline(): boolean {
    return (globalThis as Partial<typeof globalThis>).navigator?.onLine === false;
  }

  get isHidden(): boolean {
    return (globalThis as Partial<typeof globalThis>).document?.visibilityState === 'hidden';
  }

  close(): void {
    this.#ending.abort();
  }
}
