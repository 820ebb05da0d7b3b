// What requests and answers consist of. Generated from docs/openapi by `make generate`; do not edit.

import type { Action, Code, Fact, OrganizationAction, OrganizationFact, OrganizationRole, Role } from './rules.generated.js';

export type Uuid = string;

/** UTC, with microseconds. */
export type Timestamp = string;

/** A time in the future, with any offset from UTC. */
export type FutureMoment = string;

/** An opaque cursor. */
export type Cursor = string;

/** The cursor of the next page; null on the last page. */
export type NextCursor = Cursor | null;

export type RequestId = string;

export type Succeeded = true;

export type Roles = readonly Role[];

export type Count = number;

/** The message's number in its conversation. */
export type Seq = number;

/** The message's number in its conversation; null for help messages. */
export type SeqOrNone = Seq | null;

/** A text that a user writes. Control characters other than line breaks and tabs are refused, and at least one character must be visible. The length is counted in Unicode code points after trimming; one emoji can take several. */
export type WrittenText = string;

export type Note = WrittenText;

/** The rule that refused the request, or what is wrong with a field. */
export type Reason = {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly allowed_if?: string;
  /** What was measured, where the rule is a bound. */
  readonly figure?: number;
  /** The bound that the figure does not keep. */
  readonly bound?: number;
};

/** The members of every error (RFC 9457). Some codes add their own. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: Code;
  readonly request_id: RequestId;
  readonly reasons?: readonly Reason[];
  /** How many reasons there are, where there are more than are listed. */
  readonly reasons_total?: number;
  /** Repeats `code` and `detail`, for clients that expect this form. */
  readonly error: {
    readonly code: Code;
    readonly message: string;
  };
};

export type RefusedAtTheDoorProblem = Problem & {
  readonly status?: number;
};

export type UnauthenticatedProblem = Problem & {
  readonly status?: 401;
  readonly code?: 'unauthenticated';
};

export type PermissionDeniedProblem = Problem & Required<Pick<Problem, 'reasons'>> & {
  readonly status?: 403;
  readonly code?: 'permission_denied';
};

export type ValidationError = Problem & Required<Pick<Problem, 'reasons'>> & {
  readonly status?: 400;
  readonly code?: 'validation_error';
};

export type InvalidInput = Problem & {
  readonly status?: 400;
  readonly code?: 'invalid_input';
};

export type NotFound = Problem & {
  readonly status?: 404;
  readonly code?: 'not_found';
};

export type FeatureDisabledProblem = Problem & {
  readonly status?: 404;
  readonly code?: 'feature_disabled';
};

export type MethodNotAllowed = Problem & {
  readonly status?: 405;
  readonly code?: 'method_not_allowed';
};

export type PayloadTooLargeProblem = Problem & {
  readonly status?: 413;
  readonly code?: 'payload_too_large';
};

export type UnsupportedMediaTypeProblem = Problem & {
  readonly status?: 415;
  readonly code?: 'unsupported_media_type';
};

export type IdempotencyConflictProblem = Problem & {
  readonly status?: 422;
  readonly code?: 'idempotency_conflict';
};

export type RateLimitedProblem = Problem & {
  readonly status?: 429;
  readonly code?: 'rate_limited';
  readonly retry_after_seconds: number;
};

export type DatabaseUnavailable = Problem & {
  readonly status?: 503;
  readonly code?: 'database_unavailable';
};

export type AuthenticationUnavailable = Problem & {
  readonly status?: 503;
  readonly code?: 'authentication_unavailable';
};

export type Overloaded = Problem & {
  readonly status?: 503;
  readonly code?: 'overloaded';
};

/** The answer to a POST of a user whom the flag `maintenance` includes. */
export type Maintenance = Problem & {
  readonly status?: 503;
  readonly code?: 'maintenance';
};

export type Timeout = Problem & {
  readonly status?: 504;
  readonly code?: 'timeout';
};

export type Internal = Problem & {
  readonly status?: 500;
  readonly code?: 'internal';
};

export type ServerError = DatabaseUnavailable | AuthenticationUnavailable | Overloaded | Maintenance | Timeout | Internal;

export type BlockedUser = {
  readonly blocked_id: Uuid;
};

export type Block = {
  readonly success: Succeeded;
  readonly blocked_id: Uuid;
  readonly created_at: Timestamp;
  readonly request_id: RequestId;
};

export type Unblocked = {
  readonly success: Succeeded;
  readonly blocked_id: Uuid;
  readonly was_blocked: boolean;
  readonly request_id: RequestId;
};

