import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { type ServerProcess, test } from '../../support/process.ts';
import type { Answer } from '../../support/request.ts';

/** Pushers at once, each with pushes one after another. */
const PUSHERS = 8;
const OPERATIONS = 5;

forEachEngine('the log of a vault, with two server processes', engine => {
  const pushes = engine.name === 'embedded' ? 25 : 3;

  test('trap 7: a reader that follows the cursor sees every operation of 8 pushers once, in order', {
    timeout: 120_000,
  }, async ({ program }) => {
    const options = { settings: { ...program.place(engine), SECURITY_THROTTLE: 'false' } };
    const servers = [await program.start(options), await program.start(options)];
    const server = (i: number) => servers[i % 2] as ServerProcess;
    await server(0).register('ann');
    const devices = await Promise.all(Array.from({ length: PUSHERS + 1 }, (_, i) => pair(server(i))));
    const [reader = {}, ...pushers] = devices;

    const batches: string[][] = [];
    /** Those that a busy server refused at first: without transactions, others may have come between their operations. */
    const repeated = new Set<string[]>();
    let pushing = true;
    const pushed = Promise.all(
      pushers.map(async (headers, i) => {
        for (let n = 0; n < pushes; n++) {
          const batch = Array.from({ length: OPERATIONS }, () => randomUUID());
          batches.push(batch);
          const ops = batch.map(op_id => ({ op_id, entity_type: 'note', entity_id: 'a', op_type: 'update' }));
          const push = { ops, idempotency_key: batch[0] };
          const answer = await persist(
            () => server(i + n).request('POST', '/api/v1/sync/push', push, headers),
            () => repeated.add(batch),
          );
          expect([answer.status, answer.json.accepted]).toEqual([200, batch]);
        }
      }),
    ).finally(() => {
      pushing = false;
    });
    pushed.catch(() => {}); // awaited below

    const seen: string[] = [];
    let last = false;
    for (let turn = 0; !last; turn++) {
      last = !pushing; // one more look when all is pushed
      for (let more = true; more; ) {
        const body = { since_sequence: seen.length };
        const { status, json } = await persist(() => server(turn).request('POST', '/api/v1/sync/pull', body, reader));
        expect(status).toBe(200);
        for (const { op_id, server_sequence } of json.ops) expect(seen.push(op_id)).toBe(server_sequence);
        expect(json.page_last_sequence).toBe(seen.length);
        more = json.has_more;
      }
    }
    await pushed;
    expect(seen.toSorted()).toEqual(batches.flat().toSorted());
    for (const batch of batches) {
      const places = batch.map(id => seen.indexOf(id));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      if (!repeated.has(batch)) expect((places.at(-1) ?? 0) - (places[0] ?? 0)).toBe(OPERATIONS - 1);
    }
  });
});

/** Sends a request again while the server says that it is busy, as clients do; the server of the tests is slow. */
async function persist(send: () => Promise<Answer>, onRefusal = () => {}): Promise<Answer> {
  for (let attempt = 1; ; attempt++) {
    const answer = await send();
    if (answer.status !== 503 || attempt === 20) return answer;
    onRefusal();
  }
}

async function pair(server: ServerProcess): Promise<Record<string, string>> {
  const login = { login: 'ann', password: 's3cret', device_name: 'desk', vault_id: 'notes' };
  const { status, json } = await persist(() => server.request('POST', '/api/client/pair', login));
  expect(status).toBe(200);
  return { Authorization: `Bearer ${json.device_token}` };
}
