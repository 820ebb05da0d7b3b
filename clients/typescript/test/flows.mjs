// The marketplace's flows, with this client as the caller. A test gives it a running server and whom to be:
// {baseUrl, show, attendee, dealer, mvp, organizer, moderator, requester, operator, owner, helpRequest, agencyOwner,
// agencySitter, thread, agency, agencyClient, otherOwner, uncertain}, each user {id, token}.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  RolecallClient,
  RolecallError,
  canReadBroadcast,
  canReadThread,
  canSendBroadcast,
  canSendDirectMessage,
  canSendToThread,
  explain,
  explainInOrganization,
} from '../dist/index.js';

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

/** Expects a refusal by this rule of the permission matrix. */
async function refusedBy(call, rule) {
  const error = await refused(call, 'permission_denied', 403);
  assert.equal(error.problem.reasons[0].code, rule);
  assert.ok(error.problem.reasons[0].allowed_if.length > 5);
}

const { attendee, dealer, moderator, mvp, organizer, requester, show } = setup;

// What is allowed works, and the module knew; a key of one's own makes a repetition an answer.
assert.ok(canSendDirectMessage('attendee', 'mvp_dealer'));
const message = { recipient_id: mvp.id, content: 'Do you have it with you?', show_id: show };
const idempotencyKey = randomUUID();
const sent = await as(attendee).sendDm(message, { idempotencyKey });
assert.equal(sent.seq, 1);
assert.deepEqual([sent.call.idempotencyKey, sent.call.replayed, sent.call.attempts], [idempotencyKey, false, 1]);
const [limit] = sent.call.limits;
assert.deepEqual([limit.policy, limit.quota, limit.windowSeconds, limit.remaining], ['send_dm', 60, 60, 59]);
const repeated = await as(attendee).sendDm(message, { idempotencyKey });
assert.deepEqual([repeated.call.idempotencyKey, repeated.call.replayed], [idempotencyKey, true]);
assert.deepEqual({ ...repeated, request_id: sent.request_id, call: sent.call }, sent);
const reply = await as(mvp).sendDm({ conversation_id: sent.conversation_id, content: 'I do.' });
assert.equal(reply.seq, 2);
const again = await as(attendee).sendDm(message);
assert.equal(again.seq, 3, 'without a key of its own every call is a message');

// An id of one's own names the message, however often it is sent; several messages have a result each.
const draft = { recipient_id: moderator.id, content: 'Who opens the hall?', message_id: randomUUID() };
const named = await as(organizer).sendDm(draft);
assert.deepEqual([named.message_id, named.seq, named.call.replayed], [draft.message_id, 1, false]);
assert.ok((await as(organizer).sendDm(draft)).call.replayed, 'with another key');
await refused(as(organizer).sendDm({ ...draft, content: 'Another' }), 'idempotency_conflict', 422);
await refused(as(organizer).sendDm({ ...draft, recipient_id: requester.id }), 'message_id_taken', 409);
const results = await as(organizer).sendDms([
  draft,
  { conversation_id: named.conversation_id, content: 'And who closes it?' },
  { recipient_id: organizer.id, content: 'To myself' },
]);
assert.deepEqual(results.map(({ status }) => status), [201, 201, 403]);
assert.deepEqual([results[0].replayed, results[0].seq, results[1].seq], [true, 1, 2]);
assert.equal(results[2].reasons[0].code, 'self_message');
assert.equal(results.call.limits[0].policy, 'send_dm');
await refused(as(organizer).sendDms([]), 'validation_error', 400);

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
// Until tomorrow nobody waits: it was not repeated, and its key and quota are in the error.
assert.equal(spent.call.attempts, 1);
assert.equal(spent.call.limits.find(({ policy }) => policy === 'pre_show').remaining, 0);
assert.ok(spent.call.idempotencyKey.length >= 32);

assert.ok(!canSendBroadcast('mvp_dealer', 'dealer', { takes_part: true }));
assert.ok(canReadBroadcast('attendee', 'show_organizer'));
assert.ok(!canReadBroadcast('attendee', 'show_organizer', { blocked: true }));
assert.ok(canReadBroadcast('attendee', 'admin', { blocked: true }));
await as(mvp).sendBroadcast(broadcast);
await refused(as(mvp).sendBroadcast({ ...broadcast, recipient_roles: ['dealer'] }), 'permission_denied', 403);

