// What the socket and the endpoints beside it say.

import type { Card, HelpConversation, HelpMessageShown, Message, ThreadCard, ThreadMessage, Timestamp, Uuid } from '../types.generated.js';

/** Which messages: direct ones and broadcasts, those of help conversations, those of an organisation's threads. */
export type LiveDomain = 'conversations' | 'help' | 'threads';

interface EventHead {
  readonly v: 1;
  /** Different for each event; the same where an event comes again. */
  readonly id: string;
  readonly at: Timestamp;
}

/** A message as an event carries it. `truncated`: it was too long, and has no content here. */
export type EventMessage = (Message & { readonly truncated?: false }) | Truncated<Message>;

/** Without its content, which was too long for an event. */
export type Truncated<M> = Omit<M, 'content'> & { readonly truncated: true };

type MessageEventBody = { readonly conversation_id: Uuid } & (
  | {
      readonly domain: 'conversations';
      readonly seq: number;
      /** The message's own: that of its latest change as it is shown; null if it has never changed. */
      readonly revision: number | null;
      readonly message: EventMessage;
    }
  | {
      readonly domain: 'help';
      /** Help messages have no numbers. */
      readonly seq: null;
      readonly message_id: Uuid;
      /** Null if it is deleted. */
      readonly message: HelpMessageShown | Truncated<HelpMessageShown> | null;
    }
  | { readonly domain: 'threads'; readonly seq: number; readonly message: ThreadMessage | Truncated<ThreadMessage> }
);

export type MessageCreated = EventHead & MessageEventBody & { readonly type: 'message.created' };
export type MessageChanged = EventHead & MessageEventBody & { readonly type: 'message.changed' };
export type ReadEvent = EventHead & {
  readonly type: 'read';
  readonly domain: LiveDomain;
  readonly conversation_id: Uuid;
  readonly user_id: Uuid;
  /** Null where messages have no numbers: everything is read. */
  readonly last_read_seq: number | null;
};
export type TypingEvent = EventHead & {
  readonly type: 'typing';
  readonly domain: LiveDomain;
  readonly conversation_id: Uuid;
  readonly user_id: Uuid;
  /** By the server's clock; see `Live.now`. */
  readonly until: Timestamp;
};
export type PresenceEvent = EventHead & { readonly type: 'presence'; readonly user_id: Uuid; readonly online: boolean };
export type NotificationEvent = EventHead & { readonly type: 'notification'; readonly kind: string };
export type ConversationChanged = EventHead & { readonly type: 'conversation.changed'; readonly conversation_id: Uuid } & (
    | { readonly domain: 'conversations'; readonly conversation: Card }
    | { readonly domain: 'help'; readonly conversation: HelpConversation }
    | { readonly domain: 'threads'; readonly conversation: ThreadCard }
  );
export type MemberChanged = EventHead & {
  readonly type: 'member.changed';
  readonly domain: LiveDomain;
  readonly conversation_id: Uuid;
  readonly user_id: Uuid;
  readonly state: string;
};
export type ResyncEvent = EventHead & { readonly type: 'resync' };

export type ServerEvent =
  | MessageCreated
  | MessageChanged
  | ReadEvent
  | TypingEvent
  | PresenceEvent
  | NotificationEvent
  | ConversationChanged
  | MemberChanged
  | ResyncEvent;

/** How far somebody knows a conversation: every message up to `seq`, and every change up to `revision`. */
export interface Position {
  readonly seq: number;
  readonly revision: number;
}
