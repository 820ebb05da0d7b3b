// What the client does about faults, and with a real server, on any platform: no module of a platform is imported here.
// `setup` is {faulty, dead, baseUrl, attendee, mvp, dealer, show}: the address of the faulty server (faulty.mjs), an address
// where nobody listens, and a real server with users {id, token} (baseUrl may be missing).

import { DEFAULT_RETRY, ExportBrokenOffError, RolecallClient, RolecallError } from '../dist/index.js';
import { delayAfter } from '../dist/retry.js';

const FAST = { baseDelayMs: 5, maxDelayMs: 20 };

class Failed extends Error {}

function check(holds, what) {
  if (!holds) {
    throw new Failed(what);
  }
}

function equal(found, wanted, what) {
  check(JSON.stringify(found) === JSON.stringify(wanted), `${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}

/** The error a call ends with. */
async function failure(call, what) {
  let value;
  try {
    value = await call;
  } catch (error) {
    return error;
  }
  throw new Failed(`${what} succeeded: ${JSON.stringify(value)}`);
}

/** Expects a RolecallError with this code. */
async function refused(call, code, what) {
  const error = await failure(call, what);
  check(error instanceof RolecallError, `${what}: ${error}`);
  equal(error.code, code, what);
  return error;
}

let number = 0;

/** A client of the faulty server, which goes these steps. */
function against(setup, steps, options = {}) {
  number += 1;
  const id = `${number}-${Math.random().toString(36).slice(2)}`;
  const baseUrl = `${setup.faulty}/s/${id}/${steps}`;
  const seen = async () => (await fetch(`${setup.faulty}/seen/${id}`)).json();
  return { client: new RolecallClient({ baseUrl, token: 'a-token', retry: FAST, ...options }), seen };
}

/** Waits until the server has seen so many requests. */
async function until(seen, count) {
  while ((await seen()).length < count) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const message = { recipient_id: 'somebody', content: 'Hello' };

const TESTS = {
  async 'a passing fault is repeated with the same key and body'(setup) {
    for (const fault of ['503', '429', '504', '408', 'gateway', 'reset', 'half']) {
      const { client, seen } = against(setup, `${fault},ok`);
      const sent = await client.sendDm(message);
      const [first, second, ...rest] = await seen();
      equal(rest.length, 0, `${fault}: further requests`);
      check(first.key?.length >= 32, `${fault}: the key ${first.key}`);
      equal([second.key, second.body], [first.key, first.body], `${fault}: what was repeated`);
      equal([sent.message_id, sent.call.attempts, sent.call.idempotencyKey], ['m-1', 2, first.key], fault);
    }
  },

  async 'an answer of an earlier request says so'(setup) {
    const { client } = against(setup, 'reset,replayed');
    const sent = await client.sendDm(message, { idempotencyKey: 'my-key' });
    equal([sent.call.replayed, sent.call.idempotencyKey], [true, 'my-key'], 'the call');
    equal((await against(setup, 'ok').client.sendDm(message)).call.replayed, false, 'a first answer');
  },

  async 'retry-after is waited for, in seconds and as a date'(setup) {
    const waits = async ([step, least]) => {
      const { client, seen } = against(setup, `${step},ok`);
      await client.sendDm(message);
      const [first, second] = await seen();
      check(second.at - first.at >= least, `${step}: repeated after ${second.at - first.at} ms`);
    };
    // By the server's clock: a date has whole seconds, so that there is at least one until it.
    await Promise.all([['429~1', 1000], ['503~1', 1000], ['429~date', 950]].map(waits));
  },

  async 'a retry-after beyond the bound is thrown at once'(setup) {
    const { client, seen } = against(setup, '429~3600,ok');
    const error = await refused(client.sendDm(message), 'rate_limited', 'an hour');
    equal([error.retryAfter, error.call.attempts, (await seen()).length], [3600, 1, 1], 'an hour');
    const short = against(setup, '429~2,ok');
    await refused(short.client.sendDm(message, { retry: { maxRetryAfterMs: 1999 } }), 'rate_limited', 'just beyond');
    equal((await short.seen()).length, 1, 'just beyond');
  },

  async 'tries are bounded'(setup) {
    const { client, seen } = against(setup, '503');
    const error = await refused(client.sendDm(message), 'database_unavailable', 'four tries');
    equal([error.status, error.call.attempts, (await seen()).length], [503, 4, 4], 'four tries');
    equal(error.call.idempotencyKey, (await seen())[0].key, 'the key in the error');
    const two = against(setup, '503');
    await refused(two.client.sendDm(message, { retry: { ...FAST, maxAttempts: 2 } }), 'database_unavailable', 'two tries');
    equal((await two.seen()).length, 2, 'two tries');
  },

  async 'the time in all is bounded'(setup) {
    const { client } = against(setup, '503');
    const endless = { ...FAST, maxAttempts: 1_000_000, totalMs: 200 };
    const error = await failure(client.sendDm(message, { retry: endless }), '200 ms');
    // The end may come during a request or between two.
    check(['database_unavailable', 'timed_out'].includes(error.code), `200 ms: ${error}`);
    check(error.call.attempts < 1_000_000, 'it has ended');
    const hanging = against(setup, 'hang');
    await refused(hanging.client.sendDm(message, { retry: { ...FAST, totalMs: 100 } }), 'timed_out', 'a request within the time');
    check((await hanging.seen()).length <= 1, 'none begins later');
  },

  async 'waits are random shares that double up to a bound'() {
    const options = { ...DEFAULT_RETRY, baseDelayMs: 100, maxDelayMs: 350 };
    equal([1, 2, 3, 9].map((attempt) => delayAfter(attempt, undefined, options, () => 1)), [100, 200, 350, 350], 'the longest');
    equal([1, 2, 3, 9].map((attempt) => delayAfter(attempt, undefined, options, () => 0)), [0, 0, 0, 0], 'the shortest');
    equal([0, 1].map((random) => delayAfter(1, 2, options, () => random)), [2000, 2100], 'behind a Retry-After');
    equal(delayAfter(1, 31, options), undefined, 'a Retry-After beyond the bound');
    equal(delayAfter(1, 30, options, () => 0), 30_000, 'a Retry-After at the bound');
  },

  async 'no answer in time is an error with a code of its own, or repeated'(setup) {
    const hanging = against(setup, 'hang', { timeoutMs: 150 });
    const error = await refused(hanging.client.sendDm(message, { retry: { ...FAST, maxAttempts: 2 } }), 'timed_out', 'a hanging server');
    equal([error.call.attempts, error.status, error.problem], [2, undefined, undefined], 'a hanging server');
    check(error.cause !== undefined, 'the cause is kept');
    const slow = against(setup, 'hang,ok');
    const sent = await slow.client.sendDm(message, { timeoutMs: 1000 });
    check(sent.call.attempts >= 2, 'it is repeated');
    const keys = (await slow.seen()).map(({ key }) => key);
    equal(keys, keys.map(() => sent.call.idempotencyKey), 'the key behind a timeout');
  },

  async 'a dead server is an error with a code of its own'(setup) {
    const client = new RolecallClient({ baseUrl: setup.dead, token: 'a-token', retry: { ...FAST, maxAttempts: 2 } });
    const calls = [
      () => client.sendDm(message),
      () => client.unread(),
      () => client.health(),
      () => client.exportOwnData().next(),
    ];
    for (const [place, call] of calls.entries()) {
      const error = await refused(call(), 'network_error', `call ${place}`);
      check(error.cause !== undefined && error.name === 'RolecallError', 'the cause is kept');
      equal([error.status, error.call.attempts], [undefined, place === 2 ? 1 : 2], `call ${place}`);
    }
  },

  async 'an answer that is not the server\'s is an error with a code of its own'(setup) {
    for (const [step, status, hasCause] of [['html', 200, true], ['gateway', 502, true], ['odd', 200, false]]) {
      const { client, seen } = against(setup, step);
      const error = await refused(client.sendDm(message), 'unexpected_answer', step);
      equal([error.status, error.cause !== undefined, error.problem], [status, hasCause, undefined], step);
      equal((await seen()).length, status === 502 ? 4 : 1, `${step}: requests`);
      check(error.call.idempotencyKey.length >= 32, 'the key is there to repeat the call');
    }
  },

  async 'repeating is switched off for a client and for a call'(setup) {
    const off = against(setup, '503,ok', { retry: false });
    equal((await refused(off.client.sendDm(message), 'database_unavailable', 'a client')).call.attempts, 1, 'a client');
    const on = against(setup, '503,ok');
    await refused(on.client.sendDm(message, { retry: false }), 'database_unavailable', 'a call');
    equal((await on.seen()).length, 1, 'a call');
    const again = against(setup, '503,ok', { retry: false });
    equal((await again.client.sendDm(message, { retry: FAST })).call.attempts, 2, 'a call of a client that does not');
  },

  async 'a write without a key is not repeated, a read is'(setup) {
    for (const fault of ['503', '429', 'reset']) {
      const { client, seen } = against(setup, `${fault},ok`);
      await failure(client.sendDm(message, { idempotencyKey: null }), fault);
      equal((await seen()).map(({ key }) => key), [null], fault);
      const reading = against(setup, `${fault},ok`);
      equal((await reading.client.unread()).call.attempts, 2, `a GET and ${fault}`);
      const asking = against(setup, `${fault},ok`);
      equal((await asking.client.checkPermission({ action: 'suspend', target_id: 'somebody' })).call.attempts, 2, `a question and ${fault}`);
      equal((await asking.seen()).map(({ key }) => key), [null, null], 'a question has no key');
    }
  },

  async 'what does not pass is not repeated'(setup) {
    for (const [status, code] of [['400', 'validation_error'], ['403', 'permission_denied'], ['409', 'conversation_exists'], ['422', 'idempotency_conflict'], ['500', 'internal']]) {
      const { client, seen } = against(setup, `${status},ok`);
      const error = await refused(client.sendDm(message), code, status);
      equal([error.status, error.problem.detail, error.requestId], [Number(status), `It is ${code}.`, 'r-2'], status);
      equal((await seen()).length, 1, status);
    }
  },

  async 'an abort ends the wait, the request, and what has not begun'(setup) {
    const reason = new Error('the user has left');
    const waiting = against(setup, '503~20,ok');
    const controller = new AbortController();
    const waits = failure(waiting.client.sendDm(message, { signal: controller.signal }), 'a wait');
    await until(waiting.seen, 1);
    controller.abort(reason);
    check((await waits) === reason, 'the wait ends with the reason');
    equal((await waiting.seen()).length, 1, 'nothing is repeated');

    const hanging = against(setup, 'hang');
    const other = new AbortController();
    const hangs = failure(hanging.client.sendDm(message, { signal: other.signal }), 'a request');
    await until(hanging.seen, 1);
    other.abort(reason);
    check((await hangs) === reason, 'the request ends with the reason');

    const never = against(setup, 'ok');
    check((await failure(never.client.sendDm(message, { signal: AbortSignal.abort(reason) }), 'before')) === reason, 'before');
    equal((await never.seen()).length, 0, 'nothing is sent');
  },

  async 'limits are in the result and in the error'(setup) {
    const limits = [
      { policy: 'send_dm', quota: 60, windowSeconds: 60, remaining: 59, resetSeconds: 1 },
      { policy: 'pre_show', quota: 2, windowSeconds: 86400, remaining: 0, resetSeconds: 90 },
    ];
    equal((await against(setup, 'ok').client.sendDm(message)).call.limits, limits, 'a result');
    equal((await against(setup, 'ok').client.checkPermissions([])).call.limits, limits, 'a list of results');
    equal((await refused(against(setup, 'limited').client.sendDm(message), 'permission_denied', 'an error')).call.limits, limits, 'an error');
    equal((await refused(against(setup, '403').client.sendDm(message), 'permission_denied', 'none')).call.limits, [], 'none');
  },

  async 'every request has the current token'(setup) {
    let asked = 0;
    const { client, seen } = against(setup, '503,ok', { token: async () => `token-${(asked += 1)}` });
    await client.sendDm(message);
    equal((await seen()).map(({ token }) => token), ['Bearer token-1', 'Bearer token-2'], 'tokens');
  },

  async 'an export is repeated until it begins, and never after'(setup) {
    const lines = [];
    for await (const line of against(setup, '503,lines').client.exportOwnData()) {
      lines.push(line.type);
    }
    equal(lines, ['profile'], 'an export behind a fault');
    const broken = against(setup, 'brokenlines,lines');
    const reads = (async () => {
      for await (const line of broken.client.exportOwnData()) {
        lines.push(line.type);
      }
    })();
    const error = await failure(reads, 'an export that breaks off');
    check(error instanceof ExportBrokenOffError && error instanceof RolecallError, String(error));
    equal([error.code, error.cause !== undefined], ['export_broken_off', true], 'an export that breaks off');
    equal((await broken.seen()).length, 1, 'requests');
  },

  async 'a server that is not well is an answer of its health'(setup) {
    const { client, seen } = against(setup, 'health');
    equal((await client.health()).status, 'unavailable', 'health');
    equal((await seen()).map(({ token }) => token), [null], 'one request, without a token');
  },

  async 'a real server is called, and refuses'(setup) {
    if (!setup.baseUrl) {
      return;
    }
    const { attendee, dealer, mvp, show } = setup;
    const client = new RolecallClient({ baseUrl: setup.baseUrl, token: attendee.token });
    equal((await client.health()).status, 'ok', 'health');
    const message = { recipient_id: mvp.id, content: 'Do you have it with you?', show_id: show };
    const sent = await client.sendDm(message);
    equal([sent.call.replayed, sent.call.attempts, sent.call.limits[0]?.policy], [false, 1, 'send_dm'], 'the first');
    const again = await client.sendDm(message, { idempotencyKey: sent.call.idempotencyKey });
    equal([again.message_id, again.call.replayed], [sent.message_id, true], 'the same again');
    const error = await refused(client.sendDm({ recipient_id: dealer.id, content: 'Hello' }), 'permission_denied', 'to a dealer');
    check(error.reasons[0].allowed_if.length > 5 && error.requestId.length > 0, 'it says why');
    equal(error.call.limits[0]?.policy, 'send_dm', 'a refusal tells the limits, too');
    let count = 0;
    for await (const line of client.exportOwnData()) {
      check(typeof line.type === 'string', 'a line');
      count += 1;
    }
    check(count > 1, 'the export');
  },
};

/** Runs all of them; gives how many, and throws what failed. */
export async function portable(setup) {
  const failures = [];
  for (const [name, test] of Object.entries(TESTS)) {
    try {
      await test(setup);
    } catch (error) {
      failures.push(`${name}: ${error instanceof Failed ? error.message : (error?.stack ?? error)}`);
    }
  }
  if (failures.length > 0) {
    throw new Error(failures.join('\n'));
  }
  return Object.keys(TESTS).length;
}