export type BlockPage = {
  readonly success: Succeeded;
  readonly blocks: readonly {
    readonly blocked_id: Uuid;
    readonly display_name: string;
    readonly created_at: Timestamp;
  }[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

/** A time with any offset from UTC, from 1970 to 9999. */
export type Moment = string;

/** A time as the clocks of the organisation's `time_zone` show it, with their offset from UTC at that time: it tells the two hours apart that a change of the clocks in autumn makes alike. */
export type LocalTime = string;

/** The organisation's time zone (IANA). */
export type TimeZone = string;

export type BookingStatus = 'confirmed' | 'completed' | 'cancelled';

export type BookingClientById = {
  readonly id: Uuid;
};

/** The client of the organisation with this number. There will be one if there is none. */
export type BookingClientByPhone = {
  readonly display_name: WrittenText;
  readonly phone: PhoneNumber;
};

export type BookingClient = BookingClientById | BookingClientByPhone;

export type AssignBooking = {
  /** The operator names the organisation; a user may name their own. */
  readonly organization_id?: Uuid;
  /** The application's own id; each organisation has its own. */
  readonly booking_id: Uuid;
  readonly client: BookingClient;
  /** What is booked. `drop-in`, `walk` and `taxi` let the sitter write an hour before and after, `house-sitting` and `24/7 care` two hours, any other an hour, unless the operator has set other times. */
  readonly service: WrittenText;
  readonly starts_at: Moment;
  readonly ends_at: Moment;
  readonly recurring?: boolean;
  /** A sitter of the organisation; null for nobody. */
  readonly sitter_id?: Uuid | null;
  readonly status?: BookingStatus;
};

/** From `starts_at` on and before `ends_at` the sitter writes in the thread. */
export type BookingWindow = {
  readonly window_id: Uuid;
  readonly starts_at: Timestamp;
  readonly ends_at: Timestamp;
  readonly starts_at_local: LocalTime;
  readonly ends_at_local: LocalTime;
};

export type AssignedBooking = {
  readonly success: Succeeded;
  readonly booking_id: Uuid;
  readonly client_id: Uuid;
  readonly sitter_id: Uuid | null;
  readonly status: BookingStatus;
  readonly recurring: boolean;
  readonly starts_at: Timestamp;
  readonly ends_at: Timestamp;
  readonly time_zone: TimeZone;
  readonly starts_at_local: LocalTime;
  readonly ends_at_local: LocalTime;
  /** The client's open thread; null if it comes with the first message. */
  readonly thread_id: Uuid | null;
  /** Null without a thread. */
  readonly number_class: NumberClass | null;
  /** Null without a thread, without a sitter, and when the booking is not confirmed. */
  readonly window: BookingWindow | null;
  readonly request_id: RequestId;
};

export type Broadcast = {
  readonly show_id: Uuid;
  readonly recipient_roles: Roles;
  readonly message: BroadcastContent;
  readonly dry_run?: boolean | null;
};

export type BroadcastContent = WrittenText;

/** Broadcasts left today; null means no limit. */
export type QuotaRemaining = {
  readonly pre_show: number | null;
  readonly post_show: number | null;
};

export type SentBroadcast = {
  readonly success: Succeeded;
  readonly broadcast_id: Uuid;
  readonly conversation_id: Uuid;
  readonly audience_count: Count;
  readonly quota_remaining: QuotaRemaining;
  readonly request_id: RequestId;
};

export type RehearsedBroadcast = {
  readonly success: Succeeded;
  readonly broadcast_id: null;
  /** Null if the sender has not broadcast in this show yet. */
  readonly conversation_id: Uuid | null;
  readonly audience_count: Count;
  readonly quota_remaining: QuotaRemaining;
  readonly dry_run: true;
  readonly request_id: RequestId;
};

/** No fields. The body is optional. */
export type Nothing = Readonly<Record<string, never>>;

export type QuotaReset = {
  readonly success: Succeeded;
  readonly period: string;
  /** Days of records that this run dropped, by table. */
  readonly dropped: Readonly<Record<string, Count>>;
  /** Rows that this run deleted, by table. */
  readonly deleted: Readonly<Record<string, Count>>;
  /** Days of records that could not be dropped because they were being read, by table. The next run drops them. */
  readonly left: Readonly<Record<string, Count>>;
  /** True if there was more work than fits into one call. Call again. */
  readonly more: boolean;
  /** True if an earlier call finished this run; the figures are those of that call. */
  readonly already_done: boolean;
  readonly request_id: RequestId;
};

export type QuotaExceeded = Problem & Required<Pick<Problem, 'reasons'>> & {
  readonly status?: 429;
  readonly code?: 'quota_exceeded';
  readonly phase: 'pre_show' | 'post_show';
  readonly reset_at: Timestamp;
  readonly retry_after_seconds: number;
  readonly quota_remaining?: QuotaRemaining;
};

export type ConversationKind = 'direct' | 'show';

/** `v1` conversations were imported and are read-only. */
export type ConversationVersion = 'v1' | 'v2';

/** Who deleted the message, and when. An admin counts as a moderator; `retention` is nobody: it was older than messages are kept. */
export type Deleted = {
  readonly by: 'author' | 'organizer' | 'moderator' | 'retention';
  readonly at: Timestamp;
};

export type DeletedOrNot = Deleted | null;

export type Message = {
  readonly id: Uuid;
  readonly seq: Seq;
  /** Null if it is unknown, which happens only in imported messages. */
  readonly sender_id: Uuid | null;
  /** Null if the message was deleted (moderators and admins still see the content while it is kept), or if an imported message has no content. */
  readonly content: string | null;
  /** Null if it is unknown, which happens only in imported messages. */
  readonly created_at: Timestamp | null;
  /** The show that the message is about. */
  readonly show_id: Uuid | null;
  readonly version: MessageVersion;
  /** When its author last edited it. Null if they never have. */
  readonly edited_at: Timestamp | null;
  readonly deleted: DeletedOrNot;
  readonly reactions: ReactionCounts;
};

/** Which version of the message's content it is; 1 as it was sent. */
export type MessageVersion = number;

/** A conversation as the caller sees it. */
export type Card = {
  readonly id: Uuid;
  readonly kind: ConversationKind;
  readonly version: ConversationVersion;
  /** The other participant, or the sender of the broadcasts. Null if the caller is that sender. */
  readonly with: {
    readonly id: Uuid;
    /** Null if the other participant has no profile, as in imported conversations and after an account was deleted. */
    readonly display_name: string | null;
    /** Null if the other participant has no profile, as in imported conversations and after an account was deleted. */
    readonly role: Role | null;
  } | null;
  readonly show: {
    readonly id: Uuid;
    readonly title: string;
  } | null;
  /** The newest message that is visible to the caller and not deleted. Null if there is none. */
  readonly last_message: Message | null;
  readonly last_seq: Count;
  readonly last_read_seq: Count;
  /** The number of messages that are new to the caller. Their own messages and deleted messages do not count. */
  readonly unread_count: Count;
  readonly muted_until: MutedUntil;
  /** Whether the caller archived it and nothing newer has come since, or it is muted. */
  readonly archived: boolean;
  readonly pinned_at: PinnedAt;
  /** Grows when an existing message changes. `changed_since` returns the changed messages. */
  readonly revision: Count;
  readonly can_reply: boolean;
  /** Why the caller cannot reply; null if they can. */
  readonly reply_refusal: {
    readonly code: Code;
    readonly rule: string;
    readonly message: string;
    readonly allowed_if: string;
  } | null;
  readonly created_at: Timestamp | null;
  /** The time of the newest message, deleted or not. The inbox is sorted by it. It never moves backwards: a message is never older than the one before it, and a deletion does not move the conversation in the inbox. */
  readonly last_message_at: Timestamp | null;
};

export type Inbox = {
  readonly success: Succeeded;
  readonly conversations: readonly Card[];
  /** The pinned conversations, the newest pin first, on the first page; empty on the others and of archived ones. */
  readonly pinned: readonly Card[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type Unread = {
  readonly success: Succeeded;
  /** The number of messages that are new to the caller. Their own messages and deleted messages do not count. */
  readonly unread: Count;
  /** The number of conversations with unread messages. */
  readonly conversations: Count;
  readonly by_kind: {
    readonly direct: Count;
    readonly show: Count;
  };
  readonly request_id: RequestId;
};

export type MessagePage = {
  readonly success: Succeeded;
  readonly conversation: Card;
  readonly messages: readonly Message[];
  readonly has_more_before: boolean;
  readonly has_more_after: boolean;
  /** The value to send as the next `changed_since`. */
  readonly revision: Count;
  readonly request_id: RequestId;
};

export type ChangePage = {
  readonly success: Succeeded;
  readonly conversation: Card;
  readonly messages: readonly Message[];
  /** Who has read how far. Empty for somebody who does not take part. */
  readonly marks: readonly ReadMark[];
  /** The value to send as the next `since_revision`. */
  readonly revision: Count;
  readonly more: boolean;
  readonly request_id: RequestId;
};

export type ReadMark = {
  readonly user_id: Uuid;
  readonly last_read_seq: Count;
};

export type MarkRead = {
  /** Optional; must equal the id in the path. */
  readonly conversation_id?: Uuid | null;
  readonly up_to_seq: number;
};

export type MarkUnread = {
  /** Optional; must equal the id in the path. */
  readonly conversation_id?: Uuid | null;
  readonly from_seq?: number | null;
};

/** Until when the caller has muted the conversation; null if they have not, or if it is over. */
export type MutedUntil = Timestamp | 'forever' | null;

/** When the caller pinned it; null if it is not pinned. */
export type PinnedAt = Timestamp | null;

/** At least one of `muted_until`, `archived` and `pinned`. */
export type ConversationSettings = {
  readonly conversation_id: Uuid;
  /** A moment, `forever`, or null to end a mute. */
  readonly muted_until?: string | null | 'forever';
  readonly archived?: boolean | null;
  readonly pinned?: boolean | null;
};

export type ConversationSettingsNow = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  readonly muted_until: MutedUntil;
  readonly archived: boolean;
  readonly pinned_at: PinnedAt;
  readonly request_id: RequestId;
};

export type ReadUpTo = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  readonly last_read_seq: Count;
  readonly unread_count: Count;
  readonly request_id: RequestId;
};

export type CountsByKind = {
  readonly direct: Count;
  readonly show: Count;
  readonly help: Count;
};

export type CountsByCode = Readonly<Partial<Record<Code, Count>>>;

/** Null if there were no requests. */
export type Share = number | null;

export type Diagnostics = {
  readonly success: Succeeded;
  readonly organization_id: Uuid;
  readonly generated_at: Timestamp;
  readonly conversations: CountsByKind;
  readonly messages: CountsByKind;
  readonly refusals: {
    readonly '1h': CountsByCode;
    readonly '24h': CountsByCode;
  };
  /** ok / (ok + failures). A failure is an answer of 500 or more, or a statement that never answered; refusals are neither. Null where there is neither. */
  readonly success_rate: {
    readonly '1h': Share;
    readonly '24h': Share;
  };
  /** Durations by operation, in the last 24 hours. */
  readonly durations_ms: Readonly<Record<string, {
    readonly p50: number;
    readonly p95: number;
    readonly p99: number;
    readonly requests: Count;
  }>>;
  readonly quotas: readonly {
    readonly sender_id: Uuid;
    readonly show_id: Uuid;
    readonly period: string;
    readonly pre_show_remaining: number | null;
    readonly post_show_remaining: number | null;
  }[];
  /** Reports that wait for a decision. */
  readonly reports: {
    readonly pending: Count;
    readonly oldest_age_seconds: number | null;
  };
  readonly texting: Texting;
  /** The rollout of each row in `feature_flags`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly migration: {
    readonly version: number;
    readonly name: string;
  };
  readonly request_id: RequestId;
};

/** The figures of clients' texts; phone numbers are redacted. */
export type Texting = {
  /** Open threads by the class of their number. */
  readonly threads: {
    readonly front_desk: Count;
    readonly sitter: Count;
    readonly pool: Count;
    readonly without_number: Count;
  };
  /** The load of the pool's active numbers. */
  readonly pool: {
    readonly numbers: Count;
    readonly in_use: Count;
    readonly open_threads: Count;
    readonly most_threads_of_a_number: Count;
  };
  /** Messages on their way to the carrier, how long the oldest has waited, those that were given up (`dead`), and those of which it is not known whether the carrier has them (`uncertain`). */
  readonly outbox: {
    readonly backlog: Count;
    readonly oldest_age_seconds: number | null;
    readonly dead: Count;
    readonly uncertain: Count;
  };
  /** The newest decisions about texts from clients, newest first. */
  readonly decisions: readonly {
    readonly at: Timestamp;
    readonly thread_id: Uuid;
    readonly target: 'sitter' | 'owner_inbox' | 'nobody';
    readonly reason: 'one_sitter' | 'no_window' | 'several_sitters' | 'number_mismatch' | 'blocked';
    /** The sitter whom the text went to. */
    readonly sitter_id: string | null;
    readonly window_ids: readonly Uuid[];
    readonly number_class: 'front_desk' | 'sitter' | 'pool';
    /** The last four digits of the number at most. */
    readonly sender: string;
    /** The last four digits of the number at most. */
    readonly recipient: string;
  }[];
  /** Whether each flag of texting includes the organisation. */
  readonly flags: {
    readonly messaging_v1: boolean;
    readonly proactive_thread_creation: boolean;
    readonly sitter_messages_v1: boolean;
  };
  readonly '24h': TextingSince;
  readonly '7d': TextingSince;
};

/** `blocked` messages were held back by the anti-poaching filter, and `force_sent` of them were sent by the owner or an admin all the same. `sends_outside_window` are attempts of sitters to write outside a window, all of them refused. */
export type TextingSince = {
  readonly blocked: Count;
  readonly force_sent: Count;
  /** Texts that went to the owner inbox, by the reason. */
  readonly owner_inbox: {
    readonly no_window: Count;
    readonly several_sitters: Count;
    readonly number_mismatch: Count;
    readonly blocked: Count;
  };
  readonly sends_outside_window: Count;
  /** Messages that the carrier refused, by its error code. */
  readonly carrier_errors: Readonly<Partial<Record<string, Count>>>;
};

/** What decided: the operator's variable `rollouts`, a required flag, an override for the user or for their organisation, or the rollout of the flag itself (`internal`, `percentage`, `everybody`, `off`). */
export type FlagReason = 'variable' | 'prerequisite' | 'user' | 'organization' | 'internal' | 'percentage' | 'everybody' | 'off';

export type Flag = {
  readonly enabled: boolean;
  readonly reason: FlagReason;
};

export type Flags = {
  readonly success: Succeeded;
  /** A flag that is not in it is off. While `maintenance` is enabled the caller can read and not write. */
  readonly flags: Readonly<Record<string, Flag>>;
  /** Null for a caller who has no role in an organisation. */
  readonly organization_role: OrganizationRole | null;
  readonly request_id: RequestId;
};

export type Health = {
  /** `degraded`: the key set at `jwt_jwks_url` cannot be fetched, so some or all tokens may be refused soon. `unavailable`: the database does not answer, or no token can be checked. `misconfigured`: a variable of the application is not valid, so every call is refused; the log says which. */
  readonly status: 'ok' | 'degraded' | 'unavailable' | 'misconfigured';
  /** `unknown`: it was not asked, because the application is misconfigured. */
  readonly database: 'ok' | 'unreachable' | 'unknown';
  /** The state of the keys from `jwt_jwks_url`; absent if that is not set. `stale`: the last fetch failed or a fetch is due, and keys that are up to twelve hours old are in use. `unavailable`: there are no keys, so tokens that are signed with one are refused. */
  readonly keys?: 'ok' | 'stale' | 'unavailable';
  /** Whether clients hear of what is new at once, over NATS; absent from functions that are not told. `off`: NATS is not configured, and clients call `sync`. `degraded`: it is, and nothing was published for more than 15 seconds although there was something, or no relay has led for so long; what happens is told later, and `sync` tells it now. */
  readonly realtime?: 'on' | 'degraded' | 'off';
  readonly version: string;
};

export type Offer = {
  readonly help_request_id: Uuid;
  readonly initial_message: InitialMessage;
  readonly recipient_id?: NamedRecipient;
  readonly message_type?: HelpMessageType;
};

export type OfferForRequest = {
  /** Optional; must equal the id in the path. */
  readonly help_request_id?: Uuid | null;
  readonly initial_message: InitialMessage;
  readonly recipient_id?: NamedRecipient;
  readonly message_type?: HelpMessageType;
};

export type InitialMessage = WrittenText;

export type StartedConversation = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  readonly version: 'v2';
  readonly message: HelpMessageShown;
  readonly request_id: RequestId;
};

export type HelpRequestNotFound = Problem & {
  readonly status?: 404;
  readonly code?: 'help_request_not_found';
};

export type ConversationExists = Problem & {
  readonly status?: 409;
  readonly code?: 'conversation_exists';
  readonly conversation_id: Uuid;
};

export type HelpRequestUnavailable = Problem & {
  readonly status?: 409;
  readonly code?: 'help_request_unavailable';
};

/** Optional; must be the other person of the conversation. */
export type NamedRecipient = Uuid | null;

/** Optional; every help message is text. */
export type HelpMessageType = 'text' | null;

/** `closed` conversations were closed through the table `conversations_v2`, or with an account. */
export type HelpConversationStatus = 'active' | 'completed' | 'cancelled' | 'closed';

/** A message, by its id or its `created_at`. */
export type Place = Uuid | Timestamp;

export type Empty = {
  /** Optional; must equal the id in the path. */
  readonly conversation_id?: Uuid | null;
};

export type HelpMessage = {
  /** Optional; must equal the id in the path. */
  readonly conversation_id?: Uuid | null;
  readonly content: WrittenText;
  readonly recipient_id?: NamedRecipient;
  readonly message_type?: HelpMessageType;
};

export type HelpMessageShown = {
  readonly id: Uuid;
  readonly content: string;
  readonly sender_id: Uuid;
  readonly created_at: Timestamp;
};

/** A help conversation as the caller sees it. */
export type HelpConversation = {
  readonly id: Uuid;
  /** `v1` conversations began before Rolecall and are read-only. */
  readonly version: 'v1' | 'v2';
  /** What to show beside a `v1` conversation; null for `v2`. */
  readonly badge: 'Legacy Conversation' | null;
  /** Null if a `v1` conversation names none. */
  readonly help_request: {
    readonly id: Uuid;
    /** Null if the help request of a `v1` conversation is not known here. */
    readonly title: string | null;
    /** Null if the help request of a `v1` conversation is not known here. */
    readonly status: 'open' | 'in_progress' | 'matched' | 'completed' | 'closed' | 'cancelled' | null;
  } | null;
  /** Null if a `v1` conversation does not say who asked. */
  readonly requester_id: Uuid | null;
  /** Null if a `v1` conversation does not say who helps. */
  readonly helper_id: Uuid | null;
  /** One of `HelpConversationStatus`; that of a `v1` conversation is the app's own word. */
  readonly status: string | null;
  /** The newest message; null if there is none. */
  readonly last_message: HelpMessageShown | null;
  /** How many messages of the other person are new to the caller. 0 for `v1`, whose read positions the app keeps. */
  readonly unread_count: Count;
  /** Whether the next message of the caller would be taken, rate limits aside. */
  readonly can_write: boolean;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
};

export type HelpConversations = {
  readonly success: Succeeded;
  readonly conversations: readonly HelpConversation[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type HelpConversationPage = {
  readonly success: Succeeded;
  readonly conversation: HelpConversation;
  readonly messages: readonly HelpMessageShown[];
  readonly has_more: boolean;
  readonly request_id: RequestId;
};

export type SentHelpMessage = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly message: HelpMessageShown;
  readonly conversation_id: Uuid;
  readonly version: 'v2';
  readonly request_id: RequestId;
};

export type ReadHelpConversation = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  readonly unread_count: Count;
  readonly request_id: RequestId;
};

export type EndedHelpConversation = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  readonly status: 'completed' | 'cancelled';
  readonly request_id: RequestId;
};

export type DirectMessages = DirectMessage | readonly DirectMessageItem[];

export type DirectMessage = {
  readonly recipient_id: Uuid;
  readonly content: DirectContent;
  readonly show_id?: MessageShow;
  readonly message_id?: NewMessageId;
} | {
  readonly conversation_id: Uuid;
  readonly content: DirectContent;
  readonly message_id?: NewMessageId;
};

/** A message of an array. */
export type DirectMessageItem = {
  readonly recipient_id: Uuid;
  readonly content: DirectContent;
  readonly show_id?: MessageShow;
  readonly message_id?: NewMessageId;
  readonly idempotency_key?: ItemKey;
} | {
  readonly conversation_id: Uuid;
  readonly content: DirectContent;
  readonly message_id?: NewMessageId;
  readonly idempotency_key?: ItemKey;
};

/** The show that the message is about; sharing a show can make the message allowed. Both users take part in the show, or the sender organizes it (rule `show_of_both`). */
export type MessageShow = Uuid | null;

/** The id that the message gets; any uuid of any version but the nil and the max uuid. */
export type NewMessageId = Uuid | null;

/** The `Idempotency-Key` of this message. */
export type ItemKey = string | null;

export type DirectContent = WrittenText;

export type SentMessage = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  readonly created_at: Timestamp;
  readonly request_id: RequestId;
};

