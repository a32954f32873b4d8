/** A replica set whose members can be killed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Document, MongoClient, MongoError, MongoServerError } from 'mongodb';

const NAME = 'keybin';
const MEMBERS = 3;

/** Milliseconds without a sign of the primary until another one is elected; MongoDB's default is 10 s. */
const ELECTION_TIMEOUT = 2_000;

/** How long a member may take to be of use, in milliseconds. */
const PATIENCE = 60_000;

/** States of a member that takes part: primary, secondary. */
const AT_WORK = [1, 2];

interface Member {
  readonly address: string;
  readonly args: readonly string[];
  child: ChildProcess;
}

/** Three members on this machine. */
export class ReplicaSet {
  readonly uri: string;
  readonly #binary: string;
  readonly #folder: string;
  readonly #members: readonly Member[];
  readonly #admin: MongoClient;

  private constructor(binary: string, folder: string, members: readonly Member[]) {
    this.#binary = binary;
    this.#folder = folder;
    this.#members = members;
    this.uri = `mongodb://${members.map(({ address }) => address).join(',')}/?replicaSet=${NAME}`;
    this.#admin = new MongoClient(this.uri, { serverSelectionTimeoutMS: PATIENCE });
  }

  /** Starts the members with this `mongod` and waits until all are at work. */
  static async start(binary: string): Promise<ReplicaSet> {
    const folder = await mkdtemp(join(tmpdir(), 'keybin-replica-set-'));
    const members: Member[] = [];
    for (let i = 0; i < MEMBERS; i++) {
      const dbpath = join(folder, `member${i}`);
      await mkdir(dbpath);
      const port = await freePort();
      const args = [
        ...['--replSet', NAME, '--bind_ip', '127.0.0.1', '--port', `${port}`, '--dbpath', dbpath],
        ...['--logpath', `${dbpath}.log`, '--logappend', '--oplogSize', '64', '--wiredTigerCacheSizeGB', '0.25'],
      ];
      members.push({ address: `127.0.0.1:${port}`, args, child: spawn(binary, args, { stdio: 'ignore' }) });
    }
    const set = new ReplicaSet(binary, folder, members);
    await set.#initiate().catch(async error => {
      await set.stop();
      throw error;
    });
    return set;
  }

  /** Kills the primary with SIGKILL; returns its address. */
  async killPrimary(): Promise<string> {
    const { primary } = await this.#admin.db('admin').command({ hello: 1 });
    const member = this.#members.find(({ address }) => address === primary);
    if (!member) throw new Error(`the primary ${primary} is none of ours`);
    member.child.kill('SIGKILL');
    await ended(member.child);
    return member.address;
  }

  /** Starts the members that were killed, and waits until all are at work again. */
  async heal(): Promise<void> {
    for (const member of this.#members) {
      if (isRunning(member.child)) continue;
      member.child = spawn(this.#binary, member.args, { stdio: 'ignore' });
    }
    await this.#untilComplete();
  }

  /** Ends all members and removes their data. */
  async stop(): Promise<void> {
    await this.#admin.close();
    for (const { child } of this.#members) child.kill('SIGKILL');
    await Promise.all(this.#members.map(({ child }) => ended(child)));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #initiate(): Promise<void> {
    const members = this.#members.map(({ address }, _id) => ({ _id, host: address }));
    const config = { _id: NAME, members, settings: { electionTimeoutMillis: ELECTION_TIMEOUT } };
    const first = new MongoClient(`mongodb://${this.#members[0]?.address}/?directConnection=true`, {
      serverSelectionTimeoutMS: PATIENCE,
    });
    try {
      for (const { address } of this.#members) await reachable(address);
      await first.db('admin').command({ replSetInitiate: config });
    } finally {
      await first.close();
    }
    await this.#untilComplete();
  }

  async #untilComplete(): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const status = await this.#status();
      const members: readonly Document[] = status?.members ?? [];
      const complete = members.length === MEMBERS && members.every(({ state }) => AT_WORK.includes(state));
      if (complete && members.some(({ state }) => state === 1)) return;
      if (performance.now() > deadline) throw new Error(`the replica set is not complete: ${JSON.stringify(members)}`);
      await pause(100);
    }
  }

  /** Undefined while there is no primary, or it is just going. */
  async #status(): Promise<Document | undefined> {
    try {
      return await this.#admin.db('admin').command({ replSetGetStatus: 1 });
    } catch (error) {
      if (error instanceof MongoError) return undefined;
      throw error;
    }
  }
}

/** What a primary answers that has no other member to hand over to yet, or that is none any more. */
const NOT_NOW = [189, 262, 10107, 11602];

/**
 * Has the primary of a replica set step down for 10 s: another member is elected. As an administrator's step-down it waits
 * until a secondary has caught up. Resolves when the old primary is none any more.
 */
export async function stepDown(uri: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: PATIENCE });
  const deadline = performance.now() + PATIENCE;
  const attempt = async (): Promise<boolean> => {
    try {
      await client.db('admin').command({ replSetStepDown: 10, secondaryCatchUpPeriodSecs: 8 });
      return true;
    } catch (error) {
      const passes = error instanceof MongoServerError && NOT_NOW.includes(Number(error.code));
      if (!passes || performance.now() > deadline) throw error;
      return false;
    }
  };
  try {
    while (!(await attempt())) await pause(500);
  } finally {
    await client.close();
  }
}

async function reachable(address: string): Promise<void> {
  const client = new MongoClient(`mongodb://${address}/?directConnection=true`, { serverSelectionTimeoutMS: PATIENCE });
  try {
    await client.db('admin').command({ hello: 1 });
  } finally {
    await client.close();
  }
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && isRunning(child)) await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
