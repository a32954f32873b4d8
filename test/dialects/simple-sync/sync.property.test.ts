import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { demand, type Event, historyOf, type Member, newMember, pull, push, storedIn } from './open-simple-sync.ts';

const CLIENTS = 3;
/** Few, so that clients come upon each other's. */
const UUIDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '\0', '\ud800', '\ud801'];

type Draft = Omit<Event, 'userUuid'>;

const draft: fc.Arbitrary<Draft> = fc.record({
  uuid: fc.oneof(fc.constantFrom(...UUIDS), fc.uuid()),
  timestamp: fc.integer({ min: 1, max: 5 }),
  itemUuid: fc.constantFrom('i', 'j'),
  action: fc.constantFrom('create', 'edit'),
  payload: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 10 }),
    fc.constantFrom('x'.repeat(5000), 'y'.repeat(9000), 'z'.repeat(3900)),
  ),
});
const client = fc.nat({ max: CLIENTS - 1 });
const server = fc.nat({ max: 1 });

/**
 * What one client does: it makes events, sends those it has not seen stored, does so again, or asks for the latest; and what servers
 * do every hour.
 */
const step = fc.oneof(
  fc.record({ kind: fc.constant('make' as const), client, drafts: fc.array(draft, { minLength: 1, maxLength: 4 }) }),
  fc.record({ kind: fc.constant('push' as const), client, server }),
  fc.record({ kind: fc.constant('push, answer lost' as const), client, server }),
  fc.record({ kind: fc.constant('all push at once' as const), server, housekeeping: fc.boolean() }),
  fc.record({ kind: fc.constant('housekeeping' as const), servers: fc.constantFrom([0], [1], [0, 1]) }),
  fc.record({ kind: fc.constant('pull' as const), client, server, from: fc.option(fc.integer({ min: 1, max: 6 })) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Client {
  readonly member: Member;
  pending: Draft[];
  history: Event[];
}

/** Clients that sync with two servers, and what must be stored by now. */
class Sync {
  readonly #servers: readonly [TestServer, TestServer];
  readonly #clients: readonly Client[];
  #stored: Event[] = [];

  constructor(servers: readonly [TestServer, TestServer], members: readonly Member[]) {
    this.#servers = servers;
    this.#clients = members.map(member => ({ member, pending: [], history: [] }));
  }

  async run(step: Step): Promise<void> {
    if (step.kind === 'make') {
      this.#client(step.client).pending.push(...step.drafts);
    } else if (step.kind === 'pull') {
      const query = step.from === null ? '' : `?fromTimestamp=${step.from}`;
      const { json } = demand(await pull(this.#server(step.server), this.#client(step.client).member, query), 200);
      expect(json).toEqual(this.#stored.filter(({ timestamp }) => timestamp >= (step.from ?? 0)));
    } else if (step.kind === 'all push at once') {
      const housekeeping = step.housekeeping ? this.#servers.map(server => server.tidy('atStart')) : [];
      await this.#push(this.#clients.map((client, i) => ({ client, server: this.#server(step.server + i) })));
      await Promise.all(housekeeping);
    } else if (step.kind === 'housekeeping') {
      await Promise.all(step.servers.map(i => this.#server(i).tidy('atStart')));
    } else {
      const client = this.#client(step.client);
      const { pending } = client;
      await this.#push([{ client, server: this.#server(step.server) }]);
      if (step.kind === 'push, answer lost') client.pending = pending;
    }
  }

  /** Every client pushes once more: then all know the same. */
  async finish(): Promise<void> {
    for (const [i, client] of this.#clients.entries()) await this.#push([{ client, server: this.#server(i) }]);
    for (const [i, client] of this.#clients.entries()) {
      await this.#push([{ client, server: this.#server(i + 1) }]);
      expect(client.pending).toEqual([]);
      expect(client.history).toEqual(this.#stored);
    }
  }

  async #push(pushes: readonly { client: Client; server: TestServer }[]): Promise<void> {
    const batches = pushes.map(({ client }) => client.pending);
    await Promise.all(
      pushes.map(async ({ client, server }) => {
        const answer = demand(await push(server, client.member, client.pending), 200);
        client.history = answer.json;
        const known = new Set(client.history.map(({ uuid }) => uuid));
        client.pending = client.pending.filter(({ uuid }) => !known.has(uuid));
        expect(client.pending).toEqual([]);
      }),
    );
    const [one, two] = this.#servers;
    const { member } = this.#client(0);
    const now = await historyOf(one, member);
    expect(await historyOf(two, member)).toEqual(now);
    const candidates = pushes.flatMap(({ client }, i) => firsts(batches[i] ?? [], client.member));
    this.#check(now, candidates);
    if (pushes.length === 1) expect(pushes[0]?.client.history).toEqual(now);
    this.#stored = now;
  }

  /** What was stored is there as it was; of each new uuid there is one event, just as somebody sent it first. */
  #check(now: readonly Event[], candidates: readonly Event[]): void {
    const before = new Set(this.#stored.map(({ uuid }) => uuid));
    expect(now.filter(({ uuid }) => before.has(uuid))).toEqual(this.#stored);
    const added = now.filter(({ uuid }) => !before.has(uuid));
    const wanted = new Set(candidates.map(({ uuid }) => uuid).filter(uuid => !before.has(uuid)));
    expect(added.map(({ uuid }) => uuid).sort()).toEqual([...wanted].sort());
    for (const event of added) expect(candidates).toContainEqual(event);
    for (const [i, { timestamp }] of now.slice(1).entries()) expect(now[i]?.timestamp).toBeLessThanOrEqual(timestamp);
  }

  #client(i: number): Client {
    return this.#clients[i % CLIENTS] as Client;
  }

  #server(i: number): TestServer {
    return this.#servers[i % 2] as TestServer;
  }
}

/** The first event of each uuid, as the member's. */
function firsts(drafts: readonly Draft[], { uuid: userUuid }: Member): Event[] {
  const events = new Map<string, Event>();
  for (const draft of drafts) if (!events.has(draft.uuid)) events.set(draft.uuid, { ...draft, userUuid });
  return [...events.values()];
}

forEachEngine('clients of two servers', engine => {
  test('agree in the end on one history, and nothing of it is ever lost, doubled or changed', async () => {
    const served = await openServer(engine);
    const servers = [served.server, await anotherServer(served)] as const;
    const members: Member[] = [];
    for (let i = 0; i < CLIENTS; i++) members.push(await newMember(served.server));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async steps => {
        for (const name of ['events', 'segments']) await storedIn(served.server, `simple_sync_${name}`).deleteMany({});
        const sync = new Sync(servers, members);
        for (const step of steps) await sync.run(step);
        await sync.finish();
      }),
      { numRuns: engine.name === 'embedded' ? 50 : 8, endOnFailure: true },
    );
  }, 120_000);
});
