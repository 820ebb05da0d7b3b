// Tells what a ledger says in its order, one thing after the other, and asks what it asks.

import { RolecallError } from '../errors.js';
import { delayAfter, wait, type RetryOptions } from '../retry.js';
import { signal, type Signal } from './emitter.js';
import { Ledger, type ChangesAnswer, type Incoming, type MessagesAnswer, type Question, type Step, type Told } from './ledger.js';
import type { Position } from './wire.js';

/** What a pump needs. */
export interface PumpHost {
  readonly signal: AbortSignal;
  readonly retry: Required<RetryOptions>;
  /** Asks the server; whoever is one too many waits. */
  ask(conversation_id: string, question: Question): Promise<Answer>;
  tell(conversation_id: string, told: Told): Promise<void>;
  /** The position has moved, and everything up to it was told. */
  moved(conversation_id: string, position: Position): void;
  /** The conversation is not the caller's any more. */
  gone(conversation_id: string): void;
}

export type Answer = { readonly messages: MessagesAnswer } | { readonly changes: ChangesAnswer };

/** Beyond so many that are still to be told, an event is only noted, and asked for later. */
const MAX_TO_TELL = 500;

/** One conversation on its way to whoever listens. */
export class Pump {
  readonly #id: string;
  readonly #host: PumpHost;
  readonly #ledger: Ledger;
  #toTell: Told[] = [];
  #question: Question | undefined;
  #isRunning = false;
  #isStopped = false;
  #idle: Signal = signal();

  constructor(id: string, host: PumpHost, known: Position) {
    this.#id = id;
    this.#host = host;
    this.#ledger = new Ledger(known);
    this.#idle.resolve();
  }

  get position(): Position {
    return this.#ledger.position;
  }

  /** Kept when everything that is known of was told. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  event(event: Incoming): void {
    this.#take(this.#toTell.length < MAX_TO_TELL ? this.#ledger.event(event) : this.#ledger.goesTo({ seq: event.seq, revision: event.revision ?? 0 }));
  }

  goesTo(position: Position): void {
    this.#take(this.#ledger.goesTo(position));
  }

  caughtUp(from: Position, messages: MessagesAnswer, changes: ChangesAnswer | undefined): void {
    this.#take(this.#ledger.caughtUp(from, messages, changes));
  }

  /** Tells nothing more. */
  stop(): void {
    this.#isStopped = true;
  }

  #take({ told, question }: Step): void {
    this.#toTell.push(...told);
    this.#question = question;
    if (this.#isRunning) {
      return;
    }
    if (this.#toTell.length === 0 && question === undefined) {
      this.#host.moved(this.#id, this.#ledger.position);
    } else {
      this.#isRunning = true;
      this.#idle = signal();
      void this.#run();
    }
  }

  #isOver(): boolean {
    return this.#isStopped || this.#host.signal.aborted;
  }

  async #run(): Promise<void> {
    let attempt = 0;
    while (!this.#isOver()) {
      const told = this.#toTell.shift();
      if (told !== undefined) {
        await this.#host.tell(this.#id, told);
        continue;
      }
      if (!this.#isOver()) {
        this.#host.moved(this.#id, this.#ledger.position);
      }
      const question = this.#question;
      if (question === undefined) {
        break;
      }
      try {
        const answer = await this.#host.ask(this.#id, question);
        attempt = 0;
        this.#take('messages' in answer ? this.#ledger.messages(answer.messages) : this.#ledger.changes(answer.changes));
      } catch (error) {
        if (this.#isOver()) {
          break;
        }
        if (isFinal(error)) {
          this.#isStopped = true;
          this.#host.gone(this.#id);
          break;
        }
        attempt += 1;
        const retryAfter = error instanceof RolecallError ? error.retryAfter : undefined;
        await wait(delayAfter(attempt, retryAfter, this.#host.retry) ?? this.#host.retry.maxDelayMs, this.#host.signal).catch(() => undefined);
      }
    }
    this.#isRunning = false;
    this.#idle.resolve();
  }
}

/** Whether asking again is in vain. */
function isFinal(error: unknown): boolean {
  const status = error instanceof RolecallError ? (error.status ?? 0) : 0;
  return status === 403 || status === 404 || status === 400 || status === 410;
}
