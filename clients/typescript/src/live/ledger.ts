// What to do about an event, a card or a page of one conversation. Pure: whoever holds a ledger does what it says.
//
// Two numbers are all that is known: every message up to `seq`, every change up to `revision`. An event that is the next
// one is applied, an older one is dropped, and behind a gap the server is asked. While it is asked, events are held; what
// does not fit is noted as wanted, and asked for again.

import type { Message } from '../types.generated.js';
import type { EventMessage, Position } from './wire.js';

/** What somebody is to be told, in this order. */
export type Told =
  | { readonly type: 'message'; readonly seq: number; readonly message: Message }
  | { readonly type: 'changed'; readonly seq: number; readonly message: Message };

/** What the server is to be asked. */
export type Question = { readonly ask: 'messages'; readonly since_seq: number } | { readonly ask: 'changes'; readonly since_revision: number };

/** What follows from an input. */
export interface Step {
  readonly told: readonly Told[];
  /** What is open: its answer comes back as `messages` or `changes`. */
  readonly question: Question | undefined;
}

/** An event about a message. */
export interface Incoming {
  readonly type: 'message.created' | 'message.changed';
  readonly seq: number;
  /** The message's own: that of its latest change as it is shown; null if it has never changed. */
  readonly revision: number | null;
  readonly message: EventMessage;
}

/** A page of new messages: all there are behind `since_seq`, or the first of them. */
export interface MessagesAnswer {
  readonly messages: readonly Message[];
  readonly complete: boolean;
  /** The conversation's newest message, and its revision, as of this page. */
  readonly last_seq: number;
  readonly revision: number;
}

/** A page of changed messages in their order; all changes up to `revision` are in it or before it. */
export interface ChangesAnswer {
  readonly messages: readonly Message[];
  readonly revision: number;
  /** Whether there are no more. */
  readonly complete: boolean;
}

/** More events than this are not held while the server is asked. */
export const MAX_HELD = 100;

/** One conversation's ledger. */
export class Ledger {
  #seq: number;
  #revision: number;
  #wantedSeq: number;
  #wantedRevision: number;
  /** Messages up to here that are not known yet have changed in ways that were passed: an event may show them as before. */
  #staleThrough = 0;
  #open: Question | undefined;
  /** What was wanted when the open question was asked: its answer has that, or nobody has. */
  #asked: Position = { seq: 0, revision: 0 };
  #held: Incoming[] = [];
  #told: Told[] = [];

  /** `wanted`: how far the conversation is known to go. */
  constructor(known: Position, wanted: Position = known) {
    this.#seq = known.seq;
    this.#revision = known.revision;
    this.#wantedSeq = Math.max(known.seq, wanted.seq);
    this.#wantedRevision = Math.max(known.revision, wanted.revision);
  }

  /** What is known. */
  get position(): Position {
    return { seq: this.#seq, revision: this.#revision };
  }

  /** Whether nothing is missing, as far as is known. */
  get isWhole(): boolean {
    return this.#open === undefined && this.#held.length === 0 && !this.#isBehind();
  }

  /** An event came. */
  event(event: Incoming): Step {
    if (this.#open === undefined) {
      this.#take(event);
    } else if (this.#held.length < MAX_HELD) {
      this.#held.push(event);
    } else {
      this.#want(event.seq, event.revision ?? 0);
    }
    return this.#step();
  }

  /** The server says how far the conversation goes. */
  goesTo({ seq, revision }: Position): Step {
    this.#want(seq, revision);
    return this.#step();
  }

  /** Messages that follow on what was known when they were asked for. */
  messages(answer: MessagesAnswer): Step {
    this.#open = undefined;
    const before = this.#seq;
    this.#messages(answer);
    // A page that leads nowhere is the last, too.
    if ((answer.complete || this.#seq === before) && this.#wantedSeq <= this.#asked.seq) {
      this.#wantedSeq = this.#seq;
    }
    return this.#go();
  }

  /** Changes that follow on what was known when they were asked for. */
  changes(answer: ChangesAnswer): Step {
    this.#open = undefined;
    const before = this.#revision;
    this.#changes(answer);
    if ((answer.complete || this.#revision === before) && this.#wantedRevision <= this.#asked.revision) {
      this.#wantedRevision = this.#revision;
    }
    return this.#go();
  }

  /** Messages and changes at once, which nobody asked for; they follow on a position that the server was told. */
  caughtUp(from: Position, messages: MessagesAnswer, changes: ChangesAnswer | undefined): Step {
    // Behind a position that is further than ours there may be a gap.
    if (this.#open === undefined && from.seq <= this.#seq && from.revision <= this.#revision) {
      this.#messages(messages);
      if (changes !== undefined) {
        this.#changes(changes);
      }
    }
    return this.#step();
  }

  #messages({ messages, complete, last_seq, revision }: MessagesAnswer): void {
    for (const message of messages) {
      if (message.seq > this.#seq) {
        this.#tell('message', message.seq, message);
        this.#seq = message.seq;
      }
    }
    if (complete) {
      // What is not in a complete answer is not for this reader, or gone.
      this.#seq = Math.max(this.#seq, last_seq);
    }
    // They are shown as of this revision: a change that is told before it would set one of them back.
    this.#want(complete ? 0 : last_seq, revision);
  }

  #changes({ messages, revision }: ChangesAnswer): void {
    for (const message of messages) {
      if (message.seq <= this.#seq) {
        this.#tell('changed', message.seq, message);
      } else {
        // It comes as a new message that is asked for, which shows it as it is then.
        this.#staleThrough = Math.max(this.#staleThrough, message.seq);
        this.#want(message.seq, 0);
      }
    }
    this.#revision = Math.max(this.#revision, revision);
  }

  #take(event: Incoming): void {
    const { type, seq, message } = event;
    const revision = event.revision ?? 0;
    if (type === 'message.created') {
      if (seq === this.#seq + 1 && seq > this.#staleThrough && isWhole(message)) {
        this.#tell('message', seq, message);
        this.#seq = seq;
      }
      this.#want(seq, revision);
    } else if (seq <= this.#seq && revision === this.#revision + 1 && isWhole(message)) {
      this.#tell('changed', seq, message);
      this.#revision = revision;
    } else if (revision > this.#revision) {
      this.#want(seq, revision);
    }
  }

  #want(seq: number, revision: number): void {
    this.#wantedSeq = Math.max(this.#wantedSeq, seq);
    this.#wantedRevision = Math.max(this.#wantedRevision, revision);
  }

  #tell(type: Told['type'], seq: number, message: Message): void {
    this.#told.push({ type, seq, message });
  }

  #isBehind(): boolean {
    return this.#wantedSeq > this.#seq || this.#wantedRevision > this.#revision;
  }

  /** Takes what was held, as far as nothing is missing before it. */
  #go(): Step {
    const held = this.#held;
    this.#held = [];
    held.forEach((event) => this.#take(event));
    return this.#step();
  }

  #step(): Step {
    const told = this.#told;
    this.#told = [];
    if (this.#open !== undefined || !this.#isBehind()) {
      return { told, question: this.#open };
    }
    this.#asked = { seq: this.#wantedSeq, revision: this.#wantedRevision };
    // Messages first: what is changed is known by then.
    this.#open =
      this.#wantedSeq > this.#seq
        ? { ask: 'messages', since_seq: this.#seq }
        : { ask: 'changes', since_revision: this.#revision };
    return { told, question: this.#open };
  }
}

function isWhole(message: EventMessage): message is Message {
  return message.truncated !== true;
}