export type SentMessages = {
  readonly success: Succeeded;
  /** One for each message, in their order. */
  readonly results: readonly DirectMessageResult[];
  readonly request_id: RequestId;
};

/** What the message would have been answered alone, with its status. */
export type DirectMessageResult = SentMessageResult | RefusedMessageResult;

export type SentMessageResult = {
  readonly status: 201;
  /** The message was sent before, and is answered as it was then. */
  readonly replayed?: true;
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  readonly created_at: Timestamp;
  readonly request_id: RequestId;
};

export type RefusedMessageResult = Problem & {
  /** With status 429. */
  readonly retry_after_seconds?: number;
};

export type NewContent = {
  readonly message_id: Uuid;
  readonly content: DirectContent;
  /** The version that the client has edited. Null or left out, the edit is of whichever is there. */
  readonly base_version?: MessageVersion | null;
};

export type EditedMessage = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  /** The revision of the conversation with which the message last changed. Null if it never has. */
  readonly revision: Count | null;
  readonly message: Message;
  readonly request_id: RequestId;
};

export type MessageHistory = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  readonly versions: readonly {
    readonly version: MessageVersion;
    /** Null if the content was erased for good, or an imported message has none. */
    readonly content: string | null;
    /** Null if it is unknown, which happens only in imported messages. */
    readonly written_at: Timestamp | null;
  }[];
  readonly request_id: RequestId;
};

