// Typed calls of every endpoint over `fetch`, repeated where that may help.

import { ExportBrokenOffError, RolecallError, type CallDetails } from './errors.js';
import { limitsOf, retryAfterOf } from './limits.js';
import { delayAfter, mayPass, settled, wait, type RetryOptions } from './retry.js';
import { FlagMemory, isSwitchedOff, type Versions } from './versions.js';
import type {
  AlertsSent,
  AssignBooking,
  AssignedBooking,
  AuditPage,
  Block,
  BlockPage,
  Broadcast,
  ChangePage,
  Check,
  CheckResult,
  ConversationKind,
  ConversationSettings,
  ConversationSettingsNow,
  DataDeletion,
  DeletedMessage,
  DeliveryList,
  DeliveryState,
  Diagnostics,
  DirectMessage,
  DirectMessageItem,
  DirectMessageResult,
  EditedMessage,
  EndedHelpConversation,
  ErasedClient,
  ExportBrokenOff,
  ExportEnd,
  ExportLine,
  FiledReport,
  Flags,
  ForcedMessage,
  Health,
  HelpConversationPage,
  HelpConversationStatus,
  HelpConversations,
  Inbox,
  LiftSuspension,
  LiftedSuspension,
  MessageAct,
  MessageHistory,
  MessagePage,
  NewContent,
  NewNumber,
  NewReport,
  NewWebhook,
  NumberAnswer,
  NumberClass,
  NumberList,
  NumberReleased,
  Offer,
  OwnClient,
  OwnNumber,
  Presence,
  QuotaReset,
  ReadHelpConversation,
  Reacted,
  ReactionPage,
  ReadUpTo,
  RealtimeToken,
  Redelivered,
  Redelivery,
  RehearsedBroadcast,
  ReportQueue,
  ReportStatus,
  RequestId,
  RestoredMessage,
  Review,
  ReviewedReport,
  RolloutAdvance,
  RolloutAdvanced,
  RolloutChange,
  RolloutGuarded,
  RolloutReason,
  RolloutSetting,
  RolloutSimulated,
  RolloutStatus,
  RolloutTrial,
  SentBroadcast,
  SentHelpMessage,
  SentMessage,
  SentThreadMessage,
  SettledText,
  StartedConversation,
  Succeeded,
  Suspend,
  Suspension,
  SyncAnswer,
  SyncRequest,
  TextOutcome,
  TextsDelivered,
  ThreadHistory,
  ThreadList,
  ThreadMessageToSend,
  ThreadRead,
  ThreadScope,
  ThreadStatus,
  Typing,
  Unblocked,
  Unread,
  WebhookAnswer,
  WebhookChange,
  WebhookList,
  WebhookRemoved,
  WebhookTested,
  WebhookWithSecret,
} from './types.generated.js';

/** How to reach Rolecall. */
export interface ClientOptions {
  /** Where it is served, such as `https://api.example.com`. */
  readonly baseUrl: string;
  /** The bearer token, or where to get the current one: it is asked for again before every request. */
  readonly token: string | (() => string | Promise<string>);
  /** Instead of the global `fetch`. */
  readonly fetch?: typeof fetch;
  /** How calls are repeated; `false`: not at all. */
  readonly retry?: RetryOptions | false;
  /** Milliseconds that one request may take to its whole answer: 35,000 if it is left out. */
  readonly timeoutMs?: number;
}

/** What a single call may add. */
export interface CallOptions {
  /**
   * The `Idempotency-Key`. A call that writes makes one up; give your own to repeat a call after a crash and have it
   * answered, not repeated. With `null` none is sent, and a call that writes is not repeated.
   */
  readonly idempotencyKey?: string | null;
  /** An abort ends the call at once, also while it waits to be repeated, and throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** How this call is repeated; `false`: not at all. */
  readonly retry?: RetryOptions | false;
  /** Milliseconds that one request may take. */
  readonly timeoutMs?: number;
}

/** Beyond this the server has answered a 504 of its own. */
const TIMEOUT_MS = 35_000;

/** An answer, and how the call went. */
export type Answered<T> = T & {
  readonly call: CallDetails;
};

interface Answer {
  readonly success: Succeeded;
  readonly request_id: RequestId;
}

/** A request before it has a token. */
interface Outgoing {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly key?: string;
  /** Whether sending it twice does no more than sending it once. */
  readonly repeatable: boolean;
  /** Without a token. */
  readonly anonymous?: boolean;
  readonly options: CallOptions;
}

