// Typed calls of every endpoint over `fetch`.

import type { Code, Role } from './rules.js';

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
  readonly broadcast: number;
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
  readonly flags: Readonly<Record<string, string>>;
  readonly migration: { readonly version: number; readonly name: string };
}

export interface Health {
  readonly status: 'ok' | 'unavailable';
  readonly database: 'ok' | 'unreachable';
  readonly version: string;
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

  /** Turns the quota day over; for operators. */
  resetBroadcastQuotas(options?: CallOptions): Promise<QuotaReset> {
    return this.#post('/functions/v1/reset-broadcast-quotas', {}, options);
  }

  /** The figures of the caller's organisation; for its owners and admins. */
  async diagnostics(options?: CallOptions): Promise<Diagnostics> {
    return this.#read(await this.#send('GET', '/functions/v1/diagnostics', undefined, options));
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

  async #post<T extends Answer>(path: string, body: object, options: CallOptions = {}): Promise<T> {
    const idempotencyKey = options.idempotencyKey ?? globalThis.crypto.randomUUID();
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
