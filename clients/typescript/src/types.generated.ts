// What requests and answers consist of. Generated from docs/openapi by `make generate`; do not edit.

import type { Action, Code, Fact, Role } from './rules.generated.js';

export type Uuid = string;

/** UTC with microseconds. */
export type Timestamp = string;

/** Opaque. */
export type Cursor = string;

/** For the page after this one; null where there is none. */
export type NextCursor = Cursor | null;

export type RequestId = string;

export type Succeeded = true;

export type Roles = readonly Role[];

export type Count = number;

/** The message's place in its conversation. */
export type Seq = number;

/** The message's place in its conversation. A help message has none. */
export type SeqOrNone = Seq | null;

/** Measured after trimming in Unicode code points, of which an emoji may have several. Something in it must be visible. */
export type Note = string;

/** The rule that refused, or what is wrong with a field. */
export type Reason = {
  readonly code: string;
  readonly message: string;
  readonly field?: string;
  readonly allowed_if?: string;
};

/** What every error has (RFC 9457). Some codes add members of their own. */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: Code;
  readonly request_id: RequestId;
  readonly reasons?: readonly Reason[];
  /** The same for clients written against it. */
  readonly error: {
    readonly code: Code;
    readonly message: string;
  };
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

export type Timeout = Problem & {
  readonly status?: 504;
  readonly code?: 'timeout';
};

export type Internal = Problem & {
  readonly status?: 500;
  readonly code?: 'internal';
};

export type ServerError = DatabaseUnavailable | AuthenticationUnavailable | Overloaded | Timeout | Internal;

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

export type Broadcast = {
  readonly show_id: Uuid;
  readonly recipient_roles: Roles;
  /** Measured after trimming in Unicode code points, of which an emoji may have several. Something in it must be visible. */
  readonly message: string;
  readonly dry_run?: boolean;
};

/** Broadcasts left today; null is no limit. */
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
  /** Null where the sender has no conversation with this show yet. */
  readonly conversation_id: Uuid | null;
  readonly audience_count: Count;
  readonly quota_remaining: QuotaRemaining;
  readonly dry_run: true;
  readonly request_id: RequestId;
};

/** No field; the body may be left out. */
export type Nothing = Readonly<Record<string, never>>;