export type EditWindowClosed = Problem & {
  readonly status?: 409;
  readonly code?: 'edit_window_closed';
};

export type EditConflict = Problem & {
  readonly status?: 409;
  readonly code?: 'edit_conflict';
  /** The version that the message has. */
  readonly version: MessageVersion;
};

export type MessageIdTaken = Problem & {
  readonly status?: 409;
  readonly code?: 'message_id_taken';
};

export type ConversationReadOnlyProblem = Problem & {
  readonly status?: 409;
  readonly code?: 'conversation_read_only';
};

export type NewReport = {
  readonly message_id: Uuid;
  readonly reason: Note;
};

export type FiledReport = {
  readonly success: Succeeded;
  readonly report_id: Uuid;
  readonly message_id: Uuid;
  readonly status: 'pending';
  readonly created_at: Timestamp;
  readonly request_id: RequestId;
};

export type ReportStatus = 'pending' | 'dismissed' | 'actioned';

export type ReviewDecision = 'dismiss' | 'delete' | 'restore' | 'suspend';

export type ReviewCapacity = 'organizer' | 'moderator';

export type Report = {
  readonly id: Uuid;
  /** For moderators, pending until a moderator decides; for organizers, pending until they or a moderator decide. */
  readonly status: ReportStatus;
  /** The decision in force. A moderator's decision overrides an organizer's. Null if nobody has decided. */
  readonly decision: ReviewDecision | null;
  /** The capacity in which the decision was made (an admin counts as a moderator). Null if nobody has decided. */
  readonly decided_as: ReviewCapacity | null;
  /** The reason that the reporter gave. Null for organizers. */
  readonly reason: string | null;
  readonly created_at: Timestamp;
  /** When the reporter reported the message again after an organizer's decision. Null for organizers. */
  readonly escalated_at: Timestamp | null;
  /** The reporter. Null for organizers. */
  readonly reporter_id: Uuid | null;
  readonly reviewed_at: Timestamp | null;
  readonly reviewed_by: Uuid | null;
  /** The note of the decision in force. Organizers do not see a moderator's note. */
  readonly note: string | null;
  /** The show the message belongs to. */
  readonly show_id: Uuid | null;
  /** The reported message. Moderators see the content of a deleted message while it is kept. */
  readonly message: {
    readonly id: Uuid;
    readonly conversation_id: Uuid;
    readonly seq: SeqOrNone;
    readonly sender_id: Uuid | null;
    readonly content: string | null;
    readonly created_at: Timestamp | null;
    readonly show_id: Uuid | null;
    readonly version: MessageVersion;
    readonly edited_at: Timestamp | null;
    /** Earlier versions of a help message, oldest first. Moderators only. Those of other messages are read by `messages.history`. */
    readonly edits?: readonly {
      /** Null if its author had it erased. */
      readonly content: string | null;
      readonly written_at: Timestamp;
      readonly replaced_at: Timestamp;
    }[];
    readonly deleted: DeletedOrNot;
  };
};