// Help: once, again, and on one's own request.
const offer = { help_request_id: setup.helpRequest, initial_message: 'I can help you with this.' };
const started = await as(attendee).startConversation(offer);
assert.equal(started.version, 'v2');
const exists = await refused(as(attendee).startConversation(offer), 'conversation_exists', 409);
assert.equal(exists.problem.conversation_id, started.conversation_id);
await refused(as(requester).startConversation(offer), 'invalid_input', 400);
const helpId = started.conversation_id;
const [help] = (await as(requester).helpConversations.list({ limit: 1 })).conversations;
assert.deepEqual([help.id, help.version, help.badge, help.unread_count, help.can_write], [helpId, 'v2', null, 1, true]);
assert.equal(help.help_request.status, 'in_progress');
const thanks = await as(requester).helpConversations.send(helpId, 'Thank you!');
assert.deepEqual([thanks.conversation_id, thanks.message.content], [helpId, 'Thank you!']);
const page = await as(attendee).helpConversations.get(helpId, { limit: 1 });
assert.deepEqual([page.messages.length, page.has_more, page.messages[0].id], [1, true, thanks.message_id]);
const earlier = await as(attendee).helpConversations.get(helpId, { before: thanks.message_id });
assert.deepEqual(earlier.messages.map(({ content }) => content), [offer.initial_message]);
assert.equal((await as(attendee).helpConversations.markRead(helpId)).unread_count, 0);
assert.equal((await as(attendee).helpConversations.complete(helpId)).status, 'completed');
await refused(as(requester).helpConversations.cancel(helpId), 'conversation_read_only', 409);
await refused(as(requester).helpConversations.send(helpId, 'Bye'), 'conversation_read_only', 409);
await refused(as(dealer).helpConversations.get(helpId), 'not_found', 404);
assert.deepEqual((await as(attendee).helpConversations.list({ status: 'active' })).conversations, []);
const withdrawn = await as(dealer).startConversation(offer);
assert.equal((await as(dealer).helpConversations.cancel(withdrawn.conversation_id)).status, 'cancelled');

// Asking first: the server says what the module said, with what is left of the rate, and one call asks for a whole list.
const asked = await as(attendee).checkPermission({ action: 'start_dm', recipient_id: dealer.id });
assert.equal(asked.allowed, false);
assert.equal(asked.code, 'permission_denied');
assert.equal(asked.rule, explain('start_dm', 'attendee', 'dealer').rule);
assert.deepEqual(asked.would_be_allowed_if, [explain('start_dm', 'attendee', 'dealer').allowedIf]);
const list = await as(attendee).checkPermissions([
  { action: 'start_dm', recipient_id: mvp.id, show_id: show },
  { action: 'reply', conversation_id: sent.conversation_id },
  { action: 'broadcast', show_id: show },
  { action: 'broadcast', actor_role: 'show_organizer', target_role: 'attendee', facts: ['feature_enabled', 'own_show'] },
]);
assert.deepEqual(list.map(({ action, allowed }) => [action, allowed]), [
  ['start_dm', true],
  ['reply', true],
  ['broadcast', false],
  ['broadcast', true],
]);
assert.equal(list[0].quota.policy, 'send_dm');
const quota = (await as(organizer).checkPermission({ action: 'broadcast', show_id: show })).quota;
assert.deepEqual(quota.remaining, { pre_show: 0, post_show: 1 });

// Reading: the inbox, a page at a time; the messages in both directions; what is unread; and marking it read.
const inbox = await as(mvp).conversations({ kind: 'direct' });
const card = inbox.conversations.find(({ id }) => id === sent.conversation_id);
assert.equal(card.with.id, attendee.id);
assert.equal(card.last_message.content, message.content);
assert.deepEqual([card.last_seq, card.unread_count, card.can_reply], [3, 2, true]);
const pages = [];
for (let cursor; cursor !== null; ) {
  const page = await as(attendee).conversations({ limit: 1, ...(cursor && { cursor }) });
  pages.push(...page.conversations);
  cursor = page.next_cursor;
}
const whole = await as(attendee).conversations();
assert.deepEqual(pages, whole.conversations);
assert.equal(whole.next_cursor, null);
const fromOrganizer = pages.find(({ kind, with: sender }) => kind === 'show' && sender.id === organizer.id);
assert.equal(fromOrganizer.last_message.content, broadcast.message);
assert.equal(fromOrganizer.can_reply, false);
assert.equal(fromOrganizer.reply_refusal.rule, explain('reply', 'attendee', 'show_organizer', { broadcast_recipient: true }).rule);