export type QuotaReset = {
  readonly success: Succeeded;
  readonly period: string;
  /** Days of records that this period's run has dropped, by table. */
  readonly dropped: Readonly<Record<string, Count>>;
  /** Rows that this period's run has deleted, by table. */
  readonly deleted: Readonly<Record<string, Count>>;
  /** Days of records that somebody was reading all the time, by table; the next night drops them. */
  readonly left: Readonly<Record<string, Count>>;
  /** There is more to do than one call has time for. Call again. */
  readonly more: boolean;
  /** An earlier call has finished the run of this period; these are its figures. */
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

/** `v1` was imported and can be read only. */
export type ConversationVersion = 'v1' | 'v2';

/** Who deleted it (an admin counts as a moderator), and when. */
export type Deleted = {
  readonly by: 'author' | 'organizer' | 'moderator';
  readonly at: Timestamp;
};

export type DeletedOrNot = Deleted | null;

export type Message = {
  readonly id: Uuid;
  readonly seq: Seq;
  /** Null where an imported message does not say. */
  readonly sender_id: Uuid | null;
  /** Null where it is deleted (not for moderators and admins, as far as it is kept), or where an imported message has none. */
  readonly content: string | null;
  /** Null where an imported message does not say. */
  readonly created_at: Timestamp | null;
  /** The show it is about. */
  readonly show_id: Uuid | null;
  readonly deleted: DeletedOrNot;
};

/** A conversation as the caller sees it. */
export type Card = {
  readonly id: Uuid;
  readonly kind: ConversationKind;
  readonly version: ConversationVersion;
  /** The other person, or the sender of the broadcasts; null for that sender. */
  readonly with: {
    readonly id: Uuid;
    /** Null where an imported conversation names somebody who has no profile. */
    readonly display_name: string | null;
    /** Null where an imported conversation names somebody who has no profile. */
    readonly role: Role | null;
  } | null;
  readonly show: {
    readonly id: Uuid;
    readonly title: string;
  } | null;
  /** The newest message that is not deleted, of those that the caller sees. Null when there is none. */
  readonly last_message: Message | null;
  readonly last_seq: Count;
  readonly last_read_seq: Count;
  /** The messages after `last_read_seq` that are new to the caller, without their own and deleted ones. */
  readonly unread_count: Count;
  /** It grows when a message changes that was sent before; `changed_since` tells which. */
  readonly revision: Count;
  readonly can_reply: boolean;
  /** Why the caller cannot reply. */
  readonly reply_refusal: {
    readonly code: Code;
    readonly rule: string;
    readonly message: string;
    readonly allowed_if: string;
  } | null;
  readonly created_at: Timestamp | null;
  /** The time of the newest message, deleted or not, by which the inbox is sorted. It never goes back: a message is never older than the one before it, and a deletion moves no card. */
  readonly last_message_at: Timestamp | null;
};

export type Inbox = {
  readonly success: Succeeded;
  readonly conversations: readonly Card[];
  readonly next_cursor: NextCursor;
  readonly request_id: RequestId;
};

export type Unread = {
  readonly success: Succeeded;
  /** Messages that are new to the caller, without their own and deleted ones. */
  readonly unread: Count;
  /** Conversations that have some. */
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
  /** For the next `changed_since`. */
  readonly revision: Count;
  readonly request_id: RequestId;
};

export type MarkRead = {
  /** If it is there, that of the path. */
  readonly conversation_id?: Uuid;
  readonly up_to_seq: number;
};

export type MarkUnread = {
  /** If it is there, that of the path. */
  readonly conversation_id?: Uuid;
  readonly from_seq?: number;
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

/** Null where there was no request. */
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
  readonly success_rate: {
    readonly '1h': Share;
    readonly '24h': Share;
  };
  /** By function, in the last 24 hours. */
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
  /** Each function's row in `feature_flags`. */
  readonly flags: Readonly<Record<string, string>>;
  readonly migration: {
    readonly version: number;
    readonly name: string;
  };
  readonly request_id: RequestId;
};

export type Health = {
  /** `degraded`: some or all tokens may be refused soon, because the key set at `jwt_jwks_url` cannot be fetched. `unavailable`: the database does not answer, or no token can be checked at all. */
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly database: 'ok' | 'unreachable';
  /** The keys of `jwt_jwks_url`; absent where that is not set. `stale`: the last fetch failed or is due, and keys of up to twelve hours ago are used. `unavailable`: there are none, so that tokens signed with one are refused. */
  readonly keys?: 'ok' | 'stale' | 'unavailable';
  readonly version: string;
};

export type Offer = {
  readonly help_request_id: Uuid;
  readonly initial_message: InitialMessage;
};

export type OfferForRequest = {
  /** If it is there, that of the path. */
  readonly help_request_id?: Uuid;
  readonly initial_message: InitialMessage;
};

/** Measured after trimming in Unicode code points, of which an emoji may have several. Something in it must be visible. */
export type InitialMessage = string;

export type StartedConversation = {
  readonly success: Succeeded;
  readonly conversation_id: Uuid;
  readonly version: 'v2';
  readonly message: {
    readonly id: Uuid;
    readonly content: string;
    readonly sender_id: Uuid;
    readonly created_at: Timestamp;
  };
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

export type DirectMessage = {
  readonly recipient_id: Uuid;
  readonly content: DirectContent;
  /** The show it is about, which can allow it. Both take part in it, or the sender organizes it (rule `show_of_both`). */
  readonly show_id?: Uuid;
} | {
  readonly conversation_id: Uuid;
  readonly content: DirectContent;
};

/** Measured after trimming in Unicode code points, of which an emoji may have several. Something in it must be visible. */
export type DirectContent = string;

export type SentMessage = {
  readonly success: Succeeded;
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  readonly created_at: Timestamp;
  readonly request_id: RequestId;
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
  /** For moderators pending until one of them has decided; for organizers until they or a moderator have. */
  readonly status: ReportStatus;
  /** The decision that stands; a moderator's before an organizer's. Null while nobody has decided. */
  readonly decision: ReviewDecision | null;
  /** As what it was decided (an admin counts as a moderator). Null while nobody has. */
  readonly decided_as: ReviewCapacity | null;
  /** The reporter's words. Null for organizers. */
  readonly reason: string | null;
  readonly created_at: Timestamp;
  /** When the reporter reported again what an organizer had decided. Null for organizers. */
  readonly escalated_at: Timestamp | null;
  /** Null for organizers. */
  readonly reporter_id: Uuid | null;
  readonly reviewed_at: Timestamp | null;
  readonly reviewed_by: Uuid | null;
  /** Of the decision that stands; a moderator's is null for organizers. */
  readonly note: string | null;
  /** The show the message belongs to. */
  readonly show_id: Uuid | null;
  /** The message; for moderators with its content even if it is deleted, where that is kept. */
  readonly message: {
    readonly id: Uuid;
    readonly conversation_id: Uuid;
    readonly seq: SeqOrNone;
    readonly sender_id: Uuid | null;
    readonly content: string | null;
    readonly created_at: Timestamp | null;
    readonly show_id: Uuid | null;
    /** What a help message said before, oldest first, for moderators. Other messages have none. */
    readonly edits?: readonly {
      /** Null once its author has had it erased. */
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
  readonly decision: ReviewDecision;
  readonly note?: Note;
  /** With `suspend`, and in the future. */
  readonly suspended_until?: string;
};

export type ReviewedReport = {
  readonly success: Succeeded;
  readonly report: Report;
  readonly request_id: RequestId;
};

export type MessageAct = {
  readonly message_id: Uuid;
  readonly note?: Note;
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
  /** In the future. */
  readonly until: string;
  readonly note?: Note;
};

export type Suspension = {
  readonly success: Succeeded;
  readonly target_id: Uuid;
  readonly suspended_until: Timestamp;
  readonly request_id: RequestId;
};

/** Null where they are not suspended; `infinity` where the operator has suspended them for good. */
export type SuspendedUntil = Timestamp | 'infinity' | null;

export type LiftSuspension = {
  readonly target_id: Uuid;
  readonly note?: Note;
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

/** States only, never content. */
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

export type ExportLine = ExportedProfile | ExportedBlock | ExportedShow | ExportedParticipation | ExportedConversation | ExportedMessage | ExportedBroadcast | ExportedSentBroadcast | ExportedHelpRequest | ExportedHelpConversation | ExportedHelpMessage | ExportedHelpMessageEdit | ExportedReport | ExportedDecision | ExportedAuditEntry | ExportEnd | ExportBrokenOff;

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

/** One that the caller organizes. */
export type ExportedShow = {
  readonly type: 'show';
  readonly id: Uuid;
  readonly title: string;
  readonly starts_at: Timestamp;
  readonly ends_at: Timestamp;
  readonly created_at: Timestamp;
};

/** That the caller takes or took part in a show. */
export type ExportedParticipation = {
  readonly type: 'participation';
  readonly show_id: Uuid;
  readonly role: Role;
  readonly joined_at: Timestamp;
  readonly left_at: Timestamp | null;
};

/** One the caller takes part in. */
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

/** Of the caller's conversations, both sides; what was deleted is a placeholder. */
export type ExportedMessage = {
  readonly type: 'message';
  readonly id: Uuid;
  readonly conversation_id: Uuid;
  readonly seq: Seq;
  readonly sender_id: Uuid | null;
  readonly content: string | null;
  readonly created_at: Timestamp | null;
  readonly show_id: Uuid | null;
  readonly deleted: DeletedOrNot;
};

/** One that was sent to the caller. */
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

/** One that the caller sent; its content is that of the message. */
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

/** What a help message of the caller's said before it was edited. */
export type ExportedHelpMessageEdit = {
  readonly type: 'help_message_edit';
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly content: string;
  readonly written_at: Timestamp;
  readonly replaced_at: Timestamp;
};

/** One the caller filed. */
export type ExportedReport = {
  readonly type: 'report';
  readonly id: Uuid;
  readonly message_id: Uuid;
  readonly conversation_id: Uuid;
  readonly reason: string;
  readonly status: ReportStatus;
  readonly created_at: Timestamp;
};

/** One the caller made about a report. */
export type ExportedDecision = {
  readonly type: 'decision';
  readonly report_id: Uuid;
  readonly message_id: Uuid;
  readonly decision: string | null;
  readonly status: ReportStatus;
  readonly note: string | null;
  readonly reviewed_at: Timestamp;
};

/** An act of moderation of the caller's. */
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

/** The end of a whole export. */
export type ExportEnd = {
  readonly type: 'end';
  readonly lines: Count;
};

/** The end of one that is not whole. */
export type ExportBrokenOff = {
  readonly type: 'error';
  readonly code: Code;
  readonly detail: string;
  readonly lines: Count;
};

export type ConfirmedDeletion = {
  readonly confirm: true;
  /** Delete the account as well. It cannot be undone. */
  readonly account?: boolean;
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
  readonly show_id?: Uuid;
} | {
  readonly action: 'reply' | 'read_broadcast';
  readonly conversation_id: Uuid;
} | {
  readonly action: 'broadcast';
  readonly show_id: Uuid;
  /** Left out: every role; the answer lists those that are allowed. */
  readonly recipient_roles?: Roles;
} | {
  readonly action: 'moderate' | 'report';
  readonly message_id: Uuid;
} | {
  readonly action: 'suspend';
  readonly target_id: Uuid;
} | {
  readonly action: Action;
  readonly actor_role: Role;
  readonly target_role: Role;
  /** What holds. Left out: what does for most, `feature_enabled` and `participant`. */
  readonly facts?: readonly Fact[];
};

export type CheckResult = CheckDecision;

export type CheckDecision = {
  readonly action: Action;
  readonly allowed: boolean;
  /** What the real call would be refused by. */
  readonly code?: Code;
  /** The rule that decides; null where it is none, such as for something that does not exist. */
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
  readonly would_be_allowed_if: readonly string[];
  /** What is left of what limits the action; null where nothing does. */
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
  /** The roles a broadcast may go to. */
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