/** An answer's head, and its whole text unless it is streamed. */
interface Received {
  readonly response: Response;
  readonly text: string | undefined;
  readonly attempts: number;
  /** Lets go of the caller's signal, for who reads a stream to its end. */
  readonly release: () => void;
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

/**
 * Which messages of a help conversation: the newest, those `before` one, or those `since` one, each named by its id or its
 * `created_at`.
 */
export interface HelpMessagesOptions extends CallOptions {
  /** 1 to 200; 50 if it is left out. */
  readonly limit?: number;
  readonly before?: string;
  readonly since?: string;
}

/** Which messages of a thread: the newest, those just before `before_seq`, or those just after `since_seq`. */
export interface ThreadMessagesOptions extends CallOptions {
  /** 1 to 200; 50 if it is left out. */
  readonly limit?: number;
  readonly before_seq?: number;
  readonly since_seq?: number;
}

/** Which threads. */
export interface ThreadsOptions extends PageOptions {
  readonly scope?: ThreadScope;
  readonly status?: ThreadStatus;
  /** Threads in which this sitter has a window that is open or to come. */
  readonly sitter_id?: string;
  readonly client_id?: string;
  /** Only threads with messages that are new to the caller. */
  readonly unread?: boolean;
}

/** A line of an export before its end. */
export type ExportedLine = Exclude<ExportLine, ExportEnd | ExportBrokenOff>;

/** A caller of Rolecall's functions. What is refused or fails is thrown as a {@link RolecallError}. */
export class RolecallClient {
  readonly #options: ClientOptions;
  readonly #fetch: typeof fetch;
  readonly #flags: FlagMemory;