const seqs = ({ messages }) => messages.map(({ seq }) => seq);
assert.deepEqual(seqs(await as(mvp).messages(sent.conversation_id)), [1, 2, 3]);
const newest = await as(mvp).messages(sent.conversation_id, { limit: 1 });
assert.deepEqual([seqs(newest), newest.has_more_before, newest.has_more_after], [[3], true, false]);
assert.deepEqual(seqs(await as(mvp).messages(sent.conversation_id, { before_seq: 3, limit: 1 })), [2]);
assert.deepEqual(seqs(await as(mvp).messages(sent.conversation_id, { since_seq: 1 })), [2, 3]);
await refused(as(requester).messages(sent.conversation_id), 'not_found', 404);
assert.equal((await as(mvp).unread()).by_kind.direct, 2, 'sending has read nothing of the other');
assert.equal((await as(mvp).markRead(sent.conversation_id, 3)).unread_count, 0);
assert.equal((await as(mvp).markRead(sent.conversation_id, 1)).last_read_seq, 3, 'never backwards');
assert.equal((await as(mvp).unread()).by_kind.direct, 0);
assert.equal((await as(mvp).markUnread(sent.conversation_id)).unread_count, 1, 'the newest of somebody else');
assert.equal((await as(mvp).markUnread(sent.conversation_id, 2)).last_read_seq, 1);
assert.equal((await as(mvp).markRead(sent.conversation_id, 3)).unread_count, 0);
const { revision } = newest;
assert.equal(revision, newest.conversation.revision);
assert.deepEqual(seqs(await as(mvp).messages(sent.conversation_id, { changed_since: revision })), []);

// Muted it does not count; pinned it stands on the first page, archived in a list of its own.
await as(mvp).markUnread(sent.conversation_id, 2);
const set = await as(mvp).setConversation({ conversation_id: sent.conversation_id, muted_until: 'forever', pinned: true });
assert.deepEqual([set.muted_until, set.archived, typeof set.pinned_at], ['forever', false, 'string']);
assert.equal((await as(mvp).unread()).by_kind.direct, 0);
const pins = (await as(mvp).conversations({ limit: 1 })).pinned;
assert.deepEqual(pins.map(({ id, unread_count }) => [id, unread_count]), [[sent.conversation_id, 1]]);
await as(mvp).setConversation({ conversation_id: sent.conversation_id, muted_until: null, archived: true });
assert.deepEqual((await as(mvp).conversations({ archived: true })).conversations.map(({ id }) => id), [sent.conversation_id]);
assert.equal((await as(mvp).setConversation({ conversation_id: sent.conversation_id, archived: false })).archived, false);
await refused(as(requester).setConversation({ conversation_id: sent.conversation_id, pinned: true }), 'not_found', 404);
assert.equal((await as(mvp).markRead(sent.conversation_id, 3)).unread_count, 0);

// Catching up: everything at first, a page at a time; then what has changed; and what a conversation has beyond what is known.
let standing = await as(mvp).sync({ limit: 1 });
const synced = [...standing.conversations];
while (standing.more) {
  standing = await as(mvp).sync({ limit: 1, cursor: standing.cursor });
  synced.push(...standing.conversations);
}
assert.ok(synced.some(({ id }) => id === sent.conversation_id));
// What has come may come again while a transaction of somebody else is open; nothing else does.
const cameAgain = (await as(mvp).sync({ cursor: standing.cursor })).conversations;
assert.ok(cameAgain.every(({ id }) => synced.some((one) => one.id === id)));
await as(mvp).markUnread(sent.conversation_id, 2);
const since = await as(mvp).sync({
  cursor: standing.cursor,
  have: [{ conversation_id: sent.conversation_id, seq: 2, revision }],
});
assert.deepEqual(since.conversations.map(({ id }) => id), [sent.conversation_id], 'a mark of another device');
assert.equal(since.unread.by_kind.direct, (await as(mvp).unread()).by_kind.direct);
assert.deepEqual(since.catch_up.map((part) => [seqs(part), part.seq, part.limited]), [[[3], 3, false]]);
await refused(as(attendee).sync({ cursor: since.cursor }), 'cursor_expired', 410);
await as(mvp).markRead(sent.conversation_id, 3);
const unchanged = await as(mvp).changes(sent.conversation_id, revision);
assert.deepEqual([seqs(unchanged), unchanged.more, unchanged.marks.length], [[], false, 2]);

