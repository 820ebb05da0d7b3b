// Types of endpoints whose OpenAPI document is not merged yet.

import type { Card, HelpConversation, Message, RequestId, Succeeded, ThreadCard, Timestamp, Uuid } from '../types.generated.js';
import type { Position } from './wire.js';

/** The way to the socket, for a quarter of an hour. */
export interface RealtimeToken {
  readonly success: Succeeded;
  readonly url: string;
  readonly token: string;
  readonly subject: string;
  readonly expires_at: Timestamp;
  readonly server_time: Timestamp;
  readonly request_id: RequestId;
}

export interface CatchUp {
  readonly conversation_id: Uuid;
  readonly messages: readonly Message[];
  readonly changed: readonly Message[];
  /** How far the caller knows it with these. */
  readonly seq: number;
  readonly revision: number;
  /** Whether there is more than fits here. */
  readonly limited: boolean;
}

export interface SyncAnswer {
  readonly success: Succeeded;
  readonly cursor: string;
  readonly more: boolean;
  readonly conversations: readonly Card[];
  readonly help_conversations?: readonly HelpConversation[];
  readonly threads?: readonly ThreadCard[];
  /** Conversations that are not the caller's any more. */
  readonly gone?: readonly Uuid[];
  readonly catch_up: readonly CatchUp[];
  readonly request_id: RequestId;
}

/** What changed in a conversation after a revision. */
export interface ChangePage {
  readonly success: Succeeded;
  readonly messages: readonly Message[];
  readonly conversation: Card;
  readonly revision: number;
  readonly more: boolean;
  readonly request_id: RequestId;
}

export interface SyncRequest {
  readonly cursor?: string;
  readonly limit?: number;
  readonly have?: readonly ({ readonly conversation_id: Uuid } & Position)[];
}
