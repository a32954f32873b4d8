/** A disk whose steps can be counted, and at any of which something can happen; and a server without a network. */

import { createHash } from 'node:crypto';
import type { Disk } from '../../../src/cli/dotsync/engine/disk.ts';
import type { Line } from '../../../src/cli/dotsync/engine/lines.ts';
import { nodeDisk } from '../../../src/cli/dotsync/engine/node-disk.ts';
import type { Entry, Remote } from '../../../src/cli/dotsync/engine/remote.ts';

/** The process was killed. */
export class Killed extends Error {}

/** Steps that need room on the disk. */
export const NEED_ROOM = ['create', 'append', 'makeFolder', 'link', 'place'];

/** The real disk; `before` is called with the number and the name of each step, and may throw, or change files. */
export function watchedDisk(before: (step: number, name: string) => void): Disk {
  let steps = 0;
  return new Proxy(nodeDisk, {
    get(disk, name: keyof Disk) {
      const method = disk[name] as (...given: unknown[]) => unknown;
      return (...given: unknown[]) => {
        before(steps++, name);
        return method(...given);
      };
    },
  });
}

/** A disk of a process that is killed before a step: none is done after that. */
export function mortalDisk(last: number): Disk {
  return watchedDisk(step => {
    if (step >= last) throw new Killed();
  });
}

/** A disk that is full: everything that needs room fails, from a step on. */
export function fullDisk(from: number): Disk {
  return watchedDisk((step, name) => {
    if (step < from || !NEED_ROOM.includes(name)) return;
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  });
}

/** The rules of contracts' section 4, for one config. */
export class PaperServer implements Remote {
  readonly files = new Map<string, { content: Buffer; mode: string | null }>();
  paths: string[];

  constructor(...paths: string[]) {
    this.paths = paths;
  }

  async configs() {
    return [await this.config('paper')];
  }

  async config(id: string) {
    return { id, git: null, files: this.paths, created: 0, updated: 0 };
  }

  create() {
    return Promise.reject(new Error('not on paper'));
  }

  replace() {
    return Promise.reject(new Error('not on paper'));
  }

  put(path: string, text: string, mode = '0644'): void {
    this.files.set(path, { content: Buffer.from(text), mode });
  }

  text(path: string): string | undefined {
    return this.files.get(path)?.content.toString();
  }

  /** Another copy of the same. */
  clone(): PaperServer {
    const clone = new PaperServer(...this.paths);
    for (const [path, file] of this.files) clone.files.set(path, file);
    return clone;
  }

  async *sync(_: string, entries: readonly Entry[]): AsyncGenerator<Line> {
    const offers = new Map(entries.map(entry => [entry.path, entry]));
    for (const path of this.paths) yield this.#deal(path, offers.get(path) ?? { path });
    yield { event: 'done' };
  }

  #deal(path: string, { content, base, mode }: Entry): Line {
    const sent = content === undefined ? undefined : Buffer.from(content, 'base64');
    const before = this.files.get(path);
    const status = decide(
      sent && hash(sent),
      base,
      mode,
      before && { sha256: hash(before.content), mode: before.mode },
    );
    if (status === 'stored' && sent) this.files.set(path, { content: sent, mode: mode ?? before?.mode ?? null });
    const now = this.files.get(path);
    if (!now) return { event: 'file', path, status, sha256: null, mode: null };
    const told = { event: 'file', path, status, sha256: hash(now.content), mode: now.mode } as const;
    return status === 'updated' || status === 'conflict' ? { ...told, content: now.content.toString('base64') } : told;
  }
}

function decide(
  sent: string | undefined,
  base: string | undefined,
  mode: string | undefined,
  stored: { sha256: string; mode: string | null } | undefined,
) {
  if (!stored) return sent === undefined ? 'missing' : 'stored';
  if (sent === undefined) return base === stored.sha256 ? 'unchanged' : 'updated';
  if (sent === stored.sha256) return mode === undefined || mode === stored.mode ? 'unchanged' : 'stored';
  if (base === stored.sha256) return 'stored';
  return base === sent ? 'updated' : 'conflict';
}

function hash(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