// Other words, of the version that one has seen.
const edit = { message_id: reply.message_id, content: 'I do!', base_version: 1 };
const edited = await as(mvp).editMessage(edit);
assert.deepEqual([edited.message.content, edited.message.version, edited.revision], ['I do!', 2, revision + 1]);
assert.equal((await refused(as(mvp).editMessage({ ...edit, content: 'No.' }), 'edit_conflict', 409)).problem.version, 2);
await refused(as(attendee).editMessage({ ...edit, base_version: 2 }), 'permission_denied', 403);
const { versions } = await as(attendee).messageHistory(reply.message_id);
assert.deepEqual(versions.map(({ content }) => content), ['I do.', 'I do!']);
await refused(as(requester).messageHistory(reply.message_id), 'not_found', 404);
await as(mvp).editMessage({ message_id: reply.message_id, content: 'I do.' });

// A report, once each; the decision about it, once; and the message comes back.
const report = { message_id: reply.message_id, reason: 'He asks for money in advance.' };
await refused(as(requester).report(report), 'not_found', 404);
const filed = await as(attendee).report(report);
assert.equal((await refused(as(attendee).report(report), 'already_reported', 409)).problem.report_id, filed.report_id);
await refused(as(attendee).reports(), 'permission_denied', 403);
const queue = await as(moderator).reports({ status: 'pending' });
assert.deepEqual([queue.reports.length, queue.counts.pending], [1, 1]);
assert.equal(queue.reports[0].message.content, 'I do.');
const review = { report_id: filed.report_id, decision: 'delete', note: 'A scam.' };
assert.equal((await as(moderator).review(review)).report.status, 'actioned');
const reviewed = await refused(as(moderator).review(review), 'already_reviewed', 409);
assert.equal(reviewed.problem.decision, 'delete');
const second = async (user) => (await as(user).messages(sent.conversation_id)).messages[1];
assert.equal((await second(attendee)).content, null);
assert.equal((await second(attendee)).deleted.by, 'moderator');
assert.equal((await second(moderator)).content, 'I do.');
await refused(as(attendee).restoreMessage({ message_id: reply.message_id }), 'permission_denied', 403);
assert.equal((await as(moderator).restoreMessage({ message_id: reply.message_id })).message.deleted, null);
assert.equal((await second(attendee)).content, 'I do.');
const audit = await as(moderator).audit({ message_id: reply.message_id });
assert.ok(audit.entries.some(({ action, actor_id }) => action === 'message_restored' && actor_id === moderator.id));
await refused(as(organizer).audit(), 'permission_denied', 403);

// One's own message is deleted for good.
assert.equal((await as(attendee).deleteMessage({ message_id: again.message_id })).message.deleted.by, 'author');
await refusedBy(as(moderator).restoreMessage({ message_id: again.message_id }), 'deleted_by_author');
// Who has read the thread learns what has changed in it.
const changes = await as(mvp).messages(sent.conversation_id, { changed_since: revision });
assert.deepEqual(changes.messages.map(({ seq, deleted }) => [seq, deleted?.by]), [[2, undefined], [3, 'author']]);
assert.deepEqual(seqs(await as(mvp).messages(sent.conversation_id, { changed_since: changes.revision })), []);

