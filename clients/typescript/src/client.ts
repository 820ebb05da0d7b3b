// Typed calls of every endpoint over `fetch`.

import type { Code } from './rules.generated.js';
import type {
  AuditPage,
  Block,
  BlockPage,
  Broadcast,
  Check,
  CheckResult,
  ConversationKind,
  DataDeletion,
  DeletedMessage,
  Diagnostics,
  DirectMessage,
  ExportBrokenOff,
  ExportEnd,
  ExportLine,
  FiledReport,
  Health,
  Inbox,
  LiftSuspension,
  LiftedSuspension,
  MessageAct,
  MessagePage,
  NewReport,
  Offer,
  Problem,
  QuotaReset,
  ReadUpTo,
  RehearsedBroadcast,
  ReportQueue,
  ReportStatus,
  RequestId,
  RestoredMessage,
  Review,
  ReviewDecision,
  ReviewedReport,
  SentBroadcast,
  SentMessage,
  StartedConversation,
  Succeeded,
  Suspend,
  Suspension,
  Unblocked,
  Unread,
} from './types.generated.js';

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

/** A call that was refused or failed. */
export class RolecallError extends Error {
  override readonly name = 'RolecallError';

  constructor(
    /** The answer's body; a code may add members, such as `conversation_id` or `reset_at`. */
    readonly problem: Problem & Readonly<Record<string, unknown>>,
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
  readonly success: Succeeded;
  readonly request_id: RequestId;
}

/** Where a page begins and how long it is. */
export interface PageOptions extends CallOptions {
  /** 1 to 100; 50 if it is left out. */
  readonly limit?: number;
  /** The `next_cursor` of the page before. */
  readonly cursor?: string;
}

/**
 * Which messages of a conversation: the newest, those just before `before_seq`, those just after `since_seq`, or those that
 * have changed after the revision `changed_since`.
 */
export interface MessagesOptions extends CallOptions {
  /** 1 to 200; 50 if it is left out. */
  readonly limit?: number;
  readonly before_seq?: number;
  readonly since_seq?: number;
  readonly changed_since?: number;
}

/** A decision about a report; a suspension needs its end. */
export type NewReview = Review &
  (
    | { readonly decision: Exclude<ReviewDecision, 'suspend'> }
    | { readonly decision: 'suspend'; readonly suspended_until: string }
  );

/** A line of an export before its end. */
export type ExportedLine = Exclude<ExportLine, ExportEnd | ExportBrokenOff>;

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
  sendBroadcast(broadcast: Broadcast, options?: CallOptions): Promise<SentBroadcast | RehearsedBroadcast> {
    return this.#post('/functions/v1/send-broadcast', broadcast, options);
  }

  /** Offers help on a help request. */
  startConversation(offer: Offer, options?: CallOptions): Promise<StartedConversation> {
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
    const { before_seq, since_seq, changed_since, limit } = options;
    const path = `/functions/v1/conversations/${segment(conversation_id)}/messages`;
    return this.#get(path, { before_seq, since_seq, changed_since, limit }, options);
  }

  /** Marks a conversation read up to a message; never backwards. */
  markRead(conversation_id: string, up_to_seq: number, options?: CallOptions): Promise<ReadUpTo> {
    return this.#post(`/functions/v1/conversations/${segment(conversation_id)}/read`, { up_to_seq }, options);
  }

  /** Makes messages new again, from one of them on, or the newest of somebody else. */
  markUnread(conversation_id: string, from_seq?: number, options?: CallOptions): Promise<ReadUpTo> {
    return this.#post(`/functions/v1/conversations/${segment(conversation_id)}/unread`, { from_seq }, options);
  }

  /** Reports a message. */
  report(report: NewReport, options?: CallOptions): Promise<FiledReport> {
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
  review(review: NewReview, options?: CallOptions): Promise<ReviewedReport> {
    return this.#post('/functions/v1/moderation/review', review, options);
  }

  /** Deletes a message. */
  deleteMessage(message: MessageAct, options?: CallOptions): Promise<DeletedMessage> {
    return this.#post('/functions/v1/moderation/delete', message, options);
  }

  /** Restores a message that was deleted, though not by its author. */
  restoreMessage(message: MessageAct, options?: CallOptions): Promise<RestoredMessage> {
    return this.#post('/functions/v1/moderation/restore', message, options);
  }

  /** Suspends somebody until a time (RFC 3339). */
  suspend(suspension: Suspend, options?: CallOptions): Promise<Suspension> {
    return this.#post('/functions/v1/moderation/suspend', suspension, options);
  }

  /** Ends a suspension at once. */
  liftSuspension(suspension: LiftSuspension, options?: CallOptions): Promise<LiftedSuspension> {
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
  async *exportOwnData(options?: CallOptions): AsyncGenerator<ExportedLine, void, undefined> {
    const response = await this.#send('GET', '/functions/v1/own-data/export', undefined, signalOf(options));
    if (!response.ok || !response.body) {
      await this.#read(response);
      throw new UnexpectedAnswerError(response.status);
    }
    let count = 0;
    for await (const text of lines(response.body)) {
      const line = JSON.parse(text) as ExportLine;
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

  /**
   * Deletes the caller's account: what they wrote, and the profile with their name. It cannot be undone. From the first call on
   * everything else is refused; repeat it while the status is `in_progress`, or leave the rest to the server's night.
   */
  deleteAccount(options?: CallOptions): Promise<DataDeletion> {
    return this.#post('/functions/v1/own-data/deletion', { confirm: true, account: true }, options);
  }

  /** The nightly run, for operators: drops and deletes what is over. Call it again while it answers `more`. */
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
      throw new RolecallError(body as unknown as RolecallError['problem'], Number.isFinite(retryAfter) ? retryAfter : undefined);
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
