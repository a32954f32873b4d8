/** A long event history: all of it read, and a push into it, which is answered with all of it. */

import { randomUUID } from 'node:crypto';
import { startFloor, startKeybin, temporaryFolder, untilIdle } from '../servers.js';
import { compareTasks, fetched, keepAnswer } from '../task.js';

const HISTORY = 100_000;
const SEEDED = 10_000;
const PUSHED = 100;
const admin = { username: 'bench', password: 'correct horse' };

/** @param {import('../results.js').Run} run */
export async function simpleSync({ rounds, task, log }) {
  const [folder, remove] = temporaryFolder();
  const place = {
    KEYBIN_STORE_HOST: `file:${folder}`,
    KEYBIN_ADMIN_USERNAME: admin.username,
    KEYBIN_ADMIN_PASSWORD: admin.password,
  };
  log(`storing ${HISTORY.toLocaleString('en')} events`);
  const seeding = await startKeybin(place);
  const login = { method: 'POST', body: JSON.stringify(admin) };
  const { token } = JSON.parse(Buffer.from(await fetched(`${seeding.url}/api/v1/auth/token`, login)).toString());
  const headers = { Authorization: `Bearer ${token}` };
  /** @param {string} url @param {number} count */
  const push = (url, count) => fetched(`${url}/api/v1/events`, { method: 'POST', headers, body: events(count) });
  /** @param {string} url */
  const read = url => fetched(`${url}/api/v1/events`, { headers });
  for (let stored = 0; stored < HISTORY; stored += SEEDED) await push(seeding.url, SEEDED);
  const answer = keepAnswer(folder, await read(seeding.url));
  await untilIdle(seeding);
  await seeding.stop();

  task(
    'simple-sync: full read of 100,000 events, embedded',
    await compareTasks(
      [
        { name: 'bare Koa, same bytes', start: () => startFloor('koa', answer), work: read },
        { name: 'Keybin', start: () => startKeybin(place), work: read },
      ],
      rounds,
    ),
    { cpu: 120, stall: 100 },
  );
  task(
    'simple-sync: push of 100 events, answered with all 100,000, embedded',
    await compareTasks(
      [
        { name: 'bare Koa, same bytes', start: () => startFloor('koa-body', answer), work: url => push(url, PUSHED) },
        { name: 'Keybin', start: () => startKeybin(place), work: url => push(url, PUSHED) },
      ],
      rounds,
    ),
    { cpu: 180, stall: 100 },
  );
  remove();
}

/**
 * A body with events nobody has yet.
 * @param {number} count
 */
function events(count) {
  const now = Math.floor(Date.now() / 1000);
  const list = Array.from({ length: count }, (_, i) => ({
    uuid: randomUUID(),
    timestamp: now - i,
    userUuid: '',
    itemUuid: randomUUID(),
    action: 'update',
    payload: JSON.stringify({ title: `item ${i}`, done: i % 2 === 0, notes: 'something to remember about it' }),
  }));
  return JSON.stringify(list);
}
