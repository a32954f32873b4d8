/** A machine whose files are synced, as a well-behaved client does it. */

import type { TestServer } from '../../support/server.ts';
import { base64, type Entry, type Headers, sha256, statusesOf, sync } from './open-dotsync.ts';

/** How a machine syncs. */
export interface How {
  /** Sends contents also where the server is known to have them. */
  readonly wasteful?: boolean;
  /** The machine dies before it has read the answer. */
  readonly lost?: boolean;
}

/** Files are lists of lines; a conflict is merged into all lines of both sides. */
export class Machine {
  /** Every line that was ever added here, by path. */
  readonly edits = new Map<string, string[]>();
  readonly #name: string;
  readonly #files = new Map<string, string>();
  /** The state file: the hash of each file after its last sync. */
  readonly #bases = new Map<string, string>();
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** Adds a line that nobody else has to a file; makes it if it is not there. */
  edit(path: string): void {
    const line = `${this.#name}.${this.#count++}`;
    this.edits.set(path, [...(this.edits.get(path) ?? []), line]);
    this.#files.set(path, merged(this.#files.get(path), line));
  }

  /** The files that are here, of those named. */
  contents(paths: readonly string[]): [string, string | undefined][] {
    return paths.map(path => [path, this.#files.get(path)]);
  }

  /** Syncs until no conflict is left; returns the statuses of the first attempt. */
  async sync(server: TestServer, headers: Headers, id?: string, { wasteful = false, lost = false }: How = {}) {
    let first: string[] | undefined;
    for (;;) {
      const files = [...this.#files.keys()].map(path => this.#entry(path, wasteful));
      const synced = await sync(server, headers, { ...(id !== undefined && { id }), files });
      const statuses = statusesOf(synced).filter(status => status !== 'refused');
      first ??= statuses;
      if (lost) return first;
      for (const line of synced.files) this.#take(line);
      if (!statuses.includes('conflict')) return first;
    }
  }

  #entry(path: string, wasteful: boolean): Entry {
    const content = this.#files.get(path) ?? '';
    const base = this.#bases.get(path) ?? null;
    return base === sha256(content) && !wasteful ? { path, base } : { path, base, content: base64(content) };
  }

  #take(line: { path: string; status: string; sha256: string; content?: string }): void {
    const { path, status, sha256: hash } = line;
    if (status === 'missing') this.#bases.delete(path); // so that the content is sent
    if (status === 'refused' || status === 'missing') return;
    this.#bases.set(path, hash);
    if (line.content === undefined) return;
    const received = Buffer.from(line.content, 'base64').toString();
    this.#files.set(path, status === 'conflict' ? merged(received, this.#files.get(path) ?? '') : received);
  }
}

/** The lines of both, each once. */
function merged(one: string | undefined, other: string): string {
  const lines = [...(one ?? '').split('\n'), ...other.split('\n')];
  return [...new Set(lines.filter(line => line !== ''))].join('\n');
}
