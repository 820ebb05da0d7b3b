// What `live` takes, needs and tells.

import type {
  Card,
  ChangePage,
  HelpConversation,
  HelpConversationPage,
  HelpMessageShown,
  Message,
  MessagePage,
  RealtimeToken,
  SyncAnswer,
  SyncRequest,
  ThreadCard,
  ThreadHistory,
  ThreadMessage,
  Uuid,
} from '../types.generated.js';
import type { WebSocketConstructor } from './socket.js';
import type { Storage } from './storage.js';
import type {
  MemberChanged,
  NotificationEvent,
  PresenceEvent,
  ReadEvent,
  Truncated,
  TypingEvent,
} from './wire.js';

/** How to be told. */
export interface LiveOptions {
  /**
   * Where the cursor and the positions are kept: with them, whoever starts again is told what was missed. In memory if it is left
   * out: whoever starts again then starts from now. Give each user a storage of their own.
   */
  readonly storage?: Storage;
  /** Milliseconds between two requests where there is no socket: 15,000 if it is left out. */
  readonly pollMs?: number;
  /** Milliseconds after which is asked whether anything was missed, and where there is no socket, whether there is one: 300,000. */
  readonly checkMs?: number;
  /** A broken connection is tried again after a random share of this, which doubles each time: 5,000 milliseconds. */
  readonly reconnectMs?: number;
  /** That share's bound: 60,000 milliseconds. */
  readonly maxReconnectMs?: number;
  /** How many conversations are caught up at the same time: 4. */
  readonly maxRequests?: number;
  /** Where there is no global `WebSocket`, as in Node 20: that of a package, such as `ws`. */
  readonly webSocket?: WebSocketConstructor;
}

/**
 * - `connecting`, `syncing`: on its way.
 * - `live`: everything is told as it happens.
 * - `polling`: there is no socket (`reason`), and the server is asked every `pollMs`.
 * - `waiting`, `offline`: it failed (`error`), and is tried again at `retryAt` or when the network is back.
 * - `stopped`: by `close`, or because the caller may not listen (`error`).
 */
export type LiveState = 'connecting' | 'syncing' | 'live' | 'polling' | 'waiting' | 'offline' | 'stopped';

export interface LiveStatus {
  readonly state: LiveState;
  /** The server has no realtime; there is no `WebSocket`; `@nats-io/nats-core` is not installed or cannot be loaded. */
  readonly reason?: 'feature_disabled' | 'no_websocket' | 'no_nats';
  readonly error?: unknown;
  /** By this clock, in milliseconds. */
  readonly retryAt?: number;
}

/** A message: a new one, or one that has changed, as it is now. */
export type LiveMessage = { readonly conversation_id: Uuid } & (
  | { readonly domain: 'conversations'; readonly seq: number; readonly message: Message }
  | {
      readonly domain: 'help';
      readonly seq: null;
      readonly message_id: Uuid;
      /** Null if it is deleted; without its content if that is long: `helpConversations.get` has it. */
      readonly message: HelpMessageShown | Truncated<HelpMessageShown> | null;
    }
  | { readonly domain: 'threads'; readonly seq: number; readonly message: ThreadMessage | Truncated<ThreadMessage> }
);

/** A conversation's card, as the list of its domain shows it. */
export type LiveConversation = { readonly conversation_id: Uuid } & (
  | { readonly domain: 'conversations'; readonly conversation: Card }
  | { readonly domain: 'help'; readonly conversation: HelpConversation }
  | { readonly domain: 'threads'; readonly conversation: ThreadCard }
);

/** What is told. */
export interface LiveEvents {
  message: LiveMessage;
  changed: LiveMessage;
  conversation: LiveConversation;
  member: MemberChanged;
  read: ReadEvent;
  typing: TypingEvent;
  presence: PresenceEvent;
  notification: NotificationEvent;
  status: LiveStatus;
  /** A conversation or a thread is not the caller's any more. */
  gone: { readonly conversation_id: Uuid };
  /** The server was restored or moved: what was told before may not be so; everything is to be read again. */
  reset: Readonly<Record<string, never>>;
  /** A handler threw, or the storage fails. */
  error: { readonly during: 'handler' | 'storage'; readonly error: unknown };
}

/** What is asked of the server. */
export interface LiveServer {
  token(signal: AbortSignal): Promise<RealtimeToken>;
  sync(request: SyncRequest, signal: AbortSignal): Promise<SyncAnswer>;
  messages(conversation_id: Uuid, since_seq: number, signal: AbortSignal): Promise<MessagePage>;
  changes(conversation_id: Uuid, since_revision: number, signal: AbortSignal): Promise<ChangePage>;
  /** The messages of a help conversation behind this one. */
  help(conversation_id: Uuid, since: Uuid, signal: AbortSignal): Promise<HelpConversationPage>;
  thread(thread_id: Uuid, since_seq: number, signal: AbortSignal): Promise<ThreadHistory>;
}
