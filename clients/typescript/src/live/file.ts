// A storage in a file, for programs on Node, Bun and Deno.

import { open, readFile, rename, unlink } from 'node:fs/promises';
import { kill, pid } from 'node:process';
import type { Kept, Storage } from './storage.js';

/** So many lines are written before the file is written anew. */
const MAX_LINES = 1_000;

type Line = readonly (readonly [key: string, value?: Kept])[];

/**
 * Keeps it in a file, which one process at a time may have open. A line is a write; one that is cut off by a crash is none. The
 * file holds what users wrote: only its owner may read it.
 */
export class FileStorage implements Storage {
  readonly #path: string;
  readonly #values: Map<string, Kept>;
  #lines = 0;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(path: string, values: Map<string, Kept>) {
    this.#path = path;
    this.#values = values;
  }

  /** Opens a file, or makes it. Throws if another process has it open. */
  static async open(path: string): Promise<FileStorage> {
    await lock(`${path}.lock`);
    const storage = new FileStorage(path, await load(path));
    await storage.#compact();
    return storage;
  }

  async read(prefix: string): Promise<readonly (readonly [string, Kept])[]> {
    const found = [...this.#values].filter(([key]) => key.startsWith(prefix));
    return found.sort(([one], [other]) => (one < other ? -1 : 1));
  }

  write(changes: ReadonlyMap<string, Kept | undefined>): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#lines >= MAX_LINES) {
        await this.#compact();
      }
      const line: Line = [...changes].map(([key, value]) => (value === undefined ? [key] : [key, value]));
      const file = await open(this.#path, 'a', 0o600);
      try {
        await file.appendFile(`${JSON.stringify(line)}\n`);
        await file.datasync();
      } finally {
        await file.close();
      }
      this.#lines += 1;
      apply(this.#values, line);
    });
  }

  /** Ends it, so that another process may open it. */
  close(): Promise<void> {
    return this.#inTurn(() => unlink(`${this.#path}.lock`));
  }

  async #compact(): Promise<void> {
    const line: Line = [...this.#values];
    const file = await open(`${this.#path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(line)}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(`${this.#path}.new`, this.#path);
    this.#lines = 1;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(task);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

async function load(path: string): Promise<Map<string, Kept>> {
  const values = new Map<string, Kept>();
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') {
      return '';
    }
    throw error;
  });
  const lines = text.split('\n');
  // Behind the last end of a line there is nothing, or what a crash cut off.
  for (const line of lines.slice(0, -1)) {
    apply(values, JSON.parse(line) as Line);
  }
  return values;
}

function apply(values: Map<string, Kept>, line: Line): void {
  for (const [key, value] of line) {
    value === undefined ? values.delete(key) : values.set(key, value);
  }
}

/** Takes a lock that ends with this process, also if the process that had it before was killed. */
async function lock(path: string): Promise<void> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(String(pid));
      await file.close();
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') {
        throw error;
      }
    }
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    if (owner === pid || lives(owner)) {
      throw new Error(`${path}: process ${owner} has it open`);
    }
    await unlink(path).catch(() => undefined);
  }
  throw new Error(`${path} cannot be taken`);
}

function lives(owner: number): boolean {
  try {
    return owner > 0 && kill(owner, 0);
  } catch (error) {
    // It lives, and belongs to somebody else.
    return codeOf(error) === 'EPERM';
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
