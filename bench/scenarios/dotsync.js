/** A new machine: all files of a configuration are pulled. */

import { randomBytes } from 'node:crypto';
import { seed, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';
import { compareTasks, fetched, keepAnswer } from '../task.js';

const FILES = 200;
const BYTES = 4096;
const headers = { Authorization: `Bearer ${TOKEN}` };

/** @param {import('../results.js').Run} run */
export async function dotsync({ rounds, task }) {
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}` };
  await seed(place.KEYBIN_STORE_HOST, 'store', 10);
  /** @param {string} url @param {unknown} [body] */
  const sync = (url, body) =>
    fetched(`${url}/v1/sync`, { method: 'POST', headers, ...(body ? { body: JSON.stringify(body) } : {}) });

  const paths = Array.from({ length: FILES }, (_, i) => `~/.config/program-${i}/settings`);
  const seeding = await startKeybin(place);
  await fetched(`${seeding.url}/v1/config`, { method: 'POST', headers, body: JSON.stringify({ files: paths }) });
  await sync(seeding.url, {
    files: paths.map(path => ({ path, content: randomBytes(BYTES).toString('base64'), mode: '0644' })),
  });
  const answer = keepAnswer(folder, await sync(seeding.url));
  await seeding.stop();

  task(
    'dotsync: pull of 200 files of 4 KiB, embedded',
    await compareTasks(
      [
        { name: 'bare Koa, same bytes', start: () => startFloor('koa', answer), work: url => sync(url) },
        { name: 'Keybin', start: () => startKeybin(place), work: url => sync(url) },
      ],
      rounds,
    ),
  );
  remove();
}
