//! Every limit of the wire, once. The database repeats the lengths as named constraints; an end-to-end test
//! sends the longest allowed value and one character more.

/// Largest request body a function reads, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Largest body of a simulated rollout, in bytes: [`MAX_SIMULATED_USERS`] ids of users, with room for spaces.
pub const MAX_SIMULATION_BYTES: usize = 512 * 1024;

/// Users whom one simulation of a rollout is about at most.
pub const MAX_SIMULATED_USERS: usize = 10_000;

/// Longest direct message, in characters after trimming.
pub const DIRECT_MESSAGE_CHARS: usize = 2_000;

/// Direct messages that one request sends at most.
pub const MAX_DIRECT_MESSAGES: usize = 100;

/// Versions of a message that there are at most, the first one counted.
pub const MAX_MESSAGE_VERSIONS: i64 = 100;

/// Longest broadcast, in characters after trimming.
pub const BROADCAST_CHARS: usize = 1_000;

/// Shortest first message of a help conversation, in characters after trimming.
pub const HELP_MESSAGE_MIN_CHARS: usize = 10;

/// Longest message of a help conversation, in characters after trimming.
pub const HELP_MESSAGE_MAX_CHARS: usize = 1_000;

/// Longest message of a thread, in characters after trimming: what carriers take as one text.
pub const THREAD_MESSAGE_CHARS: usize = 1_600;

/// Links to media that a message of a thread has at most.
pub const MAX_MEDIA_URLS: usize = 10;

/// Longest link to media, in characters.
pub const MEDIA_URL_CHARS: usize = 2_048;

/// Longest reason of a forced delivery, in characters after trimming.
pub const FORCE_REASON_CHARS: usize = 1_000;

/// Longest reason of a report, in characters after trimming.
pub const REPORT_REASON_CHARS: usize = 1_000;

/// Longest note of a moderator, in characters after trimming.
pub const NOTE_CHARS: usize = 1_000;

/// Longest name of a client, in characters after trimming.
pub const NAME_CHARS: usize = 200;

/// Longest name of a service, in characters after trimming.
pub const SERVICE_CHARS: usize = 100;

/// Entries of a list in one answer where the request does not say.
pub const DEFAULT_PAGE: i64 = 50;

/// Entries of a list in one answer at most.
pub const MAX_PAGE: i64 = 100;

/// Messages of a conversation in one answer at most.
pub const MAX_MESSAGES_PAGE: i64 = 200;

/// Conversations that a user has pinned at most.
pub const MAX_PINNED: i64 = 10;

/// Changed conversations in one answer of sync at most.
pub const MAX_SYNC_PAGE: i64 = 200;

/// Conversations that a client tells sync how far it knows them, at most.
pub const MAX_KNOWN_CONVERSATIONS: usize = 100;

/// Messages that one answer of sync brings up to date at most, in all conversations together.
pub const MAX_CAUGHT_UP_MESSAGES: usize = 500;

/// Longest cursor of sync, in characters: one database takes 79.
pub const MAX_SYNC_CURSOR_CHARS: usize = 1_000;

/// Reasons that a refusal lists at most; of more it says how many there are.
pub const MAX_REASONS: usize = 20;

/// Characters of a field's name, or of the place where a field stands, that a refusal repeats; the rest is cut.
pub const MAX_SHOWN_FIELD_CHARS: usize = 64;

/// Questions that one call of check-permission answers at most.
pub const MAX_CHECKS: usize = 200;

/// Users of whom one call of presence says whether they are online.
pub const MAX_PRESENCE: usize = 100;

/// Longest emoji of a reaction, in bytes of UTF-8: the longest one of Unicode takes 35.
pub const MAX_REACTION_BYTES: usize = 64;

/// Kinds of reactions that a message has at most.
pub const MAX_REACTION_KINDS: usize = 20;

/// Webhooks that there are at most.
pub const MAX_WEBHOOKS: usize = 20;

/// Longest address of a webhook, in characters.
pub const WEBHOOK_URL_CHARS: usize = 2_000;

/// Longest description of a webhook, in characters after trimming.
pub const WEBHOOK_DESCRIPTION_CHARS: usize = 200;

/// Deliveries that wait for a webhook at most; of further events it never hears.
pub const MAX_WEBHOOK_PENDING: usize = 100_000;

/// Refusals of a user in a minute that are rows of the log; the rest is counted.
pub const LOGGED_REFUSALS: usize = 10;

/// How long a request goes on sending statements, in seconds, where one may leave work for the next: well below what
/// schedulers and proxies wait for an answer.
pub const REPEAT_SECONDS: u64 = 15;

/// Largest number of a message: the largest integer that every JSON parser reads exactly (RFC 8259 section 6).
pub const MAX_SEQ: i64 = (1 << 53) - 1;

/// Longest `x-request-id` taken over from a request, in characters.
pub const MAX_REQUEST_ID_CHARS: usize = 128;

/// Longest `Idempotency-Key`, in characters.
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 255;

/// How often an instance asks the database how it is at most, and how old its answer to the question may be, in milliseconds.
pub const HEALTH_INTERVAL_MS: u64 = 1000;

/// Kinds of failures by the minute that an instance counts apart until the database can be told.
pub const MAX_FAILURE_COUNTS: usize = 4096;

/// Longest bearer token, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Clock difference tolerated when a token's `exp` and `nbf` are checked, in seconds.
pub const TOKEN_LEEWAY_SECONDS: u64 = 60;

/// Shortest HS256 secret, in bytes (RFC 7518 section 3.2: at least as long as the hash output).
pub const MIN_JWT_SECRET_BYTES: usize = 32;

/// How long a token for NATS is good at most, in seconds. The connection that was opened with it ends with it.
pub const REALTIME_TOKEN_SECONDS: u64 = 15 * 60;

/// Shortest `metrics_token`, in bytes.
pub const MIN_METRICS_TOKEN_BYTES: usize = 16;

/// Verified tokens an instance remembers.
pub const MAX_CACHED_TOKENS: usize = 8192;

/// Most requests that may be allowed to share a statement.
pub const MAX_GROUP_COMMIT: usize = 1000;

/// Bytes of the requests that share a statement, together.
pub const MAX_GROUP_BYTES: usize = 512 * 1024;

/// Requests that wait in an instance for the next statement.
pub const MAX_GROUP_WAITING: usize = 4096;

/// How long the others wait for a request that is sent by itself, in milliseconds: as long as a statement of several
/// waits for a lock.
pub const GROUP_PATIENCE_MS: u64 = 500;

/// Requests of failed statements that an instance resends singly at the same time.
pub const MAX_GROUP_SOLO: usize = 16;
