// When a call is repeated, and how long it waits before.

import type { RolecallError } from './errors.js';

/** How a call is repeated. What is left out is as {@link DEFAULT_RETRY} has it. */
export interface RetryOptions {
  /** Requests in all, the first among them; 1 repeats nothing. */
  readonly maxAttempts?: number;
  /** Milliseconds that a call may take in all; no request begins later, and none goes on for longer. */
  readonly totalMs?: number;
  /** The wait before the first repetition is a random share of this; it doubles from one to the next (full jitter). */
  readonly baseDelayMs?: number;
  /** No such wait is longer than this. */
  readonly maxDelayMs?: number;
  /** The longest `Retry-After` that is waited for. A longer one, such as that of a quota of the day, is thrown at once. */
  readonly maxRetryAfterMs?: number;
}

/** What holds where nothing else is said. */
export const DEFAULT_RETRY: Readonly<Required<RetryOptions>> = {
  maxAttempts: 4,
  totalMs: 60_000,
  baseDelayMs: 300,
  maxDelayMs: 10_000,
  maxRetryAfterMs: 30_000,
};

/** Statuses that may pass by themselves, of Rolecall or of a proxy in front of it. */
const PASSING = new Set([408, 429, 502, 503, 504]);

/** The options that hold for a call: its own before the client's. */
export function settled(
  client: RetryOptions | false | undefined,
  call: RetryOptions | false | undefined,
): Required<RetryOptions> {
  if ((call ?? client) === false) {
    return { ...DEFAULT_RETRY, maxAttempts: 1, totalMs: Infinity };
  }
  const result = { ...DEFAULT_RETRY };
  for (const given of [client || {}, call || {}]) {
    for (const name of Object.keys(result) as (keyof RetryOptions)[]) {
      result[name] = given[name] ?? result[name];
    }
  }
  return result;
}

/** Whether the same request may succeed later. */
export function mayPass(error: RolecallError): boolean {
  return error.code === 'network_error' || error.code === 'timed_out' || PASSING.has(error.status ?? 0);
}

/** Milliseconds to wait behind a request of this number that failed; undefined where the wait would be too long. */
export function delayAfter(
  attempt: number,
  retryAfter: number | undefined,
  options: Required<RetryOptions>,
  random: () => number = Math.random,
): number | undefined {
  if (retryAfter === undefined) {
    return random() * Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (attempt - 1));
  }
  const asked = retryAfter * 1000;
  // Never earlier than asked; a little later, so that all who were refused together do not come back together.
  return asked > options.maxRetryAfterMs ? undefined : asked + random() * options.baseDelayMs;
}

/** Waits so long; an abort ends it at once, with the signal's reason. */
export function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) {
      stop();
    }
  });
}
