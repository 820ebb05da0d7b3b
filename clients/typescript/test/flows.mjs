// The marketplace's flows, with this client as the caller. A test gives it a running server and whom to be:
// {baseUrl, show, attendee, dealer, mvp, organizer, requester, operator, owner, helpRequest}, each user {id, token}.

import assert from 'node:assert/strict';
import { RolecallClient, RolecallError, canSendBroadcast, canSendDirectMessage, explain } from '../dist/index.js';

const setup = JSON.parse(process.env.ROLECALL_TEST_SETUP);
const as = (user) => new RolecallClient({ baseUrl: `${setup.baseUrl}/`, token: () => Promise.resolve(user.token) });

/** Expects a refusal, and gives it. */
async function refused(call, code, status) {
  const error = await call.then(
    () => assert.fail(`expected ${code}`),
    (error) => error,
  );
  assert.ok(error instanceof RolecallError, String(error));
  assert.equal(error.code, code);
  assert.equal(error.problem.status, status);
  return error;
}

const { attendee, dealer, mvp, organizer, requester, show } = setup;

// What is allowed works, and the module knew; a key of one's own makes a repetition an answer.
assert.ok(canSendDirectMessage('attendee', 'mvp_dealer'));
const message = { recipient_id: mvp.id, content: 'Do you have it with you?', show_id: show };
const idempotencyKey = crypto.randomUUID();
const sent = await as(attendee).sendDm(message, { idempotencyKey });
assert.equal(sent.seq, 1);
assert.deepEqual({ ...(await as(attendee).sendDm(message, { idempotencyKey })), request_id: sent.request_id }, sent);
const reply = await as(mvp).sendDm({ conversation_id: sent.conversation_id, content: 'I do.' });
assert.equal(reply.seq, 2);
const again = await as(attendee).sendDm(message);
assert.equal(again.seq, 3, 'without a key of its own every call is a message');

// What is refused says the rule that the module names.
assert.ok(!canSendDirectMessage('attendee', 'dealer'));
const refusal = await refused(as(attendee).sendDm({ recipient_id: dealer.id, content: 'Hello' }), 'permission_denied', 403);
assert.equal(refusal.problem.reasons[0].code, explain('start_dm', 'attendee', 'dealer').rule);
assert.equal(refusal.problem.reasons[0].allowed_if, explain('start_dm', 'attendee', 'dealer').allowedIf);

// Two broadcasts before the show, and no third; a dry run costs nothing.
assert.ok(canSendBroadcast('show_organizer', 'attendee', { own_show: true }));
const broadcast = { show_id: show, recipient_roles: ['attendee'], message: 'Doors open at nine.' };
const rehearsed = await as(organizer).sendBroadcast({ ...broadcast, dry_run: true });
assert.equal(rehearsed.broadcast_id, null);
const first = await as(organizer).sendBroadcast(broadcast);
assert.deepEqual(first.quota_remaining, { pre_show: 1, post_show: 1 });
assert.deepEqual(rehearsed.quota_remaining, first.quota_remaining);
await as(organizer).sendBroadcast(broadcast);
const spent = await refused(as(organizer).sendBroadcast(broadcast), 'quota_exceeded', 429);
assert.ok(spent.retryAfter > 0 && Date.parse(spent.problem.reset_at) > Date.now());

assert.ok(!canSendBroadcast('mvp_dealer', 'dealer', { takes_part: true }));
await as(mvp).sendBroadcast(broadcast);
await refused(as(mvp).sendBroadcast({ ...broadcast, recipient_roles: ['dealer'] }), 'permission_denied', 403);

// Help: once, again, and on one's own request.
const offer = { help_request_id: setup.helpRequest, initial_message: 'I can help you with this.' };
const started = await as(attendee).startConversation(offer);
assert.equal(started.version, 'v2');
const exists = await refused(as(attendee).startConversation(offer), 'conversation_exists', 409);
assert.equal(exists.problem.conversation_id, started.conversation_id);
await refused(as(requester).startConversation(offer), 'invalid_input', 400);

// Operators and owners.
await refused(as(attendee).resetBroadcastQuotas(), 'permission_denied', 403);
assert.match((await as(setup.operator).resetBroadcastQuotas()).period, /^\d{4}-\d\d-\d\d$/);
await refused(as(attendee).diagnostics(), 'permission_denied', 403);
assert.equal(typeof (await as(setup.owner).diagnostics()).messages.direct, 'number');
assert.equal((await as(attendee).health()).status, 'ok');
await refused(as({ token: 'nonsense' }).sendDm(message), 'unauthenticated', 401);

console.log('every flow went as it should');
