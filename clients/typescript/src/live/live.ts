// The connection: token, subscribe, sync, and from then on events; again from the start when it breaks.

import { RolecallError } from '../errors.js';
import { wait } from '../retry.js';
import { Emitter, signal, type Handler, type Tagged } from './emitter.js';
import { Feed } from './feed.js';
import type { LiveEvents, LiveOptions, LiveServer, LiveState, LiveStatus } from './options.js';
import { load, open, type Socket } from './socket.js';
import { MemoryStorage } from './storage.js';
import { Surroundings } from './surroundings.js';
import type { RealtimeToken } from '../types.generated.js';

/** A share of the token's time after which it is renewed. */
const RENEW_AFTER = 0.75;
const RENEW_AGAIN_MS = 10_000;

/** What a caller is told as it happens, without gaps. Made by `RolecallClient.live`. */
export class Live implements AsyncIterable<Tagged<LiveEvents>> {
  readonly #server: LiveServer;
  readonly #options: LiveOptions;
  readonly #events = new Emitter<LiveEvents>((error) => this.#fails('handler', error));
  readonly #ending = new AbortController();
  readonly #ended = signal();
  readonly #feed: Feed;
  readonly #around: Surroundings;
  readonly #running: Promise<void>;
  #status: LiveStatus = { state: 'connecting' };
  #wake = signal();
  #clock: { readonly server: number; readonly local: number } | undefined;
  #socket: Socket | undefined;
  #failures = 0;

  constructor(server: LiveServer, options: LiveOptions = {}) {
    this.#server = server;
    this.#options = options;
    const { storage = new MemoryStorage(), maxRequests = 4 } = options;
    const failed = (error: unknown) => this.#fails('storage', error);
    this.#feed = new Feed(server, this.#events, this.#ending.signal, storage, maxRequests, failed);
    this.#around = new Surroundings((what) => this.#changed(what));
    this.#running = this.#run();
  }

  /** How it stands. */
  get status(): LiveStatus {
    return this.#status;
  }

  /** The server's time in milliseconds, as well as it is known. */
  now(): number {
    return this.#clock === undefined ? Date.now() : this.#clock.server + (performance.now() - this.#clock.local);
  }

  /**
   * Calls a handler from now on; what it gives ends that. A promise that a handler gives is waited for before the next event of
   * the same conversation, and before its position is kept: what was kept was handled.
   */
  on<Name extends keyof LiveEvents>(name: Name, handler: Handler<LiveEvents[Name]>): () => void {
    return this.#events.on(name, handler);
  }

  /** Every event from now on as `{name, event}`, until it is closed. */
  [Symbol.asyncIterator](): AsyncIterator<Tagged<LiveEvents>> {
    return this.#events.all();
  }

  /** Asks the server at once for what is not known yet. */
  resync(): void {
    this.#feed.isStale = true;
    this.#stir();
  }

  /** Waits until it is in one of these states; false if it stops before. */
  async until(...states: readonly LiveState[]): Promise<boolean> {
    while (!states.includes(this.#status.state)) {
      if (this.#status.state === 'stopped') {
        return false;
      }
      await new Promise<void>((resolve) => {
        const end = this.on('status', () => {
          end();
          resolve();
        });
      });
    }
    return true;
  }

  /** Waits until everything that is known of was told. */
  settled(): Promise<void> {
    return this.#feed.settled();
  }

  /** Ends it; where it ended is kept. */
  async close(): Promise<void> {
    this.#end({ state: 'stopped' });
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#feed.load();
    } catch (error) {
      this.#fails('storage', error);
    }
    while (!this.#ending.signal.aborted) {
      try {
        await this.#connected();
      } catch (error) {
        if (isForbidden(error)) {
          this.#end({ state: 'stopped', error });
        }
        if (!this.#ending.signal.aborted) {
          await this.#pause(error);
        }
      }
    }
    this.#around.close();
    this.#events.close();
    await this.#feed.settled();
    await this.#feed.save();
  }

