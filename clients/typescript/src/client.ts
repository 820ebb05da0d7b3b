// Typed calls of every endpoint over `fetch`.

import type { Action, Code, Fact, Role } from './rules.js';

/** How to reach Rolecall. */
export interface ClientOptions {
  /** Where it is served, such as `https://api.example.com`. */
  readonly baseUrl: string;
  /** The bearer token, or where to get the current one. */
  readonly token: string | (() => string | Promise<string>);
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** What a single call may add. */
export interface CallOptions {
  /**
   * The `Idempotency-Key`. A call that writes makes one up; give your own to repeat a call after a crash and have it
   * answered, not repeated.
   */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** One of several things to say about a refusal. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  /** The field of the body that is at fault. */
  readonly field?: string;
  /** What would make it allowed, for people. */
  readonly allowed_if?: string;
}

/** An error's body, `application/problem+json` (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: Code;
  readonly request_id: string;
  readonly reasons?: readonly Reason[];
  /** What belongs to the code, such as `conversation_id` or `reset_at`. */
  readonly [member: string]: unknown;
}

/** A call that was refused or failed. */
export class RolecallError extends Error {
  override readonly name = 'RolecallError';

  constructor(
    readonly problem: Problem,
    /** Seconds after which trying again makes sense. */
    readonly retryAfter: number | undefined,
  ) {
    super(problem.detail);
  }

  get code(): Code {
    return this.problem.code;
  }
}

/** An answer that is neither Rolecall's success nor its problem document: something between answered instead. */
export class UnexpectedAnswerError extends Error {
  override readonly name = 'UnexpectedAnswerError';

  constructor(readonly status: number) {
    super(`unexpected answer with status ${status}`);
  }
}

interface Answer {
  readonly success: true;
  readonly request_id: string;
}

export type DirectMessage =
  | { readonly recipient_id: string; readonly content: string; readonly show_id?: string }
  | { readonly conversation_id: string; readonly content: string };

export interface SentMessage extends Answer {
  readonly message_id: string;
  readonly conversation_id: string;
  readonly seq: number;
  readonly created_at: string;
}

export interface Broadcast {
  readonly show_id: string;
  readonly recipient_roles: readonly Role[];
  readonly message: string;
  readonly dry_run?: boolean;
}

/** What is left of a quota; `null` is no limit. */
export interface QuotaRemaining {
  readonly pre_show: number | null;
  readonly post_show: number | null;
}

export interface SentBroadcast extends Answer {
  /** `null` in a dry run. */
  readonly broadcast_id: string | null;
  readonly conversation_id: string | null;
  readonly audience_count: number;
  readonly quota_remaining: QuotaRemaining;
  readonly dry_run?: true;
}

export interface StartedConversation extends Answer {
  readonly conversation_id: string;
  readonly version: 'v2';
  readonly message: {
    readonly id: string;
    readonly content: string;
    readonly sender_id: string;
    readonly created_at: string;
  };
}

export interface QuotaReset extends Answer {
  readonly period: string;
  readonly reset: { readonly pre_show: number; readonly post_show: number };
  readonly pruned: Readonly<Record<string, number>>;
  readonly already_done: boolean;
}

interface ByKind {
  readonly direct: number;
  readonly show: number;
  readonly help: number;
}

interface BySpan<T> {
  readonly '1h': T;
  readonly '24h': T;
}

export interface Diagnostics extends Answer {
  readonly organization_id: string;
  readonly generated_at: string;
  readonly conversations: ByKind;
  readonly messages: ByKind;
  readonly refusals: BySpan<Readonly<Record<string, number>>>;
  /** `null` where there was no request. */
  readonly success_rate: BySpan<number | null>;
  readonly durations_ms: Readonly<
    Record<string, { readonly p50: number; readonly p95: number; readonly p99: number; readonly requests: number }>
  >;
  readonly quotas: readonly ({
    readonly sender_id: string;
    readonly show_id: string;
    readonly period: string;
    readonly pre_show_remaining: number | null;
    readonly post_show_remaining: number | null;
  })[];
  /** Reports that wait for a decision. */
  readonly reports: { readonly pending: number; readonly oldest_age_seconds: number | null };
  readonly flags: Readonly<Record<string, string>>;
  readonly migration: { readonly version: number; readonly name: string };
}

