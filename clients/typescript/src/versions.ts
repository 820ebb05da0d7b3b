// The choice between Rolecall (V2) and what an app had before (V1), while a feature is rolled out in stages.

import { RolecallError } from './errors.js';

/** The two ways in which an app does the same thing. */
export interface Versions<V2, V1> {
  /** By Rolecall. */
  readonly v2: () => Promise<V2>;
  /** By the app's own code, as before Rolecall. */
  readonly v1: () => V1 | Promise<V1>;
}

/** A feature that was switched on for a caller may be switched off within seconds; so long an answer is believed. */
export const FLAGS_MAX_AGE_MS = 15_000;

/** Remembers for a while which features are switched on for one caller. */
export class FlagMemory {
  readonly #read: () => Promise<ReadonlySet<string>>;
  readonly #now: () => number;
  #enabled: { readonly names: ReadonlySet<string>; readonly readAt: number } | undefined;
  #reading: Promise<ReadonlySet<string>> | undefined;

  constructor(read: () => Promise<ReadonlySet<string>>, now: () => number = Date.now) {
    this.#read = read;
    this.#now = now;
  }

  /** Whether a flag includes the caller. Callers that ask at once share one request. */
  async has(flag: string): Promise<boolean> {
    if (this.#enabled && this.#now() - this.#enabled.readAt < FLAGS_MAX_AGE_MS) {
      return this.#enabled.names.has(flag);
    }
    const readAt = this.#now();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    const names = await this.#reading;
    this.#enabled = { names, readAt };
    return names.has(flag);
  }

  /** Reads again before the next answer. */
  forget(): void {
    this.#enabled = undefined;
  }
}

/** Whether an error says that the feature is not switched on for the caller, so that nothing was done. */
export function isSwitchedOff(error: unknown): boolean {
  return error instanceof RolecallError && error.code === 'feature_disabled';
}