export type ReportQueue = {
  readonly success: Succeeded;
  readonly reports: readonly Report[];
  readonly counts: {
    readonly pending: Count;
    readonly dismissed: Count;
    readonly actioned: Count;
  };
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type Review = {
  readonly report_id: Uuid;
  readonly decision: 'dismiss' | 'delete' | 'restore';
  readonly note?: NoteOrNone;
  readonly suspended_until?: null;
} | {
  readonly report_id: Uuid;
  readonly decision: 'suspend';
  readonly note?: NoteOrNone;
  readonly suspended_until: FutureMoment;
};

export type NoteOrNone = Note | null;

export type ReviewedReport = {
  readonly success: Succeeded;
  readonly report: Report;
  readonly request_id: RequestId;
};

export type MessageAct = {
  readonly message_id: Uuid;
  readonly note?: NoteOrNone;
};

export type DeletedMessage = {
  readonly success: Succeeded;
  readonly message: {
    readonly id: Uuid;
    readonly conversation_id: Uuid;
    readonly seq: SeqOrNone;
    readonly deleted: Deleted;
  };
  readonly request_id: RequestId;
};

export type RestoredMessage = {
  readonly success: Succeeded;
  readonly message: {
    readonly id: Uuid;
    readonly conversation_id: Uuid;
    readonly seq: SeqOrNone;
    readonly deleted: null;
  };
  readonly request_id: RequestId;
};

export type Suspend = {
  readonly target_id: Uuid;
  readonly until: FutureMoment;
  readonly note?: NoteOrNone;
};

export type Suspension = {
  readonly success: Succeeded;
  readonly target_id: Uuid;
  readonly suspended_until: Timestamp;
  readonly request_id: RequestId;
};

/** Null if the user is not suspended; `infinity` if the operator suspended them indefinitely. */
export type SuspendedUntil = Timestamp | 'infinity' | null;

export type LiftSuspension = {
  readonly target_id: Uuid;
  readonly note?: NoteOrNone;
};

export type LiftedSuspension = {
  readonly success: Succeeded;
  readonly target_id: Uuid;
  readonly suspended_until: null;
  readonly request_id: RequestId;
};

export type AuditEntry = {
  readonly id: Uuid;
  readonly at: Timestamp;
  readonly actor_id: Uuid;
  readonly action: 'report_reviewed' | 'message_deleted' | 'message_restored' | 'user_suspended' | 'suspension_lifted';
  readonly report_id: Uuid | null;
  readonly message_id: Uuid | null;
  readonly target_id: Uuid | null;
  readonly note: string | null;
  readonly before: AuditState;
  readonly after: AuditState;
};

/** The state before or after the action; never any content. */
export type AuditState = {
  readonly status?: ReportStatus;
  readonly decision?: ReviewDecision | null;
  readonly decided_as?: ReviewCapacity;
  readonly reports_settled?: Count;
  readonly deleted?: DeletedOrNot;
  readonly suspended_until?: SuspendedUntil;
};

export type AuditPage = {
  readonly success: Succeeded;
  readonly entries: readonly AuditEntry[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type AlreadyReportedProblem = Problem & {
  readonly status?: 409;
  readonly code?: 'already_reported';
  readonly report_id: Uuid;
};

export type AlreadyReviewedProblem = Problem & {
  readonly status?: 409;
  readonly code?: 'already_reviewed';
  readonly report_id: Uuid;
  readonly decision: ReviewDecision;
};

export type AlertName = string;

export type FiringAlert = {
  readonly name: AlertName;
  readonly severity: 'critical' | 'warning';
  /** A share is between 0 and 1, a time in seconds. */
  readonly value: number;
  readonly threshold: number;
  readonly since: Timestamp;
  readonly summary: string;
};

export type AlertsSent = {
  readonly success: Succeeded;
  readonly request_id: RequestId;
  /** The alerts that fire now. */
  readonly firing: readonly FiringAlert[];
  /** Those whose beginning this call took up to send. */
  readonly began: readonly AlertName[];
  readonly ended: readonly AlertName[];
  /** `off`: there is no receiver. `busy`: another call sends at this moment. `failed`: the receiver did not take something; the log says why. */
  readonly delivery: 'ok' | 'off' | 'busy' | 'failed';
  /** How many beginnings and ends the receiver has taken. */
  readonly sent: number;
  /** How many still wait for it. */
  readonly waiting: number;
};

/** The organisation's own; a sitter's; of the pool, given to one-time clients. */
export type NumberClass = 'front_desk' | 'sitter' | 'pool';

/** A phone number in international form (ITU-T E.164). */
export type PhoneNumber = string;

/** The last four digits of a phone number. */
export type MaskedPhone = string;

export type NewNumber = {
  readonly organization_id: Uuid;
  readonly phone: PhoneNumber;
  readonly class: NumberClass;
  /** The sitter, for the class `sitter` and no other. */
  readonly sitter_id?: Uuid | null;
};

export type OwnNumber = {
  readonly organization_id: Uuid;
  readonly number_id: Uuid;
};

export type NumberFigures = {
  readonly number_id: Uuid;
  readonly phone: MaskedPhone;
  readonly class: NumberClass;
  /** `resting`: a sitter's number after its release, until `rests_until`. */
  readonly status: 'active' | 'resting' | 'released';
  readonly sitter_id: Uuid | null;
  readonly rests_until: Timestamp | null;
  /** How many open threads of clients have it. */
  readonly open_threads: Count;
  /** When a thread was last given it; null if none was. */
  readonly last_assigned_at: Timestamp | null;
  readonly created_at: Timestamp;
};

export type Number = NumberFigures;

export type NumberList = {
  readonly success: Succeeded;
  readonly numbers: readonly Number[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type NumberAnswer = NumberFigures & {
  readonly success: Succeeded;
  readonly request_id: RequestId;
};

export type NumberReleased = NumberFigures & {
  readonly success: Succeeded;
  /** How many threads have another number now, the owner inbox counted. */
  readonly moved_threads: Count;
  readonly request_id: RequestId;
};

export type NumberInUseProblem = Problem & Required<Pick<Problem, 'reasons'>> & {
  readonly status?: 409;
  readonly code?: 'number_in_use';
};

export type NoNumberAvailableProblem = Problem & {
  readonly status?: 409;
  readonly code?: 'no_number_available';
};

export type ExportLine = ExportedProfile | ExportedBlock | ExportedShow | ExportedParticipation | ExportedConversation | ExportedMessage | ExportedMessageEdit | ExportedConversationSettings | ExportedBroadcast | ExportedSentBroadcast | ExportedHelpRequest | ExportedHelpConversation | ExportedHelpMessage | ExportedHelpMessageEdit | ExportedReaction | ExportedReport | ExportedDecision | ExportedAuditEntry | ExportedClient | ExportedBooking | ExportedAssignmentWindow | ExportedThread | ExportedThreadMessage | ExportedThreadRead | ExportedHeldBackMessage | ExportedForceSentMessage | ExportEnd | ExportBrokenOff;

export type ExportedProfile = {
  readonly type: 'profile';
  readonly id: Uuid;
  readonly display_name: string;
  readonly role: Role;
  readonly organization_id: Uuid | null;
  readonly organization_role: string | null;
  readonly suspended_until: SuspendedUntil;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
};

export type ExportedBlock = {
  readonly type: 'block';
  readonly blocked_id: Uuid;
  readonly created_at: Timestamp;
};

/** A show that the caller organizes. */
export type ExportedShow = {
  readonly type: 'show';
  readonly id: Uuid;
  readonly title: string;
  readonly starts_at: Timestamp;
  readonly ends_at: Timestamp;
  readonly created_at: Timestamp;
};

/** A show in which the caller takes or took part. */
export type ExportedParticipation = {
  readonly type: 'participation';
  readonly show_id: Uuid;
  readonly role: Role;
  readonly joined_at: Timestamp;
  readonly left_at: Timestamp | null;
};

/** A conversation in which the caller takes part. */
export type ExportedConversation = {
  readonly type: 'conversation';
  readonly id: Uuid;
  readonly kind: ConversationKind;
  readonly version: ConversationVersion;
  readonly with: {
    readonly id: Uuid;
    readonly display_name: string;
  } | null;
  readonly show_id: Uuid | null;
  readonly read_only: boolean;
  readonly last_seq: Count;
  readonly last_read_seq: Count;
  readonly created_at: Timestamp | null;
  readonly last_message_at: Timestamp | null;
};

/** A message in one of the caller's conversations, from either side. Deleted messages are placeholders. */
export type ExportedMessage = {
  readonly type: 'message';
  readonly id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  readonly sender_id: Uuid | null;
  readonly content: string | null;
  readonly created_at: Timestamp | null;
  readonly show_id: Uuid | null;
  readonly version: MessageVersion;
  readonly edited_at: Timestamp | null;
  readonly deleted: DeletedOrNot;
};

/** What the caller has muted, archived or pinned. */
export type ExportedConversationSettings = {
  readonly type: 'conversation_settings';
  readonly conversation_id: Uuid;
  readonly muted_until: Timestamp | 'forever' | null;
  /** The newest message when it was archived. */
  readonly archived_at_seq: Count | null;
  readonly pinned_at: PinnedAt;
};

/** What a message of the caller's said before they edited it. */
export type ExportedMessageEdit = {
  readonly type: 'message_edit';
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  readonly version: MessageVersion;
  readonly content: string;
  readonly written_at: Timestamp;
};

/** A broadcast that the caller received. */
export type ExportedBroadcast = {
  readonly type: 'broadcast';
  readonly id: Uuid;
  readonly conversation_id: Uuid;
  readonly message_id: Uuid;
  readonly show_id: Uuid;
  readonly sender_id: Uuid;
  readonly content: string | null;
  readonly created_at: Timestamp;
  readonly deleted: DeletedOrNot;
};

/** A broadcast that the caller sent. Its content is in the message. */
export type ExportedSentBroadcast = {
  readonly type: 'sent_broadcast';
  readonly id: Uuid;
  readonly conversation_id: Uuid;
  readonly message_id: Uuid;
  readonly show_id: Uuid;
  readonly phase: 'pre_show' | 'post_show';
  readonly recipient_roles: readonly Role[];
  readonly audience_count: Count;
  readonly created_at: Timestamp;
};

export type ExportedHelpRequest = {
  readonly type: 'help_request';
  readonly id: Uuid;
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
};

export type ExportedHelpConversation = {
  readonly type: 'help_conversation';
  readonly id: Uuid;
  readonly help_request_id: Uuid;
  readonly requester_id: Uuid;
  readonly helper_id: Uuid;
  readonly initial_message: string;
  readonly status: string;
  /** The `created_at` of the newest message that the caller has marked as read; null if there is none. */
  readonly last_read_at: Timestamp | null;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
};

export type ExportedHelpMessage = {
  readonly type: 'help_message';
  readonly id: Uuid;
  readonly conversation_id: Uuid;
  readonly content: string;
  readonly sender_id: Uuid;
  readonly created_at: Timestamp;
};

/** An earlier version of a help message of the caller's. */
export type ExportedHelpMessageEdit = {
  readonly type: 'help_message_edit';
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly content: string;
  readonly written_at: Timestamp;
  readonly replaced_at: Timestamp;
};

/** A reaction of the caller to a message. */
export type ExportedReaction = {
  readonly type: 'reaction';
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly emoji: Emoji;
  readonly created_at: Timestamp;
};

/** A report that the caller filed. */
export type ExportedReport = {
  readonly type: 'report';
  readonly id: Uuid;
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly reason: string;
  readonly status: ReportStatus;
  readonly created_at: Timestamp;
};

/** A decision that the caller made about a report. */
export type ExportedDecision = {
  readonly type: 'decision';
  readonly report_id: Uuid;
  readonly message_id: Uuid;
  readonly decision: string | null;
  readonly status: ReportStatus;
  readonly note: string | null;
  readonly reviewed_at: Timestamp;
};

/** A moderation action of the caller's. */
export type ExportedAuditEntry = {
  readonly type: 'audit_entry';
  readonly id: Uuid;
  readonly at: Timestamp;
  readonly action: string;
  readonly report_id: Uuid | null;
  readonly message_id: Uuid | null;
  readonly target_id: Uuid | null;
  readonly note: string | null;
  readonly before: AuditState;
  readonly after: AuditState;
};

/** The caller as a client whom an organisation texts. */
export type ExportedClient = {
  readonly type: 'client';
  readonly id: Uuid;
  readonly organization_id: Uuid;
  readonly display_name: string | null;
  /** The last four digits of the phone number. */
  readonly phone: string;
  readonly opted_out_at: Timestamp | null;
  readonly created_at: Timestamp;
};

/** A booking of the caller's, as a client or as the sitter. */
export type ExportedBooking = {
  readonly type: 'booking';
  readonly id: Uuid;
  readonly client_id: Uuid;
  readonly service: string;
  readonly starts_at: Timestamp;
  readonly ends_at: Timestamp;
  readonly recurring: boolean;
  readonly status: BookingStatus;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
};

/** A window in which the caller writes, or wrote, as a sitter. */
export type ExportedAssignmentWindow = {
  readonly type: 'assignment_window';
  readonly id: Uuid;
  readonly thread_id: Uuid;
  readonly booking_id: Uuid;
  readonly starts_at: Timestamp;
  readonly ends_at: Timestamp;
  readonly closed_at: Timestamp | null;
};

/** A thread of the caller's, as its client or as a sitter who has or had a window in it. */
export type ExportedThread = {
  readonly type: 'thread';
  readonly id: Uuid;
  readonly scope: ThreadScope;
  readonly status: ThreadStatus;
  readonly client_id: Uuid;
  readonly number_class: ThreadNumberClass;
  readonly created_at: Timestamp;
  readonly last_message_at: Timestamp;
};

/** A message that the caller wrote into a thread; of a client, also one that reached them. */
export type ExportedThreadMessage = {
  readonly type: 'thread_message';
  readonly id: Uuid;
  readonly thread_id: Uuid;
  readonly seq: Seq;
  readonly direction: 'inbound' | 'outbound';
  readonly kind: 'text' | 'automatic_reply';
  /** Null when it was erased. */
  readonly content: string | null;
  readonly media_urls: readonly string[];
  readonly delivery: ThreadMessageDelivery;
  readonly created_at: Timestamp;
};

/** Up to where the caller has read a thread. */
export type ExportedThreadRead = {
  readonly type: 'thread_read';
  readonly thread_id: Uuid;
  readonly last_read_seq: Count;
};

/** A message of the caller's that the filter held back. */
export type ExportedHeldBackMessage = {
  readonly type: 'held_back_message';
  readonly message_id: Uuid;
  readonly thread_id: Uuid;
  readonly at: Timestamp;
  /** When an owner or admin delivered it all the same. */
  readonly delivered_at: Timestamp | null;
};

/** A message that the caller delivered although the filter had held it back. */
export type ExportedForceSentMessage = {
  readonly type: 'force_sent_message';
  readonly message_id: Uuid;
  readonly thread_id: Uuid;
  readonly reason: string;
  readonly at: Timestamp;
};

/** The last line of a complete export. */
export type ExportEnd = {
  readonly type: 'end';
  readonly lines: Count;
};

/** The last line of an incomplete export. */
export type ExportBrokenOff = {
  readonly type: 'error';
  readonly code: Code;
  readonly detail: string;
  readonly lines: Count;
};

export type ConfirmedDeletion = {
  readonly confirm: true;
  /** Delete the account as well. This cannot be undone. */
  readonly account?: boolean | null;
};

export type DataDeletion = {
  readonly success: Succeeded;
  readonly deletion_id: Uuid;
  readonly account: boolean;
  readonly status: 'complete' | 'in_progress';
  readonly messages_deleted: Count;
  readonly requested_at: Timestamp;
  readonly request_id: RequestId;
};

export type CheckRequest = Check | {
  readonly checks: readonly Check[];
};

export type Check = {
  readonly action: 'start_dm';
  readonly recipient_id: Uuid;
  readonly show_id?: Uuid | null;
} | {
  readonly action: 'reply' | 'read_broadcast';
  readonly conversation_id: Uuid;
} | {
  readonly action: 'broadcast';
  readonly show_id: Uuid;
  /** Defaults to every role; the answer lists the roles that are allowed. */
  readonly recipient_roles?: Roles;
} | {
  readonly action: 'moderate' | 'report' | 'edit_message' | 'react';
  readonly message_id: Uuid;
} | {
  readonly action: 'suspend';
  readonly target_id: Uuid;
} | {
  readonly action: Action;
  readonly actor_role: Role;
  readonly target_role: Role;
  /** The facts that hold. Defaults to `feature_enabled` and `participant`. */
  readonly facts?: readonly Fact[] | null;
} | {
  readonly action: 'read_thread' | 'send_to_thread';
  readonly thread_id: Uuid;
} | {
  readonly action: 'force_send';
  readonly message_id: Uuid;
} | {
  readonly action: 'assign_booking';
} | {
  readonly action: OrganizationAction;
  readonly organization_role: OrganizationRole;
  /** The facts that hold. Defaults to `feature_enabled` and `own_organization`. */
  readonly facts?: readonly OrganizationFact[] | null;
};

export type CheckResult = CheckDecision;

export type CheckDecision = {
  readonly action: Action | OrganizationAction;
  readonly allowed: boolean;
  /** The code with which the real call would be refused. */
  readonly code?: Code;
  /** The rule that decides; null if the decision is not a rule's, for example because something does not exist. */
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
  readonly would_be_allowed_if: readonly string[];
  /** What is left of the limit on this action; null if it has no limit. */
  readonly quota: {
    readonly policy: string;
    readonly limit: Count;
    readonly remaining: Count;
    readonly window_seconds: Count;
    readonly reset_seconds: Count;
  } | {
    readonly phase: 'pre_show' | 'post_show';
    readonly limit: number | null;
    readonly remaining: QuotaRemaining;
    readonly reset_at: Timestamp;
  } | null;
  /** The roles to which the caller may broadcast. */
  readonly recipient_roles?: readonly Role[];
};

export type CheckAnswer = CheckDecision & {
  readonly success: Succeeded;
  readonly request_id: RequestId;
} | {
  readonly success: Succeeded;
  readonly results: readonly CheckResult[];
  readonly request_id: RequestId;
};

/** Exactly one emoji of Unicode. Answers have it in its fully-qualified form. */
export type Emoji = string;

export type Reaction = {
  readonly message_id: Uuid;
  readonly emoji: Emoji;
};

/** Reactions of one kind. */
export type ReactionCount = {
  readonly emoji: Emoji;
  /** How many people reacted with it. */
  readonly count: number;
  /** Whether the caller is one of them. */
  readonly mine: boolean;
};

/** The reactions by kind, the most frequent first. A deleted message shows none. */
export type ReactionCounts = readonly ReactionCount[];

export type Reacted = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  /** The conversation's revision when the message last changed. Null if it never has. */
  readonly revision: number | null;
  readonly reactions: ReactionCounts;
  readonly request_id: RequestId;
};

export type ReactionPage = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly reactions: readonly ListedReaction[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type ListedReaction = {
  readonly user_id: Uuid;
  readonly display_name: string;
  readonly emoji: Emoji;
  readonly created_at: Timestamp;
};

export type TooManyReactions = Problem & {
  readonly status?: 409;
  readonly code?: 'too_many_reactions';
};

export type Presence = {
  readonly success: Succeeded;
  readonly online: readonly Uuid[];
  readonly request_id: RequestId;
};

export type TypingIn = {
  readonly conversation_id: Uuid;
};

export type Typing = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  readonly request_id: RequestId;
};

export type RealtimeToken = {
  readonly success: Succeeded;
  /** The address of NATS for WebSocket. */
  readonly url: string;
  /** The user JWT of NATS. A secret, which belongs into no address. */
  readonly token: string;
  /** What to subscribe to. */
  readonly subject: string;
  /** When the token ends, and the connection with it. */
  readonly expires_at: Timestamp;
  /** The time by the clock that `expires_at` is read on. */
  readonly server_time: Timestamp;
  readonly request_id: RequestId;
};

export type FlagName = WrittenText | null;

/** For nobody; for internal users; for internal users and this share of the others; for everybody. */
export type Rollout = string;

export type RolloutOrNone = Rollout | null;

export type RolloutReason = {
  readonly flag?: FlagName;
  readonly reason: Note;
};

export type RolloutAdvance = {
  readonly flag?: FlagName;
  readonly reason: Note;
  /** Go on although criteria are not met. */
  readonly force?: boolean;
};

export type RolloutSetting = {
  readonly flag?: FlagName;
  readonly rollout: Rollout;
  readonly reason: Note;
};

export type RolloutTrial = {
  readonly flag?: FlagName;
  readonly rollout: Rollout;
  /** One that stands twice counts once. */
  readonly user_ids: readonly Uuid[];
} | {
  readonly flag?: FlagName;
  readonly rollout: Rollout;
  /** So many users, from a random one on; all if there are fewer. */
  readonly sample: number;
};

/** What has been counted since the rollout changed last. `attempts` are successes (`ok`) and `failures`: answers of 500 or more, and statements that never answered. `refusals` are neither. `success` is `ok` / `attempts`; `errors` is the share of attempts that ended in `internal`. */
export type RolloutFigures = {
  readonly age_seconds: Count;
  readonly attempts: Count;
  readonly ok: Count;
  readonly failures: Count;
  readonly refusals: Count;
  readonly success: Share;
  readonly errors: Share;
  /** The 95th percentile of the time that attempts take; null without an attempt. */
  readonly p95_ms: number | null;
};

/** `age_seconds`, `attempts` and `success` reach their bound, `p95_ms` and `errors` stay below it. A figure is null, and not met, without an attempt. */
export type RolloutCriterion = {
  readonly code: 'age_seconds' | 'attempts' | 'success' | 'p95_ms' | 'errors';
  readonly figure: number | null;
  readonly bound: number;
  readonly met: boolean;
};

/** Empty before the first stage. */
export type RolloutCriteria = readonly RolloutCriterion[];

/** What the stage has to show; a row of `rollout_stages`. */
export type RolloutStage = {
  readonly rollout: Rollout;
  readonly min_age_seconds: Count;
  readonly min_attempts: Count;
  readonly min_success: number;
  readonly max_p95_ms: number;
  readonly max_errors: number;
  readonly auto_advance: boolean;
};

export type RolloutDecision = {
  readonly id: Count;
  readonly at: Timestamp;
  readonly flag: string;
  /** `guard`; or `operator`, followed by who it was if that is known. */
  readonly actor: string;
  readonly action: 'advance' | 'force' | 'set' | 'rollback';
  readonly from_rollout: Rollout;
  readonly to_rollout: Rollout;
  readonly reason: string;
  /** What was known at that moment: the figures of the stage, with its criteria where it was advanced; of the guard's rollbacks those of the minutes it looked at. */
  readonly figures: Readonly<Record<string, never>>;
};

export type RolloutStatus = {
  readonly success: Succeeded;
  readonly flag: string;
  readonly rollout: Rollout;
  readonly since: Timestamp;
  /** The flag that must include a user, too. */
  readonly requires: string | null;
  /** The furthest stage that does not reach beyond the rollout; null before the first one. */
  readonly stage: RolloutStage | null;
  readonly next_rollout: RolloutOrNone;
  /** Whether the guard watches it, as long as something calls the guard. */
  readonly watched: boolean;
  /** The minute in which the guard was last called; null if that was not within two hours. */
  readonly guard_seen_at: Timestamp | null;
  readonly users: {
    readonly examined: Count;
    readonly in: Count;
    readonly share: Share;
  };
  readonly figures: RolloutFigures;
  readonly criteria: RolloutCriteria;
  /** Whether all criteria are met. */
  readonly met: boolean;
  readonly decisions: readonly RolloutDecision[];
  readonly request_id: RequestId;
};

export type RolloutChange = {
  readonly success: Succeeded;
  readonly flag: string;
  readonly action: 'set' | 'rollback';
  readonly from_rollout: Rollout;
  readonly rollout: Rollout;
  readonly changed: boolean;
  /** The decision that was recorded; null if nothing changed. */
  readonly decision_id: number | null;
  readonly request_id: RequestId;
};

export type RolloutAdvanced = {
  readonly success: Succeeded;
  readonly flag: string;
  /** `force` if criteria were not met. */
  readonly action: 'advance' | 'force';
  readonly from_rollout: Rollout;
  readonly rollout: Rollout;
  readonly changed: true;
  readonly decision_id: number;
  readonly criteria: RolloutCriteria;
  readonly request_id: RequestId;
};

export type RolloutGuarded = {
  readonly success: Succeeded;
  readonly decisions: readonly RolloutDecision[];
  readonly request_id: RequestId;
};

export type RolloutSimulated = {
  readonly success: Succeeded;
  readonly flag: string;
  readonly rollout: Rollout;
  readonly users: Count;
  readonly without_profile: Count;
  /** How many it would include. */
  readonly in: Count;
  /** How many it would not include. */
  readonly out: Count;
  /** How many of them the flag treats otherwise now. */
  readonly would_change: Count;
  readonly would_enter: Count;
  readonly would_leave: Count;
  readonly request_id: RequestId;
};

export type RolloutCriteriaUnmetProblem = Problem & Required<Pick<Problem, 'reasons'>> & {
  readonly status?: 409;
  readonly code?: 'rollout_criteria_unmet';
  readonly rollout?: Rollout;
  readonly next_rollout?: Rollout;
  readonly criteria?: RolloutCriteria;
};

export type TwimlDocument = string;

/** The carrier's id of the message. One that may be a phone number, because it does not have Twilio's form of two letters and 32 hexadecimal digits, is kept by its digest. */
export type CarrierMessageSid = string;

/** The address of a picture or another file. It is kept and never fetched. */
export type MediaUrl = string;

export type CarrierText = {
  readonly MessageSid: CarrierMessageSid;
  readonly From: CarrierNumber;
  readonly To: CarrierNumber;
  readonly Body?: string;
  /** The carrier answers the word by itself, so that Rolecall is silent. */
  readonly OptOutType?: string;
  /** How many of `MediaUrl0`, `MediaUrl1` and so on there are; ten at most are read. */
  readonly NumMedia?: string | number;
};

/** A phone number (E.164). */
export type CarrierNumber = string;

export type CarrierStatus = {
  readonly MessageSid: CarrierMessageSid;
  readonly MessageStatus: string;
  readonly ErrorCode?: string | number;
};

export type TextsDelivered = {
  readonly success: Succeeded;
  readonly request_id: RequestId;
  /** `off`: there is no account with the carrier, and everything waits. `paused`: the carrier asked for a pause. */
  readonly delivery: 'on' | 'off' | 'paused';
  /** Whether there may be more to hand over at once. */
  readonly more?: boolean;
  /** How many the carrier has taken. */
  readonly sent: number;
  /** How many it did not take, and may later, unless it was their last attempt. */
  readonly retried: number;
  /** How many it refused. */
  readonly dead: number;
  /** How many it may have. */
  readonly uncertain: number;
  /** How many were put back without being tried. */
  readonly released: number;
  /** How many of earlier calls became uncertain, since these did not say in time what became of them. */
  readonly expired: number;
  /** How many waited at the last look, up to 10,000. */
  readonly waiting: number;
};

/** `sent`: the carrier had the text; `not_sent`: it had not. */
export type TextOutcome = 'sent' | 'not_sent';

export type SettledText = {
  readonly success: Succeeded;
  readonly request_id: RequestId;
  readonly message_id: Uuid;
  readonly thread_id: Uuid;
  readonly delivery: 'queued' | 'sent' | 'delivered' | 'undelivered' | 'failed';
};

export type SyncRequest = {
  /** The `cursor` of the answer before. Without one, everything comes. */
  readonly cursor?: SyncCursor | null;
  /** The maximum number of changed conversations, of all lists together. */
  readonly limit?: number | null;
  /** The conversations to catch up with, and how far you know each. */
  readonly have?: readonly KnownConversation[] | null;
};

/** Opaque. It can be used by the user who got it, on the database that made it. */
export type SyncCursor = string;

export type KnownConversation = {
  readonly conversation_id: Uuid;
  /** The greatest `seq` that you have. */
  readonly seq: number;
  /** The `revision` that you know. */
  readonly revision: number;
};

export type CaughtUp = {
  readonly conversation_id: Uuid;
  /** The messages after the `seq` that you have, oldest first. */
  readonly messages: readonly Message[];
  /** The messages that changed after the `revision` that you know, as they are now, in the order of the changes. */
  readonly changed: readonly Message[];
  /** The `seq` that you have now. */
  readonly seq: Count;
  /** The `revision` that you know now. */
  readonly revision: Count;
  /** Whether there are more messages or changes. */
  readonly limited: boolean;
};

export type SyncAnswer = {
  readonly success: Succeeded;
  readonly cursor: SyncCursor;
  /** Whether there is another page. */
  readonly more: boolean;
  readonly conversations: readonly Card[];
  /** Empty if help conversations are switched off for the caller. Those of an app's own tables do not change, and are not among them. */
  readonly help_conversations: readonly HelpConversation[];
  /** Of the caller's organisation; empty if they read none there. */
  readonly threads: readonly ThreadCard[];
  /** Conversations and threads to remove. The caller cannot read them any more, or never could: a block hides what was broadcast, or a sitter's window in a thread has ended or is another's. Ids are unique over all lists. */
  readonly gone: readonly Uuid[];
  readonly catch_up: readonly CaughtUp[];
  readonly unread: UnreadCounts;
  readonly notifications: {
    readonly unread: Count;
    /** Null while there are none. */
    readonly newest_id: string | null;
  };
  readonly request_id: RequestId;
};

/** What `conversations/unread` answers. */
export type UnreadCounts = {
  readonly unread: Count;
  readonly conversations: Count;
  readonly by_kind: {
    readonly direct: Count;
    readonly show: Count;
  };
};

export type CursorExpiredProblem = Problem & {
  readonly status?: 410;
  readonly code?: 'cursor_expired';
};

export type OwnClient = {
  readonly organization_id: Uuid;
  readonly client_id: Uuid;
};

export type ErasedClient = {
  readonly success: Succeeded;
  readonly client_id: Uuid;
  readonly erased_at: Timestamp;
  readonly request_id: RequestId;
};

/** `client`: the conversation with a client; `billing`: about money, hidden from sitters; `owner_inbox`: what waits for the owner, of all clients. */
export type ThreadScope = 'client' | 'billing' | 'owner_inbox';

export type ThreadStatus = 'open' | 'closed';

/** Whose number the thread has, the front desk's, its sitter's, or one of the pool. */
export type ThreadNumberClass = 'front_desk' | 'sitter' | 'pool';

export type UuidOrNone = Uuid | null;

/** Absolute times, and the same by the clocks of the organisation. */
export type AssignmentWindow = {
  readonly starts_at: Timestamp;
  /** The first moment that is no longer in it. */
  readonly ends_at: Timestamp;
  readonly starts_at_local: LocalTime;
  readonly ends_at_local: LocalTime;
};

/** Absolute times, and the same by the clocks of the organisation. */
export type SitterWindow = {
  readonly starts_at: Timestamp;
  readonly ends_at: Timestamp;
  readonly starts_at_local: LocalTime;
  readonly ends_at_local: LocalTime;
  readonly sitter_id: Uuid;
};

export type SitterWindowOrNone = SitterWindow | null;

export type ThreadClient = {
  readonly id: Uuid;
  /** Null for a sender whom nobody has named. */
  readonly display_name: string | null;
};

export type ThreadCard = {
  readonly id: Uuid;
  readonly scope: ThreadScope;
  readonly status: ThreadStatus;
  /** Null in the owner inbox. */
  readonly client: ThreadClient | null;
  readonly number_class: ThreadNumberClass;
  readonly last_message_at: Timestamp;
  /** The window that is open; to a sitter their own. Clients see none. */
  readonly active_window: SitterWindowOrNone;
  /** The next window that is still to open; to a sitter their own. Clients see none. */
  readonly next_window: SitterWindowOrNone;
  /** The messages that are new to the caller, counted up to 1000. */
  readonly unread_count: number;
};

export type ThreadList = {
  readonly success: Succeeded;
  readonly threads: readonly ThreadCard[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

/** `received` from the client, `blocked` by the filter, `shown` to the organisation alone, or where a message to the client stands. */
export type ThreadMessageDelivery = 'received' | 'blocked' | 'queued' | 'sent' | 'delivered' | 'undelivered' | 'failed' | 'dead' | 'uncertain' | 'shown';

export type ThreadMessage = {
  readonly id: Uuid;
  /** The thread in which the message stands; in the owner inbox that is the client's, as a rule. */
  readonly thread_id: Uuid;
  readonly seq: Seq;
  readonly direction: 'inbound' | 'outbound' | 'internal';
  readonly kind: 'text' | 'automatic_reply' | 'notice';
  /** Null once the client is erased. */
  readonly content: string | null;
  readonly media_urls: readonly string[];
  readonly client_id: UuidOrNone;
  /** The user who wrote it. Null for a text by phone, an automatic reply and a notice; to a client, for all but their own. */
  readonly author_id: UuidOrNone;
  /** The sitter who wrote it, or to whom it was routed. Null to a client. */
  readonly sitter_id: UuidOrNone;
  readonly delivery: ThreadMessageDelivery;
  /** The carrier's, for owner and admins. */
  readonly error_code: number | null;
  readonly created_at: Timestamp;
};

export type ThreadHistory = {
  readonly success: Succeeded;
  readonly thread: ThreadCard;
  readonly messages: readonly ThreadMessage[];
  readonly has_more_before: boolean;
  readonly has_more_after: boolean;
  readonly request_id: RequestId;
};

export type MarkThreadRead = {
  /** Defaults to the newest message. */
  readonly up_to_seq?: number | null;
};

export type ThreadRead = {
  readonly success: Succeeded;
  readonly thread_id: Uuid;
  readonly last_read_seq: number;
  readonly unread_count: number;
  readonly request_id: RequestId;
};

export type ThreadText = WrittenText;

/** Links to media, which the carrier fetches. */
export type MediaLinks = readonly string[] | null;

export type ThreadMessageToSend = {
  readonly thread_id: Uuid;
  readonly content: ThreadText;
  readonly media_urls?: MediaLinks;
} | {
  readonly threadId: Uuid;
  readonly text: ThreadText;
  readonly media_urls?: MediaLinks;
};

export type SentThreadMessage = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly thread_id: Uuid;
  readonly seq: Seq;
  /** `queued` for the client's phone; `received` from a client who writes with their account. */
  readonly delivery: 'queued' | 'received';
  readonly number_class: ThreadNumberClass;
  readonly encoding: 'gsm_7' | 'ucs_2';
  /** The messages that the carrier makes of the text. */
  readonly segments: number;
  readonly request_id: RequestId;
};

export type ForceReason = WrittenText;

export type ForceSend = {
  readonly message_id: Uuid;
  readonly reason: ForceReason;
};

export type ForceSendReason = {
  readonly reason: ForceReason;
};

export type ForcedMessage = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly thread_id: Uuid;
  readonly delivery: 'queued' | 'received';
  readonly forced_at: Timestamp;
  readonly request_id: RequestId;
};

export type OutsideAssignmentWindow = Problem & {
  readonly status?: 403;
  readonly code?: 'outside_assignment_window';
  readonly next_window: NextWindow;
};

/** The sitter's next window in the thread, if one is planned. */
export type NextWindow = AssignmentWindow | null;

export type AntiPoachingBlocked = Problem & {
  readonly status?: 403;
  readonly code?: 'anti_poaching_blocked';
};

export type ClientOptedOut = Problem & {
  readonly status?: 409;
  readonly code?: 'client_opted_out';
};

export type ThreadReadOnly = Problem & {
  readonly status?: 409;
  readonly code?: 'conversation_read_only';
};

export type AlreadySent = Problem & {
  readonly status?: 409;
  readonly code?: 'already_sent';
};

export type EventType = 'message.created' | 'message.changed' | 'read' | 'typing' | 'presence' | 'notification' | 'conversation.changed' | 'member.changed';

/** What a webhook hears of; null or an empty list for everything but `typing` and `presence`. */
export type EventTypes = readonly EventType[] | null;

/** An https address without a user, a password or a fragment; http for `127.0.0.1`, `localhost` and `[::1]` alone. An address that leads into a private network is refused when it is posted to, unless the relay was allowed its host. */
export type WebhookUrl = string;

export type WebhookDescription = WrittenText;

/** The key of the signatures, in base64 behind `whsec_`. */
export type WebhookSecret = string;

export type NewWebhook = {
  readonly url: WebhookUrl;
  readonly types?: EventTypes;
  readonly description?: WebhookDescription | null;
};

export type OneWebhook = {
  /** Optional; must equal the id in the path. */
  readonly webhook_id?: Uuid | null;
};

export type WebhookChange = {
  /** Optional; must equal the id in the path. */
  readonly webhook_id?: Uuid | null;
  readonly url?: WebhookUrl | null;
  readonly types?: EventTypes;
  readonly is_enabled?: boolean | null;
  readonly description?: WebhookDescription | null;
};

export type Redelivery = {
  /** Optional; must equal the id in the path. */
  readonly webhook_id?: Uuid | null;
  /** Only what happened since then. */
  readonly since?: PastMoment | null;
};

/** A time, with any offset from UTC. */
export type PastMoment = string;

export type Webhook = {
  readonly id: Uuid;
  readonly url: string;
  readonly types: EventTypes;
  readonly description: string;
  readonly is_enabled: boolean;
  /** Why it was disabled by itself; null where it was not. */
  readonly disabled_reason: string | null;
  readonly created_at: Timestamp;
  readonly changed_at: Timestamp;
  /** Until when the secret before the last rotation signs, too. */
  readonly former_secret_until: Timestamp | null;
  readonly last_delivered_at: Timestamp | null;
  /** The first failure since the last delivery; after five days the webhook is disabled. */
  readonly failing_since: Timestamp | null;
  /** While it fails, when it is tried next. */
  readonly next_probe_at: Timestamp | null;
  readonly pending: Count;
  readonly oldest_pending_seconds: Count;
  /** What was given up in the last seven days. */
  readonly dead: Count;
  /** Events for which there was no room, since the webhook was made. */
  readonly dropped: Count;
};

export type WebhookList = {
  readonly success: Succeeded;
  readonly webhooks: readonly Webhook[];
  readonly request_id: RequestId;
};

export type WebhookAnswer = {
  readonly success: Succeeded;
  readonly webhook: Webhook;
  readonly request_id: RequestId;
};

export type WebhookWithSecret = {
  readonly success: Succeeded;
  readonly webhook: Webhook;
  readonly secret: WebhookSecret;
  readonly request_id: RequestId;
};

export type WebhookRemoved = {
  readonly success: Succeeded;
  readonly webhook_id: Uuid;
  readonly request_id: RequestId;
};

export type WebhookTested = {
  readonly success: Succeeded;
  readonly delivery_id: DeliveryId;
  readonly request_id: RequestId;
};

export type DeliveryId = string;

export type DeliveryState = 'pending' | 'dead';

export type Delivery = {
  readonly id: DeliveryId;
  /** The header `webhook-id` of each attempt; of a broadcast each page of its audience has its own. */
  readonly message_id: string;
  readonly event_id: string;
  readonly type: 'message.created' | 'message.changed' | 'read' | 'typing' | 'presence' | 'notification' | 'conversation.changed' | 'member.changed' | 'webhook.test';
  /** Where it happened; null for presence and tests. */
  readonly domain: 'conversations' | 'help' | 'threads' | null;
  readonly conversation_id: Uuid | null;
  readonly happened_at: Timestamp;
  readonly state: DeliveryState;
  readonly attempts: Count;
  readonly in_flight: boolean;
  /** When it is tried next; while it is in flight, when it would be tried again. */
  readonly due_at: Timestamp | null;
  readonly died_at: Timestamp | null;
  /** The status that the receiver answered last, if it answered. */
  readonly last_status: number | null;
  readonly last_error: string | null;
};

export type DeliveryList = {
  readonly success: Succeeded;
  readonly deliveries: readonly Delivery[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type Redelivered = {
  readonly success: Succeeded;
  readonly redelivered: Count;
  readonly more: boolean;
  readonly request_id: RequestId;
};