// A suspension and a block hold from the next request on, until they are lifted.
const until = new Date(Date.now() + 86_400_000).toISOString();
const answerOfMvp = () => as(mvp).sendDm({ conversation_id: sent.conversation_id, content: 'Still there?' });
await refusedBy(as(attendee).suspend({ target_id: mvp.id, until }), 'only_moderators_suspend');
assert.equal(Date.parse((await as(moderator).suspend({ target_id: mvp.id, until })).suspended_until), Date.parse(until));
await refusedBy(answerOfMvp(), 'suspended');
assert.equal((await as(moderator).liftSuspension({ target_id: mvp.id })).suspended_until, null);
await answerOfMvp();
const reacted = await as(mvp).react(sent.message_id, '❤');
assert.deepEqual(reacted.reactions, [{ emoji: '❤️', count: 1, mine: true }]);
assert.deepEqual((await as(attendee).reactions(sent.message_id)).reactions.map(({ user_id, emoji }) => [user_id, emoji]), [[mvp.id, '❤️']]);
assert.deepEqual((await as(mvp).unreact(sent.message_id, '❤')).reactions, []);
assert.equal((await as(attendee).block(mvp.id)).blocked_id, mvp.id);
await refusedBy(answerOfMvp(), 'blocked');
assert.deepEqual((await as(attendee).blocks()).blocks.map(({ blocked_id }) => blocked_id), [mvp.id]);
assert.equal((await as(attendee).unblock(mvp.id)).was_blocked, true);
assert.equal((await as(attendee).unblock(mvp.id)).was_blocked, false);
await answerOfMvp();
assert.equal((await as(mvp).typing(sent.conversation_id)).conversation_id, sent.conversation_id);
assert.deepEqual((await as(mvp).presence([moderator.id])).online, []);
assert.equal((await as(mvp).realtimeToken()).subject, `user.${mvp.id}.>`);

// One's own data: all of it, and then without what one wrote. The thread stays.
const exported = async (user) => {
  const lines = [];
  for await (const line of as(user).exportOwnData()) {
    lines.push(line);
  }
  return lines;
};
const own = await exported(attendee);
for (const type of ['profile', 'conversation', 'message', 'broadcast', 'help_conversation', 'help_message', 'report']) {
  assert.ok(own.some((line) => line.type === type), type);
}
const deletion = await as(attendee).deleteOwnData();
assert.equal(deletion.status, 'complete');
assert.equal(deletion.messages_deleted > 0, true);
const [emptied, kept] = (await as(mvp).messages(sent.conversation_id)).messages;
assert.deepEqual([emptied.content, emptied.deleted.by], [null, 'author']);
assert.equal(kept.content, 'I do.');

// The flags, and the choice between Rolecall and what an app had before.
const { flags } = await as(attendee).flags();
assert.deepEqual(flags['send-dm'], { enabled: true, reason: 'everybody' });
assert.deepEqual(flags.maintenance, { enabled: false, reason: 'off' });
assert.ok(await as(attendee).usesV2('conversations'));
assert.ok(!(await as(attendee).usesV2('no-such-feature')));
assert.ok(!(await as({ token: 'nonsense' }).usesV2()), 'where Rolecall does not answer, V1 does');
const byV2 = { v2: () => as(attendee).unread(), v1: () => assert.fail('V2 is switched on') };
assert.equal((await as(attendee).choose('conversations', byV2)).success, true);
const byV1 = { v2: () => assert.fail('it is not switched on'), v1: () => 'V1' };
assert.equal(await as(attendee).choose('no-such-feature', byV1), 'V1');

// A booking of an agency lets its sitter write in time; the operator names the agency.
const { agencyOwner, agencySitter } = setup;
assert.equal((await as(agencySitter).flags()).organization_role, 'sitter');
const booking = {
  booking_id: randomUUID(),
  client: { id: setup.agencyClient },
  service: 'walk',
  starts_at: new Date(Date.now() + 3_600_000).toISOString(),
  ends_at: new Date(Date.now() + 7_200_000).toISOString(),
  recurring: true,
  sitter_id: agencySitter.id,
};
const assigned = await as(agencyOwner).assignBooking(booking);
assert.deepEqual([assigned.number_class, assigned.status, assigned.client_id], ['sitter', 'confirmed', setup.agencyClient]);
assert.equal(Date.parse(assigned.window.starts_at), Date.parse(assigned.starts_at) - 3_600_000);
const byOperator = await as(setup.operator).assignBooking({ ...booking, organization_id: setup.agency });
assert.deepEqual(byOperator.window, assigned.window);
await refused(as(agencySitter).assignBooking(booking), 'permission_denied', 403);