export interface Health {
  readonly status: 'ok' | 'unavailable';
  readonly database: 'ok' | 'unreachable';
  readonly version: string;
}

// ---- reading ------------------------------------------------------------------------------------------------------

/** Where a page begins and how long it is. */
export interface PageOptions extends CallOptions {
  /** 1 to 100; 50 if it is left out. */
  readonly limit?: number;
  /** The `next_cursor` of the page before. */
  readonly cursor?: string;
}

export type ConversationKind = 'direct' | 'show';

/** Who deleted a message (an admin counts as a moderator), and when. */
export interface Deleted {
  readonly by: 'author' | 'organizer' | 'moderator';
  readonly at: string;
}

export interface Message {
  readonly id: string;
  readonly seq: number;
  /** `null` where an imported message does not say. */
  readonly sender_id: string | null;
  /** `null` where it is deleted (not for moderators and admins), or where an imported message has none. */
  readonly content: string | null;
  readonly created_at: string | null;
  /** The show it is about. */
  readonly show_id: string | null;
  readonly deleted: Deleted | null;
}

/** Why the caller cannot reply. */
export interface ReplyRefusal {
  readonly code: Code;
  readonly rule: string;
  readonly message: string;
  readonly allowed_if: string;
}

/** A conversation as the caller sees it. */
export interface ConversationCard {
  readonly id: string;
  readonly kind: ConversationKind;
  /** `v1` was imported and can be read only. */
  readonly version: 'v1' | 'v2';
  /** The other person, or the sender of the broadcasts; `null` for that sender. */
  readonly with: { readonly id: string; readonly display_name: string | null; readonly role: Role | null } | null;
  readonly show: { readonly id: string; readonly title: string } | null;
  readonly last_message: Message | null;
  readonly last_seq: number;
  readonly last_read_seq: number;
  readonly unread_count: number;
  readonly can_reply: boolean;
  readonly reply_refusal: ReplyRefusal | null;
  readonly created_at: string | null;
  readonly last_message_at: string | null;
}

export interface Inbox extends Answer {
  readonly conversations: readonly ConversationCard[];
  readonly next_cursor: string | null;
}

export interface Unread extends Answer {
  /** Messages. */
  readonly unread: number;
  /** Conversations that have some. */
  readonly conversations: number;
  readonly by_kind: Readonly<Record<ConversationKind, number>>;
}

/** Which messages of a conversation: the newest, those just before `before_seq`, or those just after `since_seq`. */
export interface MessagesOptions extends CallOptions {
  /** 1 to 200; 50 if it is left out. */
  readonly limit?: number;
  readonly before_seq?: number;
  readonly since_seq?: number;
}

export interface MessagePage extends Answer {
  readonly conversation: ConversationCard;
  /** In ascending order of `seq`. */
  readonly messages: readonly Message[];
  readonly has_more_before: boolean;
  readonly has_more_after: boolean;
}

export interface ReadUpTo extends Answer {
  readonly conversation_id: string;
  readonly last_read_seq: number;
  readonly unread_count: number;
}

// ---- permissions --------------------------------------------------------------------------------------------------

/** What somebody wants to know: whether the caller may do something, or what holds for a pair of roles. */
export type Check =
  | { readonly action: 'start_dm'; readonly recipient_id: string; readonly show_id?: string }
  | { readonly action: 'reply'; readonly conversation_id: string }
  | { readonly action: 'broadcast'; readonly show_id: string; readonly recipient_roles?: readonly Role[] }
  | { readonly action: 'moderate' | 'report'; readonly message_id: string }
  | { readonly action: 'suspend'; readonly target_id: string }
  | {
      readonly action: Action;
      readonly actor_role: Role;
      readonly target_role: Role;
      /** What holds; what does for most if it is left out. */
      readonly facts?: readonly Fact[];
    };

/** What is left of a rate. */
export interface RateQuota {
  readonly policy: string;
  readonly limit: number;
  readonly remaining: number;
  readonly window_seconds: number;
  readonly reset_seconds: number;
}

/** What is left of the broadcasts of the day. */
export interface BroadcastQuota {
  readonly phase: 'pre_show' | 'post_show';
  readonly limit: number | null;
  readonly remaining: QuotaRemaining;
  readonly reset_at: string;
}

