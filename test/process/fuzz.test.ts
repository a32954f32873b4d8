import { expect } from 'vitest';
import { exchange } from '../http/raw-request.ts';
import { credentialsOf, OPEN_SETTINGS } from '../support/credentials.ts';
import { FAMILIES, mutator } from '../support/mutations.ts';
import { test } from '../support/process.ts';

/** Requests in all; `npm run test:fuzz` sends far more. */
const REQUESTS = Number(process.env.KEYBIN_FUZZ_REQUESTS ?? 2_500);
const SEED = Number(process.env.KEYBIN_FUZZ_SEED ?? 1);
const SEEDS = process.env.KEYBIN_FUZZ_REQUESTS === undefined ? 1 : 4;
const AT_ONCE = 4;
/** Requests after which credentials are made anew: some of the mutations end them. */
const BATCH = 2_500;

test(`no altered request is answered with 5xx, reset or left unanswered, and none ends the process`, async ({
  program,
}) => {
  const server = await program.start({ settings: OPEN_SETTINGS });
  const wrong: string[] = [];
  const statuses = new Map<number, number>();
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    const { next } = mutator(seed);
    for (let sent = 0; sent < REQUESTS / SEEDS; sent += BATCH) {
      const credentials = await credentialsOf(server);
      const left = { count: Math.min(BATCH, Math.ceil(REQUESTS / SEEDS - sent)) };
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          while (left.count-- > 0) {
            const bytes = next(credentials);
            const { statuses: got } = await exchange(server.url, bytes);
            for (const status of got) statuses.set(status, (statuses.get(status) ?? 0) + 1);
            if (got.length === 0 || got.some(status => status >= 500)) {
              wrong.push(`seed ${seed}: ${got} ${JSON.stringify(bytes.toString('latin1').slice(0, 400))}`);
            }
          }
        }),
      );
      if (REQUESTS > BATCH) console.log(`seed ${seed}: ${sent + BATCH} requests, ${wrong.length} wrong`);
    }
  }
  if (REQUESTS > BATCH) console.log(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)));
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(FAMILIES).toBeGreaterThan(40);
  expect((await server.request('GET', '/readyz')).status).toBe(200);
  expect(server.log.filter(({ level }) => level >= 50)).toEqual([]);
  expect(await server.stop()).toEqual({ code: 0, signal: null });
}, 7_200_000);