// Rollouts, for operators. The last stage is not left.
const operator = as(setup.operator);
await refused(as(attendee).rollout(), 'permission_denied', 403);
assert.equal((await operator.rollout()).flag, 'start-conversation');
const early = await refused(operator.advanceRollout({ reason: 'A test.', force: true }), 'rollout_criteria_unmet', 409);
assert.equal(early.reasons[0].code, 'no_further_stage');
assert.equal((await operator.rollbackRollout({ reason: 'A test.' })).rollout, 'disabled');
assert.equal((await operator.advanceRollout({ reason: 'A test.' })).rollout, 'internal');
await operator.setRollout({ rollout: 'enabled', reason: 'A test.' });
assert.equal((await operator.simulateRollout({ rollout: 'enabled', sample: 1 })).in, 1);
assert.equal((await operator.setRollout({ flag: 'diagnostics', rollout: 'internal', reason: 'A test.' })).changed, true);
assert.equal((await operator.rollbackRollout({ flag: 'diagnostics', reason: 'A test.' })).rollout, 'disabled');
await operator.setRollout({ flag: 'diagnostics', rollout: 'enabled', reason: 'A test.' });
assert.deepEqual((await operator.guardRollouts()).decisions, []);

// The threads of an organisation: read, written into, held back and forced.
const { thread } = setup;
assert.ok(canSendToThread('sitter', { once_assigned: true, inside_window: true }) && !canReadThread('sitter'));
const text = await as(agencySitter).threads.send({ thread_id: thread, content: 'Rex is fine.' });
assert.deepEqual([text.delivery, text.encoding, text.segments], ['queued', 'gsm_7', 1]);
const poaching = { thread_id: thread, content: 'Call me at 202-555-0143' };
await refused(as(agencySitter).threads.send(poaching), 'anti_poaching_blocked', 403);
const [threadCard] = (await as(agencyOwner).threads.list({ scope: 'client', unread: true })).threads;
assert.deepEqual([threadCard.id, threadCard.unread_count], [thread, 2]);
const { messages: texts } = await as(agencyOwner).threads.messages(thread, { limit: 10 });
assert.equal(texts.at(-1).delivery, 'blocked');
assert.equal((await as(agencyOwner).threads.markRead(thread)).unread_count, 0);
const forced = await as(agencyOwner).threads.forceSend(texts.at(-1).id, 'It is the number of the vet.');
assert.equal(forced.delivery, 'queued');
await refused(as(agencyOwner).threads.forceSend(texts.at(-1).id, 'Once more.'), 'already_sent', 409);
const after = (await as(agencyOwner).threads.messages(thread, { since_seq: texts.at(-1).seq - 1 })).messages;
assert.deepEqual(after.map(({ id, delivery }) => [id, delivery]), [[texts.at(-1).id, 'queued']]);
await refused(as(agencyOwner).threads.settle(text.message_id, 'sent'), 'invalid_input', 400);
await refused(as(agencyOwner).threads.settle(setup.uncertain, 'sent'), 'not_found', 404);
assert.equal((await as(setup.otherOwner).threads.settle(setup.uncertain, 'sent')).delivery, 'sent');

// Outside of a window the module, the server and the call say the same.
const walk = { ...booking, booking_id: randomUUID(), client: { display_name: 'Theo', phone: '+12025550193' } };
walk.starts_at = new Date(Date.now() + 86_400_000).toISOString();
walk.ends_at = new Date(Date.now() + 90_000_000).toISOString();
const tomorrow = await as(agencyOwner).assignBooking(walk);
const [ownCard] = (await as(agencySitter).threads.list({ client_id: tomorrow.client_id })).threads;
assert.deepEqual([ownCard.id, ownCard.active_window], [tomorrow.thread_id, null]);
const tooEarly = explainInOrganization('send_to_thread', 'sitter', { assigned: true, once_assigned: true });
const checked = await as(agencySitter).checkPermission({ action: 'send_to_thread', thread_id: tomorrow.thread_id });
assert.deepEqual([checked.allowed, checked.rule], [tooEarly.allowed, tooEarly.rule]);
const outside = as(agencySitter).threads.send({ thread_id: tomorrow.thread_id, content: 'Hello' });
const shut = await refused(outside, tooEarly.code, 403);
const { window_id, ...opens } = tomorrow.window;
assert.ok(window_id);
assert.deepEqual(shut.problem.next_window, opens);

