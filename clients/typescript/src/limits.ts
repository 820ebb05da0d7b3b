// The header fields about limits, read.

/** A rate limit or a quota, and what is left of it. */
export interface Limit {
  /** Its name, such as `send_dm` or `pre_show`. */
  readonly policy: string;
  /** How many there are in a window. */
  readonly quota: number | undefined;
  /** The window's length in seconds. */
  readonly windowSeconds: number | undefined;
  /** How many are left. */
  readonly remaining: number | undefined;
  /** Seconds until all are back. */
  readonly resetSeconds: number | undefined;
}

/** The limits of an answer: `"send_dm";q=60;w=60` (RateLimit-Policy) and `"send_dm";r=59;t=1` (RateLimit), lists of such. */
export function limitsOf(headers: Headers): readonly Limit[] {
  const policies = items(headers.get('ratelimit-policy'));
  const states = items(headers.get('ratelimit'));
  const names = new Set([...policies.keys(), ...states.keys()]);
  return [...names].map((policy) => ({
    policy,
    quota: policies.get(policy)?.get('q'),
    windowSeconds: policies.get(policy)?.get('w'),
    remaining: states.get(policy)?.get('r'),
    resetSeconds: states.get(policy)?.get('t'),
  }));
}

/** Seconds of a `Retry-After`, which says them or the time (RFC 9110, 10.2.3). */
export function retryAfterOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(text)) {
    return Number(text);
  }
  const until = Date.parse(text);
  if (Number.isNaN(until)) {
    return undefined;
  }
  // By the server's clock if it says its time, so that a clock that is wrong here does not matter.
  const now = Date.parse(headers.get('date') ?? '');
  return Math.max(0, Math.ceil((until - (Number.isNaN(now) ? Date.now() : now)) / 1000));
}

/** The items of a structured field (RFC 9651): a list of quoted names with whole numbers as parameters. */
function items(text: string | null): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const [, name = '', rest = ''] of (text ?? '').matchAll(/"((?:[^"\\]|\\.)*)"((?:\s*;\s*[a-z][a-z0-9_.*-]*=[^,;]*)*)/g)) {
    const parameters = new Map<string, number>();
    for (const [, key = '', value = ''] of rest.matchAll(/;\s*([a-z][a-z0-9_.*-]*)=([^,;]*)/g)) {
      if (/^\s*\d+\s*$/.test(value)) {
        parameters.set(key, Number(value));
      }
    }
    found.set(name.replace(/\\(.)/g, '$1'), parameters);
  }
  return found;
}
