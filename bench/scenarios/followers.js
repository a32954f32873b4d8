/** Those who follow changes, over the least that could tell them: how soon they hear, and what they cost while nothing happens. */

import { followed, idle } from '../followers.js';
import { seed, TOKEN } from '../seed.js';
import { startFloor, startKeybin, temporaryFolder } from '../servers.js';

const HEADERS = { Authorization: `Bearer ${TOKEN}` };
const FOLLOWERS = 1000;
const WRITES = 50;

/** Change from write to delivery with 1,000 followers, at most, in milliseconds. */
const MOST_DELAY = 50;

/** Followers to whom nothing happens, and for how many seconds: two signs of life of each. */
const IDLE = 10_000;
const IDLE_SECONDS = 30;

/** Beside the followers somebody writes and looks. */
const ROOM = { KEYBIN_LIMITS_FOLLOWERS: String(IDLE), KEYBIN_LIMITS_CONNECTIONS: String(2 * IDLE) };

/** @param {import('../results.js').Run} run */
export async function followers({ value }) {
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}`, ...ROOM };
  await seed(place.KEYBIN_STORE_HOST, 'store', 1);
  for (const [name, start, most] of /** @type {const} */ ([
    ['bare Node', () => startFloor('events'), undefined],
    ['Keybin, embedded', () => startKeybin(place), MOST_DELAY],
  ])) {
    const told = await start();
    const delays = await followed(told.url, HEADERS, { followers: FOLLOWERS, writes: WRITES });
    await told.stop();
    value(`v2: a change reaches 1,000 followers, ${name}: p50`, delays.p50, 'ms');
    value(`v2: a change reaches 1,000 followers, ${name}: p99`, delays.p99, 'ms', most);

    const crowded = await start();
    const quiet = await idle(crowded, HEADERS, { followers: IDLE, seconds: IDLE_SECONDS });
    await crowded.stop();
    value(`v2: 10,000 followers to whom nothing happens, ${name}: memory of each`, quiet.kilobytes, 'KB');
    value(`v2: 10,000 followers to whom nothing happens, ${name}: of a core`, quiet.core, '%');
  }
  remove();
}
