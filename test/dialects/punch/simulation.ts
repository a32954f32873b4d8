/** What random histories of punches are compared with: the rules as a model, and clients that sync as the real ones do. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { type Api, type Punch, punchOf } from './open-punch.ts';

/** Few ids and few times, around the moment at which the server's clock stands: so they meet. */
export const IDS = Array.from({ length: 6 }, (_, i) => `0000000${i}-0000-4000-8000-00000000000${i}`);
const id = fc.constantFrom(...IDS);
const time = fc.integer({ min: -3, max: 3 });

/** A call of the API; `wait` moves the server's clock. */
export const call = fc.oneof(
  fc.record({ kind: fc.constant('upload' as const), punches: fc.array(fc.record({ id, time }), { maxLength: 5 }) }),
  fc.record({ kind: fc.constant('delete' as const), ids: fc.array(id, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2 }) }),
);

/** What a client does: it changes its own copies, deletes, or meets the server. */
export const step = fc.record({
  client: fc.nat(2),
  does: fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), id, time }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('sync' as const) }) },
  ),
});
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The rules of upload and deletion. */
export class Model {
  readonly live = new Map<string, Punch>();
  readonly marks = new Map<string, number>();

  upload(punches: readonly Punch[]): void {
    for (const punch of punches) {
      if (punch.updated <= (this.live.get(punch.id)?.updated ?? this.marks.get(punch.id) ?? -1)) continue;
      this.live.set(punch.id, punch);
      this.marks.delete(punch.id);
    }
  }

  delete(ids: readonly string[], now: number): void {
    for (const id of ids) {
      const punch = this.live.get(id);
      if (punch === undefined) continue;
      this.marks.set(id, Math.max(now, punch.updated));
      this.live.delete(id);
    }
  }

  /** Demands that the server says the same. */
  async compare(api: Api): Promise<void> {
    expect(await api.download(...IDS)).toEqual(IDS.flatMap(id => this.live.get(id) ?? []));
    expect(await api.manifest('?deleted=1')).toEqual({
      ...timesOf(this.live.values()),
      ...Object.fromEntries([...this.marks.keys()].map(id => [id, null])),
    });
  }
}

/** Clients of one account, all that they ever wrote, and what they deleted. */
export class Team {
  readonly clients: readonly Client[];
  readonly #now: number;
  readonly #edits = new Map<string, Punch[]>();
  readonly #deleted = new Set<string>();
  #count = 0;

  constructor(apis: readonly Api[], now: number) {
    this.clients = apis.map(api => new Client(api));
    this.#now = now;
  }

  async play({ client: number, does }: Step): Promise<void> {
    const client = this.clients[number] as Client;
    if (does.kind === 'sync') await client.sync();
    if (does.kind === 'edit') this.#edit(number, does.id, does.time);
    if (does.kind === 'delete' && (await client.delete(does.id))) this.#deleted.add(does.id);
  }

  #edit(number: number, id: string, time: number): void {
    const { copies } = this.clients[number] as Client;
    // No two clients edit at the very same time: equal times are not meant to be told apart.
    const before = Math.floor(copies.get(id)?.updated ?? 0);
    const updated = Math.max(this.#now + time, before + 1) + number / 10;
    const punch = punchOf({ id, updated, project: `${++this.#count}` });
    copies.set(id, punch);
    this.#edits.set(id, [...(this.#edits.get(id) ?? []), punch]);
  }

  /** Demands that all agree after a few rounds, on what may be left, and that further rounds transfer nothing. */
  async demandAgreement(): Promise<void> {
    for (let round = 0; round < 3; round++) for (const client of this.clients) await client.sync();
    for (const client of this.clients) expect(await client.sync()).toBe(0);
    const [first, ...others] = this.clients as [Client, ...Client[]];
    for (const { copies } of others) expect(byId(copies)).toEqual(byId(first.copies));
    expect(await first.api.manifest()).toEqual(timesOf(first.copies.values()));
    for (const [id, versions] of this.#edits) this.#demandOutcome(id, versions, first.copies.get(id));
  }

  /** What was never deleted is there in its latest version; what was, in one newer than the deletion, or not at all. */
  #demandOutcome(id: string, versions: readonly Punch[], left: Punch | undefined): void {
    const greatest = Math.max(...versions.map(({ updated }) => updated));
    if (!this.#deleted.has(id)) expect([id, left?.updated]).toEqual([id, greatest]);
    if (left === undefined) return;
    expect(versions).toContainEqual(left);
    if (this.#deleted.has(id)) expect(left.updated).toBeGreaterThan(this.#now);
  }
}

/** A client: its copies, and the ids that it knows the server to have had. */
class Client {
  readonly api: Api;
  readonly copies = new Map<string, Punch>();
  readonly #seen = new Set<string>();

  constructor(api: Api) {
    this.api = api;
  }

  /** Deletes here and there; returns whether the server knew the id. */
  async delete(id: string): Promise<boolean> {
    if (!this.#seen.has(id)) return false;
    this.copies.delete(id);
    await this.api.remove(id);
    return true;
  }

  /** Reads the manifest, uploads what is newer here, downloads what is newer there; returns how much that was. */
  async sync(): Promise<number> {
    const manifest = await this.api.manifest('?deleted=1');
    const mine = [...this.copies.values()];
    const newer = mine.filter(({ id, updated }) => manifest[id] !== null && !((manifest[id] ?? -1) >= updated));
    // The copy of a deleted punch is offered once more, in case it was edited after the deletion, and dropped.
    const doubtful = mine.filter(({ id }) => manifest[id] === null);
    if (newer.length + doubtful.length > 0) await this.api.upload(...newer, ...doubtful);
    for (const { id } of doubtful) this.copies.delete(id);

    const live = Object.entries(manifest).flatMap(([id, updated]) => (updated === null ? [] : [{ id, updated }]));
    for (const { id } of [...live, ...newer]) this.#seen.add(id);
    const missing = live.filter(({ id, updated }) => updated > (this.copies.get(id)?.updated ?? -1));
    const downloaded = missing.length > 0 ? await this.api.download(...missing.map(({ id }) => id)) : [];
    for (const punch of downloaded) this.copies.set(punch.id, punch);
    return newer.length + doubtful.length + missing.length;
  }
}

function timesOf(punches: Iterable<Punch>): Record<string, number> {
  return Object.fromEntries([...punches].map(({ id, updated }) => [id, updated]));
}

function byId(copies: ReadonlyMap<string, Punch>): Record<string, Punch> {
  return Object.fromEntries(copies);
}
