// What a call can end with other than its answer.

import type { Limit } from './limits.js';
import type { Code } from './rules.generated.js';
import type { Problem, Reason } from './types.generated.js';

/**
 * What the client itself says when there is no problem document of the server's.
 *
 * - `network_error`: no connection, or it broke off before the answer was whole.
 * - `timed_out`: no whole answer within `timeoutMs`. The server's own `timeout` (504) is another code.
 * - `unexpected_answer`: an answer that is not Rolecall's, such as the HTML page of a proxy.
 * - `export_broken_off`: an export that ended before its end.
 */
export type FailureCode = 'network_error' | 'timed_out' | 'unexpected_answer' | 'export_broken_off';

/** How a call went, beside what it answered. */
export interface CallDetails {
  /** The `Idempotency-Key` that was sent: keep it to repeat the call later. Undefined where there was none. */
  readonly idempotencyKey: string | undefined;
  /** Whether the answer is that of an earlier request with the same key. */
  readonly replayed: boolean;
  /** How many requests were sent. */
  readonly attempts: number;
  /** The rate limits and quotas of the answer (`RateLimit-Policy`, `RateLimit`); empty where it had none. */
  readonly limits: readonly Limit[];
}

/** What is known of a failure. */
export interface FailureDetails {
  readonly call: CallDetails;
  readonly status?: number | undefined;
  readonly problem?: (Problem & Readonly<Record<string, unknown>>) | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** A call that was refused or failed. `cause` is what `fetch` or the parser threw. */
export class RolecallError extends Error {
  override readonly name: string = 'RolecallError';
  /** How the call went: its key, its limits, how often it was sent. */
  readonly call: CallDetails;
  /** The answer's status; undefined where there was no answer. */
  readonly status: number | undefined;
  /**
   * The answer's problem document; a code may add members, such as `conversation_id` or `reset_at`. Undefined where `code`
   * is a {@link FailureCode}.
   */
  readonly problem: (Problem & Readonly<Record<string, unknown>>) | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(
    /** What to decide by. */
    readonly code: Code | FailureCode,
    message: string,
    details: FailureDetails,
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.call = details.call;
    this.status = details.status;
    this.problem = details.problem;
    this.retryAfter = details.retryAfter;
  }

  /** Why it was refused, rule by rule or field by field; empty where there is no more to say. */
  get reasons(): readonly Reason[] {
    return this.problem?.reasons ?? [];
  }

  /** The id to give to whoever is asked for help. */
  get requestId(): string | undefined {
    return this.problem?.request_id;
  }
}

/** An export that ended before its end: what was read is not everything. `code` is the server's, if it could say one. */
export class ExportBrokenOffError extends RolecallError {
  override readonly name: string = 'ExportBrokenOffError';

  constructor(code: Code | undefined, details: FailureDetails) {
    super(code ?? 'export_broken_off', `the export broke off${code === undefined ? '' : `: ${code}`}`, details);
  }
}