  constructor(options: ClientOptions) {
    this.#options = { ...options, baseUrl: options.baseUrl.replace(/\/+$/, '') };
    this.#fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    this.#flags = new FlagMemory(async () => {
      // The caller waits, and has another way.
      const { flags } = await this.flags({ retry: false, timeoutMs: 5_000 });
      return new Set(Object.keys(flags).filter((name) => flags[name]?.enabled));
    });
  }

  /**
   * Starts or continues the direct conversation with somebody, or replies in a conversation. With a `message_id` of one's
   * own it is sent once, however late it is repeated.
   */
  sendDm(message: DirectMessage, options?: CallOptions): Promise<Answered<SentMessage>> {
    return this.#post('/functions/v1/send-dm', message, options);
  }

  /**
   * Sends up to 100 direct messages in their order, each with a result of its own, which is not thrown: `status` is 201, or
   * that of a problem. A message without an `idempotency_key` gets one, unless it has a `message_id`, so that the call can
   * be repeated. What has 429, 503 or 504 may be sent again, with its key or id.
   */
  async sendDms(
    messages: readonly DirectMessageItem[],
    options: Omit<CallOptions, 'idempotencyKey'> = {},
  ): Promise<Answered<readonly DirectMessageResult[]>> {
    const keyed = messages.map((message) =>
      message.idempotency_key || message.message_id ? message : { ...message, idempotency_key: freshKey() },
    );
    const path = '/functions/v1/send-dm';
    const answer = await this.#ask<Answer & { readonly results: readonly DirectMessageResult[] }>(path, keyed, options);
    return Object.assign([...answer.results], { call: answer.call });
  }

  /** Sends one message to everybody of some roles at a show. */
  sendBroadcast(broadcast: Broadcast, options?: CallOptions): Promise<Answered<SentBroadcast | RehearsedBroadcast>> {
    return this.#post('/functions/v1/send-broadcast', broadcast, options);
  }

  /** Offers help on a help request. */
  startConversation(offer: Offer, options?: CallOptions): Promise<Answered<StartedConversation>> {
    return this.#post('/functions/v1/start-conversation', offer, options);
  }

  /** Help conversations: reading, answering and ending them. */
  readonly helpConversations = {
    /** The caller's help conversations, newest first; those of the app's own tables (V1) have a badge. */
    list: (
      options: PageOptions & { readonly status?: HelpConversationStatus } = {},
    ): Promise<Answered<HelpConversations>> => {
      const { status, limit, cursor } = options;
      return this.#get('/functions/v1/help-conversations', { status, limit, cursor }, options);
    },

    /** A help conversation with a page of its messages, oldest first. */
    get: (conversation_id: string, options: HelpMessagesOptions = {}): Promise<Answered<HelpConversationPage>> => {
      const { before, since, limit } = options;
      return this.#get(helpConversation(conversation_id), { before, since, limit }, options);
    },

    /** Writes into a help conversation. */
    send: (conversation_id: string, content: string, options?: CallOptions): Promise<Answered<SentHelpMessage>> =>
      this.#post(`${helpConversation(conversation_id)}/messages`, { content }, options),

    /** Marks everything in a help conversation as read. */
    markRead: (conversation_id: string, options?: CallOptions): Promise<Answered<ReadHelpConversation>> =>
      this.#post(`${helpConversation(conversation_id)}/read`, {}, options),

    /** Ends a help conversation: the help was given. */
    complete: (conversation_id: string, options?: CallOptions): Promise<Answered<EndedHelpConversation>> =>
      this.#post(`${helpConversation(conversation_id)}/complete`, {}, options),

    /** Ends a help conversation: nothing came of it. */
    cancel: (conversation_id: string, options?: CallOptions): Promise<Answered<EndedHelpConversation>> =>
      this.#post(`${helpConversation(conversation_id)}/cancel`, {}, options),
  };

  /** The threads of an organisation with its clients. */
  readonly threads = {
    /** The threads that the caller reads, newest message first. */
    list: (options: ThreadsOptions = {}): Promise<Answered<ThreadList>> => {
      const { scope, status, sitter_id, client_id, unread, limit, cursor } = options;
      const query = { scope, status, sitter_id, client_id, unread: unread ? 'true' : undefined, limit, cursor };
      return this.#get('/functions/v1/threads', query, options);
    },

    /** A page of a thread, oldest first. */
    messages: (thread_id: string, options: ThreadMessagesOptions = {}): Promise<Answered<ThreadHistory>> => {
      const { before_seq, since_seq, limit } = options;
      const path = `/functions/v1/threads/${encodeURIComponent(thread_id)}/messages`;
      return this.#get(path, { before_seq, since_seq, limit }, options);
    },

    /** Writes into a thread: to the client's phone, or as the client. */
    send: (message: ThreadMessageToSend, options?: CallOptions): Promise<Answered<SentThreadMessage>> =>
      this.#post('/functions/v1/send-thread-message', message, options),

    /** Marks a thread as read up to a message, or to its newest. */
    markRead: (thread_id: string, up_to_seq?: number, options?: CallOptions): Promise<Answered<ThreadRead>> =>
      this.#post(`/functions/v1/threads/${encodeURIComponent(thread_id)}/read`, { up_to_seq }, options),

    /** Delivers a message that the filter held back. */
    forceSend: (message_id: string, reason: string, options?: CallOptions): Promise<Answered<ForcedMessage>> =>
      this.#post('/functions/v1/force-send', { message_id, reason }, options),

    /** Says whether the carrier had a text that is `uncertain`; `not_sent` puts it on its way again. */
    settle: (message_id: string, outcome: TextOutcome, options?: CallOptions): Promise<Answered<SettledText>> =>
      this.#post('/functions/v1/deliver-sms/settle', { message_id, outcome }, options),
  };

  /** Whether the caller may do something, by which rule, and what would make it allowed. It changes nothing. */
  checkPermission(check: Check, options?: CallOptions): Promise<Answered<CheckResult & Answer>> {
    return this.#ask('/functions/v1/check-permission', check, options);
  }

  /** Up to 200 checks at once, answered in their order. */
  async checkPermissions(checks: readonly Check[], options?: CallOptions): Promise<Answered<readonly CheckResult[]>> {
    const path = '/functions/v1/check-permission';
    const answer = await this.#ask<Answer & { readonly results: readonly CheckResult[] }>(path, { checks }, options);
    return Object.assign([...answer.results], { call: answer.call });
  }

  /** The caller's conversations, newest first. */
  conversations(
    options: PageOptions & { readonly kind?: ConversationKind; readonly archived?: boolean } = {},
  ): Promise<Answered<Inbox>> {
    const { kind, archived, limit, cursor } = options;
    return this.#get('/functions/v1/conversations', { kind, archived, limit, cursor }, options);
  }

  /** How many messages the caller has not read. */
  unread(options?: CallOptions): Promise<Answered<Unread>> {
    return this.#get('/functions/v1/conversations/unread', {}, options);
  }

  /** The messages of a conversation. */
  messages(conversation_id: string, options: MessagesOptions = {}): Promise<Answered<MessagePage>> {
    const { before_seq, since_seq, changed_since, limit } = options;
    const path = `/functions/v1/conversations/${segment(conversation_id)}/messages`;
    return this.#get(path, { before_seq, since_seq, changed_since, limit }, options);
  }

  /** What has changed in a conversation since a revision that the caller knows. */
  changes(
    conversation_id: string,
    since_revision: number,
    options: CallOptions & { readonly limit?: number } = {},
  ): Promise<Answered<ChangePage>> {
    const path = `/functions/v1/conversations/${segment(conversation_id)}/changes`;
    return this.#get(path, { since_revision, limit: options.limit }, options);
  }

  /** Gives a message of the caller's new words. */
  editMessage(edit: NewContent, options?: CallOptions): Promise<Answered<EditedMessage>> {
    return this.#post('/functions/v1/messages/edit', edit, options);
  }

  /** Every version of a message, the first one first. */
  messageHistory(message_id: string, options?: CallOptions): Promise<Answered<MessageHistory>> {
    return this.#get(`/functions/v1/messages/${segment(message_id)}/history`, {}, options);
  }

  /** Everything that has changed for the caller since a cursor; without one, everything. While `more`, ask again. */
  sync(standing: SyncRequest = {}, options?: CallOptions): Promise<Answered<SyncAnswer>> {
    return this.#ask('/functions/v1/sync', standing, options);
  }

  /** Marks a conversation read up to a message; never backwards. */
  markRead(conversation_id: string, up_to_seq: number, options?: CallOptions): Promise<Answered<ReadUpTo>> {
    return this.#post(`/functions/v1/conversations/${segment(conversation_id)}/read`, { up_to_seq }, options);
  }

  /** The way to the socket on which the caller is told what happens; see `rolecall-client/live`. */
  realtimeToken(options?: CallOptions): Promise<Answered<RealtimeToken>> {
    return this.#ask('/functions/v1/realtime/token', {}, options);
  }

  /** Makes messages new again, from one of them on, or the newest of somebody else. */
  markUnread(conversation_id: string, from_seq?: number, options?: CallOptions): Promise<Answered<ReadUpTo>> {
    return this.#post(`/functions/v1/conversations/${segment(conversation_id)}/unread`, { from_seq }, options);
  }

  /** Mutes, archives or pins a conversation for the caller; what is left out stays. */
  setConversation(settings: ConversationSettings, options?: CallOptions): Promise<Answered<ConversationSettingsNow>> {
    return this.#post('/functions/v1/conversations/settings', settings, options);
  }

  /** Reports a message. */
  report(report: NewReport, options?: CallOptions): Promise<Answered<FiledReport>> {
    return this.#post('/functions/v1/moderation/report', report, options);
  }

  /** The reports, newest first; for organizers those of their own shows. */
  reports(
    options: PageOptions & { readonly status?: ReportStatus; readonly show_id?: string } = {},
  ): Promise<Answered<ReportQueue>> {
    const { status, show_id, limit, cursor } = options;
    return this.#get('/functions/v1/moderation/queue', { status, show_id, limit, cursor }, options);
  }

  /** Decides about a report. */
  review(review: Review, options?: CallOptions): Promise<Answered<ReviewedReport>> {
    return this.#post('/functions/v1/moderation/review', review, options);
  }

  /** Deletes a message. */
  deleteMessage(message: MessageAct, options?: CallOptions): Promise<Answered<DeletedMessage>> {
    return this.#post('/functions/v1/moderation/delete', message, options);
  }

  /** Restores a message that was deleted, though not by its author. */
  restoreMessage(message: MessageAct, options?: CallOptions): Promise<Answered<RestoredMessage>> {
    return this.#post('/functions/v1/moderation/restore', message, options);
  }

  /** Suspends somebody until a time (RFC 3339). */
  suspend(suspension: Suspend, options?: CallOptions): Promise<Answered<Suspension>> {
    return this.#post('/functions/v1/moderation/suspend', suspension, options);
  }

  /** Ends a suspension at once. */
  liftSuspension(suspension: LiftSuspension, options?: CallOptions): Promise<Answered<LiftedSuspension>> {
    return this.#post('/functions/v1/moderation/lift-suspension', suspension, options);
  }

  /** What moderators did, newest first; for moderators and admins. */
  audit(options: PageOptions & { readonly message_id?: string; readonly target_id?: string } = {}): Promise<Answered<AuditPage>> {
    const { message_id, target_id, limit, cursor } = options;
    return this.#get('/functions/v1/moderation/audit', { message_id, target_id, limit, cursor }, options);
  }

  /** Reacts to a message with an emoji. */
  react(message_id: string, emoji: string, options?: CallOptions): Promise<Answered<Reacted>> {
    return this.#post('/functions/v1/messages/react', { message_id, emoji }, options);
  }

  /** Takes a reaction back. */
  unreact(message_id: string, emoji: string, options?: CallOptions): Promise<Answered<Reacted>> {
    return this.#post('/functions/v1/messages/unreact', { message_id, emoji }, options);
  }

  /** Who has reacted to a message, newest first. */
  reactions(
    message_id: string,
    options: PageOptions & { readonly emoji?: string } = {},
  ): Promise<Answered<ReactionPage>> {
    const { emoji, limit, cursor } = options;
    const path = `/functions/v1/messages/${segment(message_id)}/reactions`;
    return this.#get(path, { emoji, limit, cursor }, options);
  }

  /** Whom the caller blocks, newest first. */
  blocks(options: PageOptions = {}): Promise<Answered<BlockPage>> {
    const { limit, cursor } = options;
    return this.#get('/functions/v1/blocks', { limit, cursor }, options);
  }

  /** Blocks somebody. */
  block(blocked_id: string, options?: CallOptions): Promise<Answered<Block>> {
    return this.#post('/functions/v1/blocks/block', { blocked_id }, options);
  }

  /** Tells the other person of a conversation that the caller is typing; call it as long as they do, at any rate. */
  typing(conversation_id: string, options?: CallOptions): Promise<Answered<Typing>> {
    return this.#post('/functions/v1/realtime/typing', { conversation_id }, options);
  }

  /** Which of up to 100 users are online, of those with whom the caller has a direct conversation. */
  presence(user_ids: readonly string[], options: CallOptions = {}): Promise<Answered<Presence>> {
    return this.#get('/functions/v1/realtime/presence', { user_ids: user_ids.join(',') }, options);
  }

  /** Unblocks somebody. */
  unblock(blocked_id: string, options?: CallOptions): Promise<Answered<Unblocked>> {
    return this.#post('/functions/v1/blocks/unblock', { blocked_id }, options);
  }

  /**
   * Everything the caller wrote or is addressed by, line by line as it arrives. It throws an
   * {@link ExportBrokenOffError} if it ends before its end.
   */
  async *exportOwnData(options: CallOptions = {}): AsyncGenerator<ExportedLine, void, undefined> {
    const path = '/functions/v1/own-data/export';
    const received = await this.#receive({ method: 'GET', path, repeatable: true, options }, true);
    const { response, attempts } = received;
    const call = detailsOf(response, undefined, attempts);
    try {
      if (received.text !== undefined || !response.body) {
        throw failureOf(received, undefined);
      }
      let count = 0;
      for await (const text of lines(response.body)) {
        const line = JSON.parse(text) as ExportLine;
        if (line.type === 'end') {
          if (line.lines !== count) {
            break;
          }
          return;
        }
        if (line.type === 'error') {
          throw new ExportBrokenOffError(line.code, { call });
        }
        count += 1;
        yield line;
      }
      throw new ExportBrokenOffError(undefined, { call });
    } catch (cause) {
      if (options.signal?.aborted) {
        throw options.signal.reason;
      }
      if (cause instanceof RolecallError) {
        throw cause;
      }
      // The connection, or a line that is none.
      throw new ExportBrokenOffError(undefined, { call, cause });
    } finally {
      received.release();
    }
  }

  /** Deletes the content of the caller's messages, up to 20,000 at a time: repeat it while it is `in_progress`. */
  deleteOwnData(options?: CallOptions): Promise<Answered<DataDeletion>> {
    return this.#post('/functions/v1/own-data/deletion', { confirm: true }, options);
  }

  /**
   * Deletes the caller's account: what they wrote, and the profile with their name. It cannot be undone. From the first call on
   * everything else is refused; repeat it while the status is `in_progress`, or leave the rest to the server's night.
   */
  deleteAccount(options?: CallOptions): Promise<Answered<DataDeletion>> {
    return this.#post('/functions/v1/own-data/deletion', { confirm: true, account: true }, options);
  }

  /** The nightly run, for operators: drops and deletes what is over. Call it again while it answers `more`. */
  resetBroadcastQuotas(options?: CallOptions): Promise<Answered<QuotaReset>> {
    return this.#post('/functions/v1/reset-broadcast-quotas', {}, options);
  }

  /** Sends the alerts that began and ended to whoever is on call, for operators. */
  sendAlerts(options?: CallOptions): Promise<Answered<AlertsSent>> {
    return this.#post('/functions/v1/alerts', {}, options);
  }

  /** Hands the texts that are due to the carrier, for operators. */
  deliverTexts(options?: CallOptions): Promise<Answered<TextsDelivered>> {
    return this.#post('/functions/v1/deliver-sms', {}, options);
  }

  /** The operator's figures in Prometheus' text format. */
  async metrics(options: CallOptions = {}): Promise<string> {
    const received = await this.#receive({ method: 'GET', path: '/functions/v1/metrics', repeatable: true, options }, false);
    if (!received.response.ok) {
      throw failureOf(received, undefined);
    }
    return received.text ?? '';
  }

  /** How a feature is rolled out, for operators: its stage, the figures beside the criteria, the last decisions. */
  rollout(flag?: string, options?: CallOptions): Promise<Answered<RolloutStatus>> {
    return this.#get('/functions/v1/rollout', { flag }, options);
  }

  /** Begins the next stage, for operators; refused with `rollout_criteria_unmet` where this one has not shown enough. */
  advanceRollout(advance: RolloutAdvance, options?: CallOptions): Promise<Answered<RolloutAdvanced>> {
    return this.#post('/functions/v1/rollout/advance', advance, options);
  }

  /** Sets a rollout, for operators. */
  setRollout(setting: RolloutSetting, options?: CallOptions): Promise<Answered<RolloutChange>> {
    return this.#post('/functions/v1/rollout/set', setting, options);
  }

  /** The way back, for operators: the feature is off for everybody. */
  rollbackRollout(why: RolloutReason, options?: CallOptions): Promise<Answered<RolloutChange>> {
    return this.#post('/functions/v1/rollout/rollback', why, options);
  }

  /** How many of these users, or of a sample, a rollout would include, for operators. Nothing is written. */
  simulateRollout(trial: RolloutTrial, options?: CallOptions): Promise<Answered<RolloutSimulated>> {
    return this.#post('/functions/v1/rollout/simulate', trial, options);
  }

  /** The masked numbers of organisations, for operators. No answer shows more than a number's last four digits. */
  readonly numbers = {
    /** An organisation's numbers by class and load. */
    list: (
      options: PageOptions & { readonly organization_id: string; readonly class?: NumberClass },
    ): Promise<Answered<NumberList>> =>
      this.#get(
        '/functions/v1/numbers',
        { organization_id: options.organization_id, class: options.class, limit: options.limit, cursor: options.cursor },
        options,
      ),

    /** Gives an organisation a number. */
    add: (number: NewNumber, options?: CallOptions): Promise<Answered<NumberAnswer>> =>
      this.#post('/functions/v1/numbers/add', number, options),

    /** Takes a number from an organisation; its open threads get another. */
    release: (number: OwnNumber, options?: CallOptions): Promise<Answered<NumberReleased>> =>
      this.#post('/functions/v1/numbers/release', number, options),
  };

  /** The addresses to which events are posted, for operators. */
  readonly webhooks = {
    /** The webhooks with their figures. */
    list: (options?: CallOptions): Promise<Answered<WebhookList>> => this.#get('/functions/v1/webhooks', {}, options),

    /** Makes one. The answer alone shows its secret. */
    create: (webhook: NewWebhook, options?: CallOptions): Promise<Answered<WebhookWithSecret>> =>
      this.#post('/functions/v1/webhooks', webhook, options),

    /** Changes one; what is not given stays. */
    update: (webhook_id: string, change: WebhookChange, options?: CallOptions): Promise<Answered<WebhookAnswer>> =>
      this.#post(`/functions/v1/webhooks/${encodeURIComponent(webhook_id)}/update`, change, options),

    /** Gives one a new secret; both sign for 24 hours. */
    rotate: (webhook_id: string, options?: CallOptions): Promise<Answered<WebhookWithSecret>> =>
      this.#post(`/functions/v1/webhooks/${encodeURIComponent(webhook_id)}/rotate`, {}, options),

    /** Removes one. */
    remove: (webhook_id: string, options?: CallOptions): Promise<Answered<WebhookRemoved>> =>
      this.#post(`/functions/v1/webhooks/${encodeURIComponent(webhook_id)}/remove`, {}, options),

    /** Sends one a `webhook.test`. */
    test: (webhook_id: string, options?: CallOptions): Promise<Answered<WebhookTested>> =>
      this.#post(`/functions/v1/webhooks/${encodeURIComponent(webhook_id)}/test`, {}, options),

    /** What waits for one, or was given up. */
    deliveries: (
      webhook_id: string,
      options?: PageOptions & { readonly state?: DeliveryState },
    ): Promise<Answered<DeliveryList>> =>
      this.#get(
        `/functions/v1/webhooks/${encodeURIComponent(webhook_id)}/deliveries`,
        { state: options?.state, limit: options?.limit, cursor: options?.cursor },
        options,
      ),

    /** Brings back what was given up, of what happened since a moment or all. */
    redeliver: (webhook_id: string, redelivery: Redelivery = {}, options?: CallOptions): Promise<Answered<Redelivered>> =>
      this.#post(`/functions/v1/webhooks/${encodeURIComponent(webhook_id)}/redeliver`, redelivery, options),
  };

  /** Erases a client of an organisation, for operators: number, name and contents. */
  eraseClient(client: OwnClient, options?: CallOptions): Promise<Answered<ErasedClient>> {
    return this.#post('/functions/v1/erase-client', client, options);
  }

  /** What the schedule calls, for operators: switches off what fails. */
  guardRollouts(options?: CallOptions): Promise<Answered<RolloutGuarded>> {
    return this.#post('/functions/v1/rollout/guard', {}, options);
  }

  /** Creates or changes a booking, for the owner and the admins of an organisation, and for operators. */
  assignBooking(booking: AssignBooking, options?: CallOptions): Promise<Answered<AssignedBooking>> {
    return this.#post('/functions/v1/assign-booking', booking, options);
  }

  /** Which features are switched on for the caller, and by what, and their role in their organisation. They are read even where all of them are off. */
  flags(options?: CallOptions): Promise<Answered<Flags>> {
    return this.#get('/functions/v1/flags', {}, options);
  }

  /**
   * Whether Rolecall (V2) does something for the caller, by the feature's flag; else the app's own code (V1) does. False
   * where Rolecall cannot be asked. The answer is remembered for 15 seconds, so use a client for one user alone.
   */
  async usesV2(flag = 'start-conversation'): Promise<boolean> {
    try {
      return await this.#flags.has(flag);
    } catch (error) {
      if (error instanceof RolecallError) {
        return false;
      }
      throw error;
    }
  }

  /**
   * Does something by V2 where that is switched on for the caller, and else by V1. V1 also takes over where V2 answers
   * `feature_disabled`: it was rolled back meanwhile, and did nothing. Any other error is thrown, since V2 may have done what
   * was asked, or the caller may not do it at all.
   *
   * ```ts
   * await rolecall.choose('start-conversation', {
   *   v2: () => rolecall.startConversation({ help_request_id, initial_message }),
   *   v1: () => startConversationInThreeSteps(help_request_id, initial_message),
   * });
   * ```
   */
  async choose<V2, V1>(flag: string, versions: Versions<V2, V1>): Promise<V2 | V1> {
    if (!(await this.usesV2(flag))) {
      return versions.v1();
    }
    try {
      return await versions.v2();
    } catch (error) {
      if (!isSwitchedOff(error)) {
        throw error;
      }
      this.#flags.forget();
      return versions.v1();
    }
  }

  /** The figures of the caller's organisation; for its owners and admins. */
  diagnostics(options?: CallOptions): Promise<Answered<Diagnostics>> {
    return this.#get('/functions/v1/diagnostics', {}, options);
  }

  /**
   * Whether the application and its database answer. What is not well is an answer here; only where nobody answers, or
   * somebody else, a {@link RolecallError} is thrown. It is not repeated unless `retry` says so.
   */
  async health(options: CallOptions = {}): Promise<Health> {
    const request = { method: 'GET', path: '/api/health', repeatable: true, anonymous: true } as const;
    const { response, text = '', attempts } = await this.#receive({ ...request, options: { retry: false, ...options } }, false, isHealth);
    const body = parsed(text);
    if (isHealth(body.value)) {
      return body.value;
    }
    throw unexpected(response, detailsOf(response, undefined, attempts), body.error);
  }

  #get<T extends Answer>(
    path: string,
    query: Readonly<Record<string, string | number | boolean | undefined>>,
    options: CallOptions = {},
  ): Promise<Answered<T>> {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) {
        parameters.set(name, String(value));
      }
    }
    const question = parameters.toString();
    return this.#call({ method: 'GET', path: question ? `${path}?${question}` : path, repeatable: true, options });
  }

  /** A POST that can be repeated without a key: it writes nothing, or nothing twice. */
  #ask<T extends Answer>(path: string, body: object, options: CallOptions = {}): Promise<Answered<T>> {
    return this.#call({ method: 'POST', path, body: JSON.stringify(body), repeatable: true, options });
  }

  /** A POST that writes: with a key, which makes it repeatable. */
  #post<T extends Answer>(path: string, body: object, options: CallOptions = {}): Promise<Answered<T>> {
    const key = options.idempotencyKey === undefined ? freshKey() : (options.idempotencyKey ?? undefined);
    const request = { method: 'POST', path, body: JSON.stringify(body), options } as const;
    return this.#call(key === undefined ? { ...request, repeatable: false } : { ...request, key, repeatable: true });
  }

  async #call<T extends Answer>(request: Outgoing): Promise<Answered<T>> {
    return this.#read<T>(await this.#receive(request, false), request.key);
  }

  /**
   * Sends a request, and again while that may help: the same bytes with the same key. Gives the first answer that is final;
   * with `stream` a success comes before its body is read.
   */
  async #receive(request: Outgoing, stream: boolean, isFinal?: (body: unknown) => boolean): Promise<Received> {
    const { options, key } = request;
    const retry = settled(this.#options.retry, options.retry);
    const maxAttempts = request.repeatable ? retry.maxAttempts : 1;
    const begun = Date.now();
    for (let attempt = 1; ; attempt++) {
      options.signal?.throwIfAborted();
      const left = retry.totalMs - (Date.now() - begun);
      const timeoutMs = Math.min(options.timeoutMs ?? this.#options.timeoutMs ?? TIMEOUT_MS, left);
      let error: RolecallError;
      try {
        const received = await this.#send(request, attempt, timeoutMs, stream);
        const failed = received.text === undefined || received.response.ok ? undefined : failureOf(received, key);
        if (failed === undefined || !mayPass(failed) || isFinal?.(parsed(received.text ?? '').value)) {
          return received;
        }
        error = failed;
      } catch (thrown) {
        if (!(thrown instanceof RolecallError)) {
          throw thrown;
        }
        error = thrown;
      }
      const delay = attempt < maxAttempts ? delayAfter(attempt, error.retryAfter, retry) : undefined;
      if (delay === undefined || Date.now() - begun + delay >= retry.totalMs) {
        throw error;
      }
      await wait(delay, options.signal);
    }
  }

  /** One request, and its whole answer within the time. */
  async #send(request: Outgoing, attempts: number, timeoutMs: number, stream: boolean): Promise<Received> {
    const { token } = this.#options;
    const { signal } = request.options;
    const headers: Record<string, string> = {};
    if (!request.anonymous) {
      headers['authorization'] = `Bearer ${typeof token === 'function' ? await token() : token}`;
    }
    if (request.key !== undefined) {
      headers['idempotency-key'] = request.key;
    }
    const init: RequestInit = { method: request.method, headers };
    if (request.body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = request.body;
    }
    signal?.throwIfAborted();
    const controller = new AbortController();
    init.signal = controller.signal;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      controller.abort();
    }, Math.min(timeoutMs, 2 ** 31 - 1));
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const release = () => signal?.removeEventListener('abort', abort);
    let streams = false;
    try {
      const response = await this.#fetch(`${this.#options.baseUrl}${request.path}`, init);
      streams = stream && response.ok && response.body !== null;
      const text = streams ? undefined : await response.text();
      return { response, text, attempts, release };
    } catch (cause) {
      if (signal?.aborted) {
        throw signal.reason;
      }
      const call = { idempotencyKey: request.key, replayed: false, attempts, limits: [] };
      throw isLate
        ? new RolecallError('timed_out', `no answer within ${timeoutMs} ms`, { call, cause })
        : new RolecallError('network_error', `no answer: ${messageOf(cause)}`, { call, cause });
    } finally {
      clearTimeout(timer);
      if (!streams) {
        release();
      }
    }
  }

  #read<T extends Answer>(received: Received, key: string | undefined): Answered<T> {
    const { response, text = '', attempts } = received;
    const { value } = parsed(text);
    if (response.ok && isObject(value) && value['success'] === true) {
      return { ...(value as unknown as T), call: detailsOf(response, key, attempts) };
    }
    throw failureOf(received, key);
  }
}

