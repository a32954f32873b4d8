/** A first sync of a time tracker: many punches in one body, and the manifest of all of them. */

import { randomUUID } from 'node:crypto';
import { seed, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';
import { compareTasks, fetched, keepAnswer } from '../task.js';

const UPLOADED = 10_000;
const STORED = 50_000;
const headers = { Authorization: `Bearer ${TOKEN}` };

/** @param {import('../results.js').Run} run */
export async function punch({ rounds, task }) {
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}` };
  await seed(place.KEYBIN_STORE_HOST, 'store', 10);
  /** @param {string} url */
  const upload = url => fetched(`${url}/api/v1/punches/upload`, { method: 'POST', headers, body: punches() });
  /** @param {string} url */
  const manifest = url => fetched(`${url}/api/v1/punches/manifest`, { headers });

  const seeding = await startKeybin(place);
  for (let stored = 0; stored < STORED; stored += UPLOADED) await upload(seeding.url);
  const answer = keepAnswer(folder, await manifest(seeding.url));
  await seeding.stop();

  // One punch more each time: what was remembered is of no use.
  /** @param {string} url */
  const changed = async url => {
    await fetched(`${url}/api/v1/punches/upload`, { method: 'POST', headers, body: punches(1) });
    await manifest(url);
  };
  task(
    'Punch: manifest of 50,000 punches, when one was stored since the last, embedded',
    await compareTasks([{ name: 'Keybin', start: () => startKeybin(place), work: changed }], rounds),
    { cpu: 40 },
  );
  task(
    'Punch: manifest of 50,000 punches, embedded',
    await compareTasks(
      [
        { name: 'bare Koa, same bytes', start: () => startFloor('koa', answer), work: manifest },
        { name: 'Keybin', start: () => startKeybin(place), work: manifest },
      ],
      rounds,
    ),
    { cpu: 40 },
  );
  task(
    'Punch: upload of 10,000 punches at once, embedded',
    await compareTasks(
      [
        { name: 'bare Koa, same body', start: () => startFloor('koa-body'), work: upload },
        { name: 'Keybin', start: () => startKeybin(place), work: upload },
      ],
      rounds,
    ),
    { cpu: 250, stall: 100 },
  );
  remove();
}

/** A body with punches nobody has yet. */
function punches(count = UPLOADED) {
  const begin = 1_700_000_000_000;
  const list = Array.from({ length: count }, (_, i) => ({
    id: randomUUID(),
    project: `project ${i % 20}`,
    in: begin + i * 3_600_000,
    out: begin + i * 3_600_000 + 1_800_000,
    rate: 80,
    comments: [{ comment: 'worked on the thing that was asked for', timestamp: begin + i * 3_600_000 }],
    created: begin + i * 3_600_000,
    updated: begin + i * 3_600_000 + 1_800_000,
  }));
  return JSON.stringify({ punches: list });
}
