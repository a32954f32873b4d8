import fc from 'fast-check';
import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { anotherServer, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { Machine } from './machine.ts';
import { contentsOf, type Headers, userWith } from './open-dotsync.ts';

/** Always tracked: no edit of these may be lost. */
const KEPT = ['~/.vimrc', '~/.config/a', '/etc/b'];
/** Taken out of the config and listed again at times. */
const SOMETIMES = ['~/.sometimes', '~/.other'];

const machine = fc.nat({ max: 2 });
const server = fc.nat({ max: 1 });
const path = fc.constantFrom(...KEPT, ...SOMETIMES);
const sync = fc.record({ machine, server, all: fc.boolean(), wasteful: fc.boolean(), lost: fc.boolean() });

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('edit' as const), machine, path }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sync' as const), sync }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('together' as const),
      syncs: fc.uniqueArray(sync, { minLength: 2, maxLength: 3, selector: s => s.machine }),
      put: fc.option(fc.subarray(SOMETIMES), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('put' as const), server, files: fc.subarray(SOMETIMES) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

forEachEngine('machines that edit and sync in random order against two servers', engine => {
  const numRuns = engine.name === 'embedded' ? 40 : 4;
  const maxLength = engine.name === 'embedded' ? 30 : 15;

  test('agree in the end, and no edit is lost', { timeout: 120_000 }, async () => {
    const served = await openServer(engine);
    const servers = [served.server, await anotherServer(served)];
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength }), async history => {
        const { headers, id } = await userWith(served.server, [...KEPT, ...SOMETIMES]);
        const machines = [0, 1, 2].map(number => new Machine(`${number}`));
        for (const step of history) await play(servers, headers, id, machines, step);
        await agree(servers, headers, id, machines);

        const stored = await contentsOf(served.server, headers, id);
        for (const [i, one] of machines.entries()) {
          expect([i, Object.fromEntries(one.contents(Object.keys(stored)))]).toEqual([i, stored]);
          for (const [edited, lines] of one.edits) {
            if (!KEPT.includes(edited)) continue;
            const kept = (stored[edited] ?? '').split('\n');
            expect(lines.filter(line => !kept.includes(line))).toEqual([]);
          }
        }
      }),
      { numRuns },
    );
  });
});

async function play(
  servers: readonly TestServer[],
  headers: Headers,
  id: string,
  machines: readonly Machine[],
  step: Operation,
): Promise<void> {
  const at = (number: number) => servers[number] as TestServer;
  const put = async (number: number, files: readonly string[]) => {
    const answer = await at(number).request('PUT', `/v1/config/${id}`, { files: [...KEPT, ...files] }, headers);
    expect(answer.status).toBe(204);
  };
  const run = ({ machine, server, all, ...how }: typeof sync extends fc.Arbitrary<infer T> ? T : never) =>
    (machines[machine] as Machine).sync(at(server), headers, all ? undefined : id, how);
  switch (step.kind) {
    case 'edit':
      (machines[step.machine] as Machine).edit(step.path);
      break;
    case 'sync':
      await run(step.sync);
      break;
    case 'put':
      await put(step.server, step.files);
      break;
    default:
      await Promise.all([...step.syncs.map(run), ...(step.put ? [put(0, step.put)] : [])]);
  }
}

/** Everybody syncs in turn until nobody has anything new. */
async function agree(servers: readonly TestServer[], headers: Headers, id: string, machines: readonly Machine[]) {
  for (let round = 0; round < 4; round++) {
    const statuses: string[] = [];
    for (const [i, machine] of machines.entries()) {
      statuses.push(...(await machine.sync(servers[i % 2] as TestServer, headers, id)));
    }
    if (statuses.every(status => status === 'unchanged' || status === 'missing')) return;
  }
  throw new Error('the machines do not come to an agreement');
}