/** How a call went, by its answer. */
function detailsOf(response: Response, idempotencyKey: string | undefined, attempts: number): CallDetails {
  const replayed = response.headers.get('idempotency-replayed') === 'true';
  return { idempotencyKey, replayed, attempts, limits: limitsOf(response.headers) };
}

/** The error that an answer amounts to. */
function failureOf({ response, text = '', attempts }: Received, key: string | undefined): RolecallError {
  const call = detailsOf(response, key, attempts);
  const { value, error } = parsed(text);
  if (!response.ok && isObject(value) && typeof value['code'] === 'string' && typeof value['detail'] === 'string') {
    const problem = value as unknown as NonNullable<RolecallError['problem']>;
    const details = { call, status: response.status, problem, retryAfter: retryAfterOf(response.headers) };
    return new RolecallError(problem.code, problem.detail, details);
  }
  return unexpected(response, call, error);
}

/** The error for an answer that is neither Rolecall's success nor its problem document: something between answered. */
function unexpected(response: Response, call: CallDetails, cause: unknown): RolecallError {
  const details = { call, status: response.status, retryAfter: retryAfterOf(response.headers), cause };
  return new RolecallError('unexpected_answer', `unexpected answer with status ${response.status}`, details);
}

/** A text as JSON, or why it is none. */
function parsed(text: string): { readonly value?: unknown; readonly error?: unknown } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error };
  }
}

function isHealth(body: unknown): body is Health {
  return isObject(body) && typeof body['status'] === 'string' && 'database' in body;
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * A key that no other call has. `randomUUID` is missing on pages without TLS; a key needs to be different, not secret.
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

/** The path of a help conversation. */
function helpConversation(id: string): string {
  return `/functions/v1/help-conversations/${segment(id)}`;
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