export interface CheckResult {
  readonly action: Action;
  readonly allowed: boolean;
  /** What the real call would be refused by. */
  readonly code?: Code;
  /** The rule that decides; `null` where it is none, such as for something that does not exist. */
  readonly rule: string | null;
  readonly reasons: readonly Reason[];
  readonly would_be_allowed_if: readonly string[];
  readonly quota: RateQuota | BroadcastQuota | null;
  /** The roles a broadcast may go to. */
  readonly recipient_roles?: readonly Role[];
}

// ---- moderation ---------------------------------------------------------------------------------------------------

export type ReportStatus = 'pending' | 'dismissed' | 'actioned';

export type ReviewDecision = 'dismiss' | 'delete' | 'restore' | 'suspend';

export interface FiledReport extends Answer {
  readonly report_id: string;
  readonly message_id: string;
  readonly status: 'pending';
  readonly created_at: string;
}

export interface Report {
  readonly id: string;
  readonly status: ReportStatus;
  /** `null` while it is pending. */
  readonly decision: ReviewDecision | null;
  readonly reason: string;
  readonly created_at: string;
  readonly reporter_id: string;
  readonly reviewed_at: string | null;
  readonly reviewed_by: string | null;
  readonly note: string | null;
  /** The show the message belongs to. */
  readonly show_id: string | null;
  /** With its content even if it is deleted. */
  readonly message: Message & { readonly conversation_id: string };
}

export interface ReportQueue extends Answer {
  readonly reports: readonly Report[];
  /** Of all that the caller may see, whatever the filter. */
  readonly counts: Readonly<Record<ReportStatus, number>>;
  readonly next_cursor: string | null;
}

export type Review = { readonly report_id: string; readonly note?: string } & (
  | { readonly decision: 'dismiss' | 'delete' | 'restore' }
  | { readonly decision: 'suspend'; readonly suspended_until: string }
);

export interface ReviewedReport extends Answer {
  readonly report: Report;
}

export interface ModeratedMessage<D extends Deleted | null> extends Answer {
  readonly message: { readonly id: string; readonly conversation_id: string; readonly seq: number; readonly deleted: D };
}

export interface Suspension<U extends string | null> extends Answer {
  readonly target_id: string;
  readonly suspended_until: U;
}

/** What an act of moderation changed: states only, never content. */
export interface AuditState {
  readonly status?: ReportStatus;
  readonly decision?: ReviewDecision | null;
  readonly reports_settled?: number;
  readonly deleted?: Deleted | null;
  /** `infinity` where the operator has suspended them for good. */
  readonly suspended_until?: string | null;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly actor_id: string;
  readonly action: 'report_reviewed' | 'message_deleted' | 'message_restored' | 'user_suspended' | 'suspension_lifted';
  readonly report_id: string | null;
  readonly message_id: string | null;
  readonly target_id: string | null;
  readonly note: string | null;
  readonly before: AuditState;
  readonly after: AuditState;
}

export interface AuditPage extends Answer {
  readonly entries: readonly AuditEntry[];
  readonly next_cursor: string | null;
}

// ---- blocks and own data ------------------------------------------------------------------------------------------

export interface Block extends Answer {
  readonly blocked_id: string;
  readonly created_at: string;
}

export interface Unblocked extends Answer {
  readonly blocked_id: string;
  readonly was_blocked: boolean;
}

export interface BlockPage extends Answer {
  readonly blocks: readonly {
    readonly blocked_id: string;
    readonly display_name: string;
    readonly created_at: string;
  }[];
  readonly next_cursor: string | null;
}

