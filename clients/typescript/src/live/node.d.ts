// The part of Node's modules that is used here: what is published needs no types of Node.

declare module 'node:fs/promises' {
  interface FileHandle {
    appendFile(text: string): Promise<void>;
    writeFile(text: string): Promise<void>;
    datasync(): Promise<void>;
    close(): Promise<void>;
  }
  export function open(path: string, flags: string, mode?: number): Promise<FileHandle>;
  export function readFile(path: string, encoding: 'utf8'): Promise<string>;
  export function rename(from: string, to: string): Promise<void>;
  export function unlink(path: string): Promise<void>;
}

declare module 'node:process' {
  export const pid: number;
  export function kill(pid: number, signal: 0): true;
}