// The numbers of organisations, for operators.
const organization_id = setup.agency;
const phone = '+12025550111';
const number = await operator.numbers.add({ organization_id, phone, class: 'pool' });
assert.equal(number.phone, '[phone …0111]');
const twice = await refused(operator.numbers.add({ organization_id, phone, class: 'pool' }), 'number_in_use', 409);
assert.equal(twice.reasons[0].code, 'number_in_use');
const pool = await operator.numbers.list({ organization_id, class: 'pool', limit: 100 });
assert.ok(pool.numbers.some((one) => one.number_id === number.number_id));
const released = await operator.numbers.release({ organization_id, number_id: number.number_id });
assert.deepEqual([released.status, released.moved_threads], ['released', 0]);
await refused(as(attendee).numbers.list({ organization_id }), 'permission_denied', 403);

// Webhooks, for operators.
const hook = await operator.webhooks.create({ url: 'https://push.example/rolecall', types: ['message.created'] });
assert.match(hook.secret, /^whsec_/);
const paused = await operator.webhooks.update(hook.webhook.id, { is_enabled: false });
assert.deepEqual([paused.webhook.is_enabled, paused.webhook.types], [false, ['message.created']]);
await refused(operator.webhooks.test(hook.webhook.id), 'invalid_input', 400);
await operator.webhooks.update(hook.webhook.id, { is_enabled: true });
const { delivery_id } = await operator.webhooks.test(hook.webhook.id);
const waiting = await operator.webhooks.deliveries(hook.webhook.id, { state: 'pending', limit: 10 });
assert.deepEqual(waiting.deliveries.map((one) => [one.id, one.type]), [[delivery_id, 'webhook.test']]);
assert.notEqual((await operator.webhooks.rotate(hook.webhook.id)).secret, hook.secret);
assert.equal((await operator.webhooks.redeliver(hook.webhook.id)).redelivered, 0);
assert.ok((await operator.webhooks.list()).webhooks.some((one) => one.id === hook.webhook.id));
await refused(as(attendee).webhooks.list(), 'permission_denied', 403);
assert.equal((await operator.webhooks.remove(hook.webhook.id)).webhook_id, hook.webhook.id);

// A client is erased by the operator alone.
await refused(as(attendee).eraseClient({ organization_id, client_id: organization_id }), 'permission_denied', 403);
await refused(operator.eraseClient({ organization_id, client_id: organization_id }), 'not_found', 404);
const erased = await operator.eraseClient({ organization_id, client_id: tomorrow.client_id });
assert.equal(erased.client_id, tomorrow.client_id);
assert.equal((await as(agencyOwner).threads.messages(tomorrow.thread_id)).thread.client.display_name, null);

// Operators and owners.
await refused(as(attendee).resetBroadcastQuotas(), 'permission_denied', 403);
const night = await as(setup.operator).resetBroadcastQuotas();
assert.match(night.period, /^\d{4}-\d\d-\d\d$/);
assert.equal(night.more, false);
assert.equal(typeof night.deleted.rate_buckets, 'number');
await refused(as(attendee).sendAlerts(), 'permission_denied', 403);
assert.equal((await as(setup.operator).sendAlerts()).delivery, 'off');
await refused(as(attendee).deliverTexts(), 'permission_denied', 403);
assert.equal((await as(setup.operator).deliverTexts()).delivery, 'off');
await refused(as(attendee).metrics(), 'permission_denied', 403);
assert.match(await as(setup.operator).metrics(), /^rolecall_requests_total\{function="send-dm",code="ok"\} \d+$/m);
await refused(as(attendee).diagnostics(), 'permission_denied', 403);
const figures = await as(setup.owner).diagnostics();
assert.equal(typeof figures.messages.show, 'number');
assert.equal(figures.reports.pending, 0);
assert.equal((await as(attendee).health()).status, 'ok');
await refused(as({ token: 'nonsense' }).sendDm(message), 'unauthenticated', 401);

// The account goes last: nobody acts by its token any more, and the other side reads on.
assert.equal((await as(attendee).deleteAccount()).account, true);
const gone = await refused(as(attendee).unread(), 'permission_denied', 403);
assert.equal(gone.problem.reasons[0].code, 'account_deleted');
const { conversation } = await as(mvp).messages(sent.conversation_id);
assert.deepEqual(conversation.with, { id: attendee.id, display_name: null, role: null });

console.log('every flow went as it should');