/** A line of an export. */
export type ExportLine =
  | {
      readonly type: 'profile';
      readonly id: string;
      readonly display_name: string;
      readonly role: Role;
      readonly organization_id: string | null;
      readonly organization_role: string | null;
      readonly suspended_until: string | null;
      readonly created_at: string;
      readonly updated_at: string;
    }
  | { readonly type: 'block'; readonly blocked_id: string; readonly created_at: string }
  | {
      readonly type: 'conversation';
      readonly id: string;
      readonly kind: ConversationKind;
      readonly version: 'v1' | 'v2';
      readonly with: { readonly id: string; readonly display_name: string } | null;
      readonly show_id: string | null;
      readonly read_only: boolean;
      readonly last_seq: number;
      readonly last_read_seq: number;
      readonly created_at: string | null;
      readonly last_message_at: string | null;
    }
  | (Message & { readonly type: 'message'; readonly conversation_id: string })
  | {
      readonly type: 'broadcast';
      readonly id: string;
      readonly conversation_id: string;
      readonly message_id: string;
      readonly show_id: string;
      readonly sender_id: string;
      readonly content: string | null;
      readonly created_at: string;
      readonly deleted: Deleted | null;
    }
  | {
      readonly type: 'help_request';
      readonly id: string;
      readonly title: string;
      readonly description: string;
      readonly status: string;
      readonly created_at: string;
      readonly updated_at: string;
    }
  | {
      readonly type: 'help_conversation';
      readonly id: string;
      readonly help_request_id: string;
      readonly requester_id: string;
      readonly helper_id: string;
      readonly initial_message: string;
      readonly status: string;
      readonly created_at: string;
      readonly updated_at: string;
    }
  | {
      readonly type: 'help_message';
      readonly id: string;
      readonly conversation_id: string;
      readonly content: string;
      readonly sender_id: string;
      readonly created_at: string;
    }
  | {
      readonly type: 'report';
      readonly id: string;
      readonly message_id: string;
      readonly conversation_id: string;
      readonly reason: string;
      readonly status: ReportStatus;
      readonly created_at: string;
    };

type LastLine = { readonly type: 'end'; readonly lines: number } | { readonly type: 'error'; readonly code: Code };

export interface DataDeletion extends Answer {
  readonly deletion_id: string;
  /** `in_progress`: there is more; ask again. */
  readonly status: 'complete' | 'in_progress';
  readonly messages_deleted: number;
  readonly requested_at: string;
}

/** An export that ended before its end: what was read is not everything. */
export class ExportBrokenOffError extends Error {
  override readonly name = 'ExportBrokenOffError';

  constructor(
    /** What the server said, if it could. */
    readonly code: Code | undefined,
  ) {
    super(`the export broke off${code === undefined ? '' : `: ${code}`}`);
  }
}

/** A caller of Rolecall's functions. A refusal is thrown as a {@link RolecallError}. */
export class RolecallClient {
  readonly #options: ClientOptions;
  readonly #fetch: typeof fetch;

