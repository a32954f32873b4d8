/** A machine of somebody whose files are synced: a home folder, and rounds in this process. */

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Disk } from '../../../src/cli/dotsync/engine/disk.ts';
import { nodeDisk } from '../../../src/cli/dotsync/engine/node-disk.ts';
import { type Remote, type Request, remoteOf } from '../../../src/cli/dotsync/engine/remote.ts';
import { type Report, type RoundOptions, syncRound } from '../../../src/cli/dotsync/engine/round.ts';
import { State } from '../../../src/cli/dotsync/engine/state.ts';
import { newUser, type Served } from '../../support/served.ts';

/** An account with one config, and what its machines share. */
export interface Owner {
  readonly url: string;
  readonly token: string;
  readonly headers: Record<string, string>;
  readonly config: string;
  /** Replaces the files of the config. */
  track(...files: readonly string[]): Promise<void>;
}

/** A new account, whose config tracks these files. */
export async function newOwner({ server }: Served, ...files: readonly string[]): Promise<Owner> {
  const { token, headers } = await newUser(server);
  const made = await server.request('POST', '/v1/config', { files }, headers);
  const config: string = made.json.id;
  return {
    url: server.url,
    token,
    headers,
    config,
    async track(...wanted) {
      const { status } = await server.request('PUT', `/v1/config/${config}`, { files: wanted }, headers);
      if (status !== 204) throw new Error(`status ${status}`);
    },
  };
}

/** Requests as the client library sends them, without its second tries. */
export function requester({ url, token }: Pick<Owner, 'url' | 'token'>): Request {
  return async (method, path, { headers = {}, body, signal } = {}) => {
    const answer = await fetch(url + path, {
      method,
      headers: { ...headers, Authorization: `Bearer ${token}` },
      ...(body !== undefined && { body }),
      ...(signal !== undefined && { signal }),
    });
    if (!answer.ok) throw Object.assign(new Error(await answer.text()), { status: answer.status, code: 'refused' });
    return answer;
  };
}

/** One machine. */
export class Home {
  readonly folder: string;
  readonly name: string;
  readonly owner: Owner;
  disk: Disk = nodeDisk;
  remote: Remote;
  allowed: string[] = [];

  constructor(folder: string, name: string, owner: Owner) {
    this.folder = folder;
    this.name = name;
    this.owner = owner;
    this.remote = remoteOf(requester(owner));
    mkdirSync(join(folder, '.dotsync'), { recursive: true });
  }

  /** Where a tracked path lies. */
  at(path: string): string {
    return join(this.folder, path.replace(/^~\//, ''));
  }

  write(path: string, content: string | Uint8Array, mode?: number): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content);
    if (mode !== undefined) chmodSync(this.at(path), mode);
  }

  read(path: string): string | undefined {
    return existsSync(this.at(path)) ? readFileSync(this.at(path), 'utf8') : undefined;
  }

  mode(path: string): string {
    return (statSync(this.at(path)).mode & 0o777).toString(8);
  }

  /** The file of a path is an empty one, at the end of a link. */
  link(to: string, path: string): void {
    this.write(to, '');
    symlinkSync(to, this.at(path));
  }

  remove(path: string): void {
    rmSync(this.at(path), { force: true });
  }

  /** Every file of the home but dotsync's own, by its path. */
  files(): string[] {
    const all = readdirSync(this.folder, { recursive: true, withFileTypes: true });
    return all
      .filter(entry => !entry.isDirectory())
      .map(entry => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
      .filter(name => !name.startsWith('.dotsync/'))
      .sort();
  }

  state(): State {
    return new State(this.disk, join(this.folder, '.dotsync/state'));
  }

  options(): RoundOptions {
    const { folder: home, disk, allowed, remote, name: machine } = this;
    const place = { disk, home, own: join(home, '.dotsync'), allowed };
    return { place, state: this.state(), remote, machine, configs: [this.owner.config] };
  }

  /** One round; returns what became of each file, such as `sent ~/.vimrc`. */
  async sync(more: Partial<RoundOptions> = {}): Promise<string[]> {
    return this.reported(await syncRound({ ...this.options(), ...more }));
  }

  reported({ files }: Report): string[] {
    return files.map(({ what, path, reason }) => `${what} ${path}${reason === undefined ? '' : ` ${reason}`}`);
  }
}

/** A machine with an empty home, removed after the test. */
export async function newHome(owner: Owner, name: string): Promise<Home> {
  const folder = await mkdtemp(join(tmpdir(), `keybin-home-${name}-`));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return new Home(folder, name, owner);
}
