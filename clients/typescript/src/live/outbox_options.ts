// What an outbox takes, needs and tells.

import type { CallDetails } from '../errors.js';
import type { DirectMessageItem, DirectMessageResult, Reason, Timestamp, Uuid } from '../types.generated.js';
import type { Storage } from './storage.js';

/** What is to be sent: to somebody, or into a conversation. */
export type OutboxMessage =
  | { readonly recipient_id: Uuid; readonly content: string; readonly show_id?: Uuid }
  | { readonly conversation_id: Uuid; readonly content: string };

/** A message that waits, or that was refused. */
export interface OutboxEntry {
  /** The message's id, which it has from here on: the same when it is sent, read and told of. */
  readonly message_id: Uuid;
  readonly idempotency_key: string;
  readonly message: OutboxMessage;
  readonly queued_at: Timestamp;
  readonly state: 'queued' | 'parked';
  /** Why it is parked. */
  readonly refusal?: Refusal;
}

/** Why a message was not taken. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly reasons: readonly Reason[];
}

/** A message that was taken. */
export interface OutboxSent {
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: number;
  readonly created_at: Timestamp;
  /** Whether an earlier request had sent it, whose answer did not arrive. */
  readonly replayed: boolean;
}

/** `idle`: nothing waits, or another tab sends. `waiting`: it failed (`error`), and is tried again at `retryAt`. */
export interface OutboxStatus {
  readonly state: 'idle' | 'sending' | 'waiting';
  readonly error?: unknown;
  /** By this clock, in milliseconds. */
  readonly retryAt?: number;
}

/** What is told; all but `status` and `error` also of what other tabs do that share the storage. */
export interface OutboxEvents {
  queued: OutboxEntry;
  sent: OutboxSent;
  parked: OutboxEntry;
  dropped: OutboxEntry;
  status: OutboxStatus;
  error: { readonly during: 'handler' | 'storage'; readonly error: unknown };
}

/** How to keep and send. */
export interface OutboxOptions {
  /** Where the messages are kept: in memory if it is left out. Give each user a storage of their own. */
  readonly storage?: Storage;
  /** So many messages are kept at most, parked ones among them: 1,000. */
  readonly maxMessages?: number;
  /** Their contents have at most so many bytes: 4,000,000. */
  readonly maxBytes?: number;
  /** A request has at most so many bytes: 60,000. */
  readonly maxRequestBytes?: number;
  /** The wait behind a failure is a random share of this, which doubles each time: 1,000 milliseconds. */
  readonly baseDelayMs?: number;
  /** That share's bound: 60,000 milliseconds. */
  readonly maxDelayMs?: number;
}

/** What is asked of the server. */
export interface OutboxServer {
  send(items: readonly DirectMessageItem[], signal: AbortSignal): Promise<readonly DirectMessageResult[] & { readonly call: CallDetails }>;
}

/** There is no room for another message. */
export class OutboxFullError extends Error {
  override readonly name: string = 'OutboxFullError';

  constructor(
    readonly messages: number,
    readonly bytes: number,
  ) {
    super(`the outbox is full: ${messages} messages wait`);
  }
}