  constructor(options: ClientOptions) {
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') };
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  /** Starts or continues the direct conversation with somebody, or replies in a conversation. */
  sendDm(message: DirectMessage, options?: CallOptions): Promise<SentMessage> {
    return this.#post('/functions/v1/send-dm', message, options);
  }

  /** Sends one message to everybody of some roles at a show. */
  sendBroadcast(broadcast: Broadcast, options?: CallOptions): Promise<SentBroadcast> {
    return this.#post('/functions/v1/send-broadcast', broadcast, options);
  }

  /** Offers help on a help request. */
  startConversation(
    offer: { readonly help_request_id: string; readonly initial_message: string },
    options?: CallOptions,
  ): Promise<StartedConversation> {
    return this.#post('/functions/v1/start-conversation', offer, options);
  }

  /** Whether the caller may do something, by which rule, and what would make it allowed. It changes nothing. */
  checkPermission(check: Check, options?: CallOptions): Promise<CheckResult & Answer> {
    return this.#ask('/functions/v1/check-permission', check, options);
  }

  /** Up to 200 checks at once, answered in their order. */
  async checkPermissions(checks: readonly Check[], options?: CallOptions): Promise<readonly CheckResult[]> {
    const path = '/functions/v1/check-permission';
    return (await this.#ask<Answer & { readonly results: readonly CheckResult[] }>(path, { checks }, options)).results;
  }

  /** The caller's conversations, newest first. */
  conversations(options: PageOptions & { readonly kind?: ConversationKind } = {}): Promise<Inbox> {
    const { kind, limit, cursor } = options;
    return this.#get('/functions/v1/conversations', { kind, limit, cursor }, options);
  }

  /** How many messages the caller has not read. */
  unread(options?: CallOptions): Promise<Unread> {
    return this.#get('/functions/v1/conversations/unread', {}, options);
  }

  /** The messages of a conversation. */
  messages(conversation_id: string, options: MessagesOptions = {}): Promise<MessagePage> {
    const { before_seq, since_seq, limit } = options;
    const path = `/functions/v1/conversations/${segment(conversation_id)}/messages`;
    return this.#get(path, { before_seq, since_seq, limit }, options);
  }

  /** Marks a conversation read up to a message; never backwards. */
  markRead(conversation_id: string, up_to_seq: number, options?: CallOptions): Promise<ReadUpTo> {
    return this.#post(`/functions/v1/conversations/${segment(conversation_id)}/read`, { up_to_seq }, options);
  }

  /** Reports a message. */
  report(report: { readonly message_id: string; readonly reason: string }, options?: CallOptions): Promise<FiledReport> {
    return this.#post('/functions/v1/moderation/report', report, options);
  }

  /** The reports, newest first; for organizers those of their own shows. */
  reports(
    options: PageOptions & { readonly status?: ReportStatus; readonly show_id?: string } = {},
  ): Promise<ReportQueue> {
    const { status, show_id, limit, cursor } = options;
    return this.#get('/functions/v1/moderation/queue', { status, show_id, limit, cursor }, options);
  }

  /** Decides about a report. */
  review(review: Review, options?: CallOptions): Promise<ReviewedReport> {
    return this.#post('/functions/v1/moderation/review', review, options);
  }

  /** Deletes a message. */
  deleteMessage(
    message: { readonly message_id: string; readonly note?: string },
    options?: CallOptions,
  ): Promise<ModeratedMessage<Deleted>> {
    return this.#post('/functions/v1/moderation/delete', message, options);
  }

  /** Restores a message that was deleted, though not by its author. */
  restoreMessage(
    message: { readonly message_id: string; readonly note?: string },
    options?: CallOptions,
  ): Promise<ModeratedMessage<null>> {
    return this.#post('/functions/v1/moderation/restore', message, options);
  }

  /** Suspends somebody until a time (RFC 3339). */
  suspend(
    suspension: { readonly target_id: string; readonly until: string; readonly note?: string },
    options?: CallOptions,
  ): Promise<Suspension<string>> {
    return this.#post('/functions/v1/moderation/suspend', suspension, options);
  }

  /** Ends a suspension at once. */
  liftSuspension(
    suspension: { readonly target_id: string; readonly note?: string },
    options?: CallOptions,
  ): Promise<Suspension<null>> {
    return this.#post('/functions/v1/moderation/lift-suspension', suspension, options);
  }

  /** What moderators did, newest first; for moderators and admins. */
  audit(options: PageOptions & { readonly message_id?: string; readonly target_id?: string } = {}): Promise<AuditPage> {
    const { message_id, target_id, limit, cursor } = options;
    return this.#get('/functions/v1/moderation/audit', { message_id, target_id, limit, cursor }, options);
  }

  /** Whom the caller blocks, newest first. */
  blocks(options: PageOptions = {}): Promise<BlockPage> {
    const { limit, cursor } = options;
    return this.#get('/functions/v1/blocks', { limit, cursor }, options);
  }

  /** Blocks somebody. */
  block(blocked_id: string, options?: CallOptions): Promise<Block> {
    return this.#post('/functions/v1/blocks/block', { blocked_id }, options);
  }

  /** Unblocks somebody. */
  unblock(blocked_id: string, options?: CallOptions): Promise<Unblocked> {
    return this.#post('/functions/v1/blocks/unblock', { blocked_id }, options);
  }

  /**
   * Everything the caller wrote or is addressed by, line by line as it arrives. It throws an
   * {@link ExportBrokenOffError} if it ends before its end.
   */
  async *exportOwnData(options?: CallOptions): AsyncGenerator<ExportLine, void, undefined> {
    const response = await this.#send('GET', '/functions/v1/own-data/export', undefined, signalOf(options));
    if (!response.ok || !response.body) {
      await this.#read(response);
      throw new UnexpectedAnswerError(response.status);
    }
    let count = 0;
    for await (const text of lines(response.body)) {
      const line = JSON.parse(text) as ExportLine | LastLine;
      if (line.type === 'end') {
        if (line.lines !== count) {
          throw new ExportBrokenOffError(undefined);
        }
        return;
      }
      if (line.type === 'error') {
        throw new ExportBrokenOffError(line.code);
      }
      count += 1;
      yield line;
    }
    throw new ExportBrokenOffError(undefined);
  }

  /** Deletes the content of the caller's messages, up to 20,000 at a time: repeat it while it is `in_progress`. */
  deleteOwnData(options?: CallOptions): Promise<DataDeletion> {
    return this.#post('/functions/v1/own-data/deletion', { confirm: true }, options);
  }

  /** Turns the quota day over; for operators. */
  resetBroadcastQuotas(options?: CallOptions): Promise<QuotaReset> {
    return this.#post('/functions/v1/reset-broadcast-quotas', {}, options);
  }

  /** The figures of the caller's organisation; for its owners and admins. */
  diagnostics(options?: CallOptions): Promise<Diagnostics> {
    return this.#get('/functions/v1/diagnostics', {}, options);
  }

  /** Whether the application and its database answer; does not throw when they do not. */
  async health(options?: CallOptions): Promise<Health> {
    const init = options?.signal ? { signal: options.signal } : {};
    const response = await this.#fetch(`${this.#options.baseUrl}/api/health`, init);
    const body: unknown = await response.json().catch(() => undefined);
    if (isObject(body) && typeof body['status'] === 'string' && 'database' in body) {
      return body as unknown as Health;
    }
    throw new UnexpectedAnswerError(response.status);
  }

  async #get<T extends Answer>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<T> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        parameters.set(name, String(value));
      }
    }
    const question = parameters.toString();
    return this.#read(await this.#send('GET', question ? `${path}?${question}` : path, undefined, signalOf(options)));
  }

  /** A POST that writes nothing. */
  async #ask<T extends Answer>(path: string, body: object, options?: CallOptions): Promise<T> {
    return this.#read(await this.#send('POST', path, body, signalOf(options)));
  }

  async #post<T extends Answer>(path: string, body: object, options: CallOptions = {}): Promise<T> {
    const idempotencyKey = options.idempotencyKey ?? freshKey();
    return this.#read(await this.#send('POST', path, body, { ...options, idempotencyKey }));
  }

  async #send(method: string, path: string, body: object | undefined, options: CallOptions = {}): Promise<Response> {
    const { token } = this.#options;
    const headers: Record<string, string> = {
      authorization: `Bearer ${typeof token === 'function' ? await token() : token}`,
    };
    if (options.idempotencyKey !== undefined) {
      headers['idempotency-key'] = options.idempotencyKey;
    }
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    if (options.signal) {
      init.signal = options.signal;
    }
    return this.#fetch(`${this.#options.baseUrl}${path}`, init);
  }

  async #read<T extends Answer>(response: Response): Promise<T> {
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok && isObject(body) && body['success'] === true) {
      return body as unknown as T;
    }
    if (!response.ok && isObject(body) && typeof body['code'] === 'string' && typeof body['detail'] === 'string') {
      const retryAfter = Number(response.headers.get('retry-after') ?? NaN);
      throw new RolecallError(body as unknown as Problem, Number.isFinite(retryAfter) ? retryAfter : undefined);
    }
    throw new UnexpectedAnswerError(response.status);
  }
}

/** Only what a call that does not write looks at. */
function signalOf(options: { readonly signal?: AbortSignal } | undefined): CallOptions {
  return options?.signal ? { signal: options.signal } : {};
}

/**
 * A key that no other call has. `randomUUID` is missing on pages without TLS, and `crypto` as a global in Node 18; a key
 * needs to be different, not secret.
 */
function freshKey(): string {
  const crypto: Partial<Crypto> | undefined = globalThis.crypto;
  if (crypto?.randomUUID) {
    return crypto.randomUUID();
  }
  const words = new Uint32Array(4);
  if (crypto?.getRandomValues) {
    crypto.getRandomValues(words);
  } else {
    words.forEach((_, place) => (words[place] = Math.random() * 2 ** 32));
  }
  return Array.from(words, (word) => word.toString(16).padStart(8, '0')).join('');
}

/** A segment of a path. */
function segment(text: string): string {
  return encodeURIComponent(text);
}

/** The lines of a body of UTF-8; one that is cut off is no line. */
async function* lines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const parts = (rest + decoder.decode(value, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      yield* parts;
    }
  } finally {
    // Whoever stops reading early closes the connection.
    await reader.cancel().catch(() => undefined);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
