import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../../support/engines.ts';
import { anotherServer, openServer } from '../../../support/served.ts';
import type { TestServer } from '../../../support/server.ts';
import {
  type Device,
  demand,
  newAccount,
  newOperation,
  type Operation,
  pairedDevice,
  pull,
  push,
  ROOMY,
} from '../open-verstak.ts';
import { asPulled, type Pulled } from './log-client.ts';

const DEVICES = 3;

/** Few ids and entities, so that devices come upon each other's. */
const operation: fc.Arbitrary<Operation> = fc
  .record({
    op_id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'),
    entity_type: fc.constantFrom('note', 'folder'),
    entity_id: fc.constantFrom('x', 'y'),
    op_type: fc.constantFrom('update', 'delete'),
    payload_json: fc.json({ maxDepth: 1 }),
    last_seen_server_seq: fc.nat({ max: 8 }),
    created_at: fc.string({ unit: 'grapheme', maxLength: 5 }),
  })
  .map(newOperation);
const device = fc.nat({ max: DEVICES - 1 });
const server = fc.nat({ max: 1 });
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      device,
      server,
      ops: fc.array(operation, { maxLength: 4 }),
      key: fc.constantFrom('', '', 'k', 'l'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('pull' as const),
      device,
      server,
      since: fc.nat({ max: 9 }),
      limit: fc.nat({ max: 4 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** What the contract says of a vault, over a plain list. */
class Vault {
  readonly log: Pulled[] = [];
  readonly #answers = new Map<string, object>();

  push(device: Device, ops: readonly Operation[], key: string): object {
    const answered = this.#answers.get(key);
    if (answered) return answered;
    const before = [...this.log];
    const accepted: string[] = [];
    const duplicates: string[] = [];
    for (const operation of ops) {
      const known = this.log.some(({ op_id }) => op_id === operation.op_id);
      (known ? duplicates : accepted).push(operation.op_id);
      if (!known) this.log.push(asPulled(operation, device, this.log.length + 1));
    }
    const conflicts = ops.flatMap(operation =>
      before
        .filter(found => isConflict(found, operation, device))
        .map(({ op_id, device_id, op_type, server_sequence, entity_type, entity_id }) => ({
          op_id,
          device_id,
          op_type,
          server_sequence,
          entity_type,
          entity_id,
          local_op_id: operation.op_id,
        })),
    );
    const answer = { accepted, count: accepted.length, conflicts, duplicates };
    if (key !== '') this.#answers.set(key, answer);
    return answer;
  }

  pull(since: number, limit: number): object {
    const rest = this.log.filter(({ server_sequence }) => server_sequence > since);
    const ops = rest.slice(0, limit || 100);
    return {
      ops,
      server_sequence: this.log.length,
      page_last_sequence: ops.at(-1)?.server_sequence ?? since,
      has_more: rest.length > ops.length,
    };
  }
}

function isConflict(found: Pulled, sent: Operation, { deviceId }: Device): boolean {
  const { last_seen_server_seq: since, entity_type, entity_id } = sent;
  return (
    since > 0 &&
    found.server_sequence > since &&
    found.entity_type === entity_type &&
    found.entity_id === entity_id &&
    found.device_id !== deviceId &&
    found.op_type !== 'delete'
  );
}

forEachEngine('two vaults and three devices', engine => {
  test('behave as lists of operations, whatever is pushed and pulled', async () => {
    const served = await openServer(engine, { options: ROOMY });
    const servers: readonly TestServer[] = [served.server, await anotherServer(served, { options: ROOMY })];
    const account = await newAccount(served.server);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps: Step[]) => {
        const desk = await pairedDevice(served.server, { account });
        const lap = await pairedDevice(served.server, desk);
        const elsewhere = await pairedDevice(served.server, { account });
        const shared = new Vault();
        const places: [Device, Vault][] = [
          [desk, shared],
          [lap, shared],
          [elsewhere, new Vault()],
        ];
        for (const step of steps) {
          const [device, vault] = places[step.device] as [Device, Vault];
          const server = servers[step.server] as TestServer;
          const answer =
            step.kind === 'push'
              ? await push(server, device, step.ops, { idempotency_key: step.key })
              : await pull(server, device, step.since, { page_limit: step.limit });
          const expected =
            step.kind === 'push' ? vault.push(device, step.ops, step.key) : vault.pull(step.since, step.limit);
          expect(demand(answer, 200).json).toEqual(expected);
        }
        for (const [device, vault] of places) {
          expect(demand(await pull(served.server, device), 200).json).toEqual(vault.pull(0, 0));
        }
      }),
      { numRuns: engine.name === 'embedded' ? 60 : 8, endOnFailure: true },
    );
  }, 120_000);
});