  /** One connection to its end: or polling, where there is none to be had. */
  async #connected(): Promise<void> {
    this.#says({ state: 'connecting' });
    const token = await this.#token();
    if (token === undefined) {
      return this.#polled('feature_disabled');
    }
    if (this.#options.webSocket === undefined && !('WebSocket' in globalThis)) {
      return this.#polled('no_websocket');
    }
    try {
      await load();
    } catch {
      return this.#polled('no_nats');
    }
    this.#feed.hold();
    try {
      await this.#open(token);
      this.#says({ state: 'syncing' });
      await this.#feed.sync();
      this.#failures = 0;
      await this.#listening(token);
    } finally {
      this.#feed.release();
      this.#socket?.close();
      this.#socket = undefined;
    }
  }

  /** Listens until the socket closes; renews the token before it ends. */
  async #listening(token: RealtimeToken): Promise<void> {
    let renewAt = this.#renewal(token);
    let checkAt = Date.now() + this.#checkMs();
    for (;;) {
      this.#says({ state: 'live' });
      const left = this.#feed.isStale ? 0 : Math.max(0, Math.min(renewAt, checkAt) - Date.now());
      const closed = await this.#waits(left, this.#socket?.closed);
      if (this.#ending.signal.aborted) {
        return;
      }
      if (closed !== undefined) {
        throw new Error(closed);
      }
      if (Date.now() >= renewAt) {
        const renewed = await this.#renewed();
        if (renewed === 'off') {
          return;
        }
        // The old socket listens as long as its token lasts; it ends by itself.
        renewAt = renewed === 'failed' ? Date.now() + RENEW_AGAIN_MS * (0.5 + Math.random()) : this.#renewal(renewed);
      }
      if (this.#feed.isStale || Date.now() >= checkAt) {
        this.#feed.hold();
        if (!(await this.#socket?.check())) {
          throw new Error('the server does not answer');
        }
        await this.#feed.sync();
        checkAt = Date.now() + this.#checkMs();
      }
    }
  }

  /** Asks for changes now and then, until it is worth trying to connect again. */
  async #polled(reason: NonNullable<LiveStatus['reason']>): Promise<void> {
    const until = Date.now() + this.#checkMs();
    do {
      await this.#feed.sync();
      this.#failures = 0;
      this.#says({ state: 'polling', reason });
      const pause = (this.#options.pollMs ?? 15_000) * (this.#around.isHidden ? 4 : 1);
      await this.#waits(pause * (0.9 + 0.2 * Math.random()));
    } while (Date.now() < until && !this.#ending.signal.aborted);
  }

  /** The way to the socket; undefined where there is none. */
  async #token(): Promise<RealtimeToken | undefined> {
    try {
      const token = await this.#server.token(this.#ending.signal);
      this.#clock = { server: Date.parse(token.server_time), local: performance.now() };
      return token;
    } catch (error) {
      if (error instanceof RolecallError && error.status === 404) {
        return undefined;
      }
      throw error;
    }
  }

  /** When a token is to be renewed, by this clock; not all clients at once. */
  #renewal({ expires_at, server_time }: RealtimeToken): number {
    const lasts = Date.parse(expires_at) - Date.parse(server_time);
    return Date.now() + lasts * (RENEW_AFTER + 0.1 * Math.random());
  }

  /** The new socket listens before the old one is closed: what both hear is dropped once. */
  async #renewed(): Promise<RealtimeToken | 'off' | 'failed'> {
    try {
      const token = await this.#token();
      if (token === undefined) {
        return 'off';
      }
      const before = this.#socket;
      await this.#open(token);
      before?.close();
      return token;
    } catch (error) {
      if (isForbidden(error)) {
        throw error;
      }
      return 'failed';
    }
  }

  async #open(token: RealtimeToken): Promise<void> {
    const { signal: ending } = this.#ending;
    const heard = (event: Parameters<Feed['heard']>[0]): void => {
      this.#feed.heard(event);
      if (this.#feed.isStale) {
        this.#stir();
      }
    };
    const opening = open(token, heard, this.#options.webSocket);
    // Who ends it meanwhile does not wait for that.
    void opening.then((socket) => ending.aborted && socket.close(), () => undefined);
    const socket = await Promise.race([opening, this.#ended.promise]);
    if (socket) {
      this.#socket = socket;
    }
  }

  #checkMs(): number {
    return (this.#options.checkMs ?? 300_000) * (0.9 + 0.2 * Math.random());
  }

  /** Waits, for a time or something that happens; gives why the socket closed, if it did. */
  async #waits(milliseconds: number, closed?: Promise<string>): Promise<string | undefined> {
    if (this.#ending.signal.aborted) {
      return undefined;
    }
    const timer = new AbortController();
    const over = wait(Math.min(milliseconds, 2 ** 31 - 1), timer.signal).catch(() => undefined);
    const why = await Promise.race([over, this.#wake.promise, ...(closed === undefined ? [] : [closed])]);
    timer.abort();
    return typeof why === 'string' ? why : undefined;
  }

  /** Waits before the next attempt: everybody a different time, and longer each time. */
  async #pause(error: unknown): Promise<void> {
    const { reconnectMs = 5_000, maxReconnectMs = 60_000 } = this.#options;
    const least = error instanceof RolecallError ? (error.retryAfter ?? 0) * 1_000 : 0;
    const pause = least + Math.random() * Math.min(maxReconnectMs, reconnectMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#says({ state: this.#around.isOffline ? 'offline' : 'waiting', error, retryAt: Date.now() + pause });
    await this.#waits(pause);
  }

  #end(status: LiveStatus): void {
    if (!this.#ending.signal.aborted) {
      this.#says(status);
      this.#ending.abort();
      this.#ended.resolve();
      this.#stir();
    }
  }

  /** The page is in sight again, or the network is there again, or gone. */
  #changed(what: 'online' | 'offline' | 'visible'): void {
    if (what === 'offline') {
      this.#socket?.close();
    } else {
      this.#failures = 0;
      this.resync();
    }
  }

  #stir(): void {
    this.#wake.resolve();
    this.#wake = signal();
  }

  #says(status: LiveStatus): void {
    this.#status = status;
    void this.#events.tell('status', status);
  }

  #fails(during: 'handler' | 'storage', error: unknown): void {
    void this.#events.tell('error', { during, error });
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof RolecallError && error.status === 403;
}
