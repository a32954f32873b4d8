/** Token issue, and what reading a value suffers from logins. */

import { percentile, run } from '../client.js';
import { seed, TOKEN } from '../seed.js';
import { startKeybin, temporaryFolder } from '../servers.js';

const READ = { path: `/user/${TOKEN}/store/greeting` };
const PEOPLE = 8;

/** Reads a second while latency is looked at: far from what the server can do, so that queues do not hide the effect. */
const RATE = 500;

/** @param {import('../results.js').Run} run */
export async function logins({ rounds, value, ratio }) {
  const [folder, remove] = temporaryFolder();
  await seed(`file:${folder}`, 'store', 100);
  const server = await startKeybin({ KEYBIN_STORE_HOST: `file:${folder}` });
  for (let i = 0; i < PEOPLE; i++) await once(server.url, '/register', i);
  await run(server.url, READ, { connections: 8, count: 20_000 });

  const idle = [];
  const busy = [];
  const issued = [];
  for (let round = 0; round < rounds; round++) {
    idle.push(await latency(server.url));
    let running = true;
    const before = await server.usage();
    const begun = performance.now();
    const loops = Array.from({ length: PEOPLE }, async (_, i) => {
      let count = 0;
      for (; running; count++) await once(server.url, '/token', i);
      return count;
    });
    busy.push(await latency(server.url));
    running = false;
    const count = (await Promise.all(loops)).reduce((a, b) => a + b, 0);
    const cpu = (await server.usage()).cpu - before.cpu;
    issued.push({ rate: (count * 1000) / (performance.now() - begun), cpu: cpu / count / 1000 });
  }
  await server.stop();
  remove();
  value('Token issue, bcrypt cost 12: CPU', median(issued.map(i => i.cpu)), 'ms');
  value('Token issue, bcrypt cost 12: tokens a second', median(issued.map(i => i.rate)), '/s');
  ratio('p99 of GET while 8 logins hash, over idle', median(busy), median(idle), 'ms', 2);
}

/** @param {string} url */
async function latency(url) {
  const { latencies } = await run(url, READ, { connections: 4, count: RATE * 6, rate: RATE });
  return percentile(latencies, 0.99);
}

/**
 * @param {string} url
 * @param {string} path
 * @param {number} person
 */
async function once(url, path, person) {
  const body = JSON.stringify({ username: `person${person}`, password: 'correct horse' });
  const { failures } = await run(url, { method: 'POST', path, body }, { connections: 1, count: 1 });
  if (failures > 0) throw new Error(`${path} was refused`);
}

/** @param {number[]} list */
function median(list) {
  return percentile(Float64Array.from(list).sort(), 0.5);
}
