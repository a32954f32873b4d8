import { dirname } from 'node:path';
import type { Disk } from './disk.ts';
import { writeOver } from './write.ts';

/** A conflict that waits for somebody to resolve it. */
export interface Conflict {
  /** Of the server's content that lies beside the file. */
  readonly sha256: string;
  /** Where it lies, as tracked paths; more than one when somebody has changed the first. */
  readonly copies: readonly string[];
}

/** What a machine remembers of a file after its last sync. */
export interface Known {
  /** SHA-256 of the content then; absent: it was never synced. */
  readonly base?: string;
  /** The mode that the file had here then; empty: the server has none and is to get it. */
  readonly mode?: string;
  /** The mode that the server had then; absent: none. */
  readonly served?: string;
  readonly conflict?: Conflict;
}

/** Most bytes of a state file that are read: a hundred configs full of files have less. */
const STATE_BYTES = 268_435_456;

const HASH = /^[0-9a-f]{64}$/;

/**
 * What a machine remembers (contract, section 5): a line for each change, of which the last one counts. A line is added as soon as a
 * file was dealt with, and a torn one at the end is nothing: what is forgotten is found out again, and costs an upload at most. A line must
 * never be on the disk before the file it tells of.
 */
export class State {
  readonly #known = new Map<string, Map<string, Known>>();
  readonly #disk: Disk;
  readonly #file: string;

  /** `mayTidy`: nobody else is at work on it, so that it may be written anew when it has become long. */
  constructor(disk: Disk, file: string, mayTidy = true) {
    this.#disk = disk;
    this.#file = file;
    const lines = this.#lines();
    for (const line of lines) this.#take(line);
    if (!mayTidy) return;
    const live = [...this.#known.values()].reduce((sum, files) => sum + files.size, 0);
    if (lines.length > 2 * live + 100 || lines.some(line => parse(line) === undefined)) this.#rewrite();
  }

  /** What is known of a file; nothing of one that was never synced. */
  get(config: string, path: string): Known {
    return this.#known.get(config)?.get(path) ?? {};
  }

  /** Remembers; nothing known is forgotten. Throws errors of the disk. */
  set(config: string, path: string, known: Known): void {
    this.#keep(config, path, known);
    this.#disk.append(this.#file, `${JSON.stringify({ config, path, ...known })}\n`);
  }

  /** The paths of a config of which something is known. */
  paths(config: string): string[] {
    return [...(this.#known.get(config)?.keys() ?? [])];
  }

  /** Every file that is in conflict. */
  conflicts(): { config: string; path: string; conflict: Conflict }[] {
    return [...this.#known].flatMap(([config, files]) =>
      [...files].flatMap(([path, { conflict }]) => (conflict === undefined ? [] : [{ config, path, conflict }])),
    );
  }

  #lines(): string[] {
    if (this.#disk.find(this.#file) === undefined) return [];
    const text = Buffer.from(this.#disk.read(this.#file, STATE_BYTES)).toString();
    return text === '' ? [] : (text.endsWith('\n') ? text.slice(0, -1) : `${text}\n`).split('\n');
  }

  #take(line: string): void {
    const parsed = parse(line);
    if (parsed !== undefined) this.#keep(parsed.config, parsed.path, parsed.known);
  }

  #keep(config: string, path: string, known: Known): void {
    const files = this.#known.get(config) ?? new Map<string, Known>();
    this.#known.set(config, files);
    if (known.base === undefined && known.conflict === undefined) files.delete(path);
    else files.set(path, known);
  }

  #rewrite(): void {
    const lines = [...this.#known].flatMap(([config, files]) =>
      [...files].map(([path, known]) => `${JSON.stringify({ config, path, ...known })}\n`),
    );
    writeOver(this.#disk, this.#file, Buffer.from(lines.join('')), '0600');
    this.#disk.settle(dirname(this.#file));
  }
}

/** A line of the file; undefined when it is none. */
function parse(line: string): { config: string; path: string; known: Known } | undefined {
  try {
    const { config, path, base, mode, served, conflict } = JSON.parse(line);
    if (typeof config !== 'string' || typeof path !== 'string') return undefined;
    const known: Known = {
      ...(HASH.test(base) && { base }),
      ...(typeof mode === 'string' && { mode }),
      ...(typeof served === 'string' && { served }),
      ...(HASH.test(conflict?.sha256) && Array.isArray(conflict.copies) && { conflict }),
    };
    return { config, path, known };
  } catch {
    return undefined;
  }
}
