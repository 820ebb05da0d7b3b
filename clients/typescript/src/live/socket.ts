// The socket: NATS over WebSocket, with a token that ends it.

import type { NatsConnection } from '@nats-io/nats-core';
import type { RealtimeToken } from '../types.generated.js';
import type { ServerEvent } from './wire.js';

/** What makes a WebSocket; the global one where there is one. */
export type WebSocketConstructor = new (url: string) => WebSocket;

/** An open socket that hears. */
export interface Socket {
  /** Kept when it is closed, with the reason. */
  readonly closed: Promise<string>;
  /** Asks the other end whether it is still there. */
  check(): Promise<boolean>;
  close(): void;
}

const CONNECT_MS = 10_000;
const CHECK_MS = 5_000;
/** A server that does not answer two of these is gone. */
const PING_MS = 20_000;

/** Loads NATS when there is something to connect to: an app whose server has no realtime never loads it. */
export async function load(): Promise<void> {
  await import('@nats-io/nats-core');
}

/** Opens a socket. When it is given, every event that is published from now on is heard. */
export async function open(
  { url, token, subject }: RealtimeToken,
  heard: (event: ServerEvent) => void,
  webSocket: WebSocketConstructor | undefined,
): Promise<Socket> {
  const { jwtAuthenticator, wsconnect } = await import('@nats-io/nats-core');
  const connection = await wsconnect({
    servers: url,
    authenticator: jwtAuthenticator(token),
    // A new socket needs a new token, and what was missed meanwhile has to be asked for: both are done outside.
    reconnect: false,
    timeout: CONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    ...(webSocket && {
      wsFactory: async (address: string) => ({ socket: new webSocket(address), encrypted: address.startsWith('wss:') }),
    }),
  });
  try {
    connection.subscribe(subject, {
      callback: (error, message) => {
        const event = error === null ? eventOf(message.string()) : undefined;
        if (event !== undefined) {
          heard(event);
        }
      },
    });
    // Its answer comes behind that to the subscription.
    await within(connection.flush(), CONNECT_MS);
  } catch (error) {
    void connection.close();
    throw error;
  }
  return socketOf(connection);
}

function socketOf(connection: NatsConnection): Socket {
  let isClosed: (why: string) => void;
  // Without waiting for the other end, which may be gone.
  const closed = new Promise<string>((resolve) => (isClosed = resolve));
  void connection.closed().then((error) => isClosed(error instanceof Error ? error.message : 'closed'));
  return {
    closed,
    check: () => within(connection.flush(), CHECK_MS).then(() => true, () => false),
    close: () => {
      isClosed('closed here');
      void connection.close().catch(() => undefined);
    },
  };
}

function eventOf(text: string): ServerEvent | undefined {
  try {
    const event = JSON.parse(text) as Partial<ServerEvent>;
    return event.v === 1 && typeof event.type === 'string' ? (event as ServerEvent) : undefined;
  } catch {
    return undefined;
  }
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
