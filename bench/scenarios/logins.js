/**
 * Token issue, what reading a value suffers from logins and registrations, and what a login suffers from registrations. The server
 * has all cores: with one for reading and hashing together, the turns of the kernel would be what is measured.
 */

import { percentile, run } from '../client.js';
import { seed, TOKEN } from '../seed.js';
import { startKeybin, temporaryFolder } from '../servers.js';

const READ = { path: `/user/${TOKEN}/store/greeting` };
const PEOPLE = 8;

/** Reads a second while latency is looked at: far from what the server can do, so that queues do not hide the effect. */
const RATE = 500;

/** Registrations at once, from one address, or from so many that all of them may wait. */
const REGISTRATIONS = 200;
const ADDRESSES = 25;

/** Milliseconds from the first registration to the login. */
const LATER = 100;

/** Logins of which the time is looked at, one after another. */
const LOGINS = 5;

/** @param {import('../results.js').Run} run */
export async function logins({ rounds, value, ratio }) {
  const [folder, remove] = temporaryFolder();
  await seed(`file:${folder}`, 'store', 100);
  const server = await startKeybin(
    {
      KEYBIN_STORE_HOST: `file:${folder}`,
      KEYBIN_APP_TRUSTED_PROXIES: '127.0.0.1', // so that a request can say from where it comes
    },
    { everywhere: true },
  );
  for (let i = 0; i < PEOPLE; i++) await once(server.url, '/register', `person${i}`);
  await run(server.url, READ, { connections: 8, count: 20_000 });

  const idle = [];
  const busy = [];
  const issued = [];
  const alone = [];
  for (let round = 0; round < rounds; round++) {
    idle.push(await latency(server.url));
    let running = true;
    const before = await server.usage();
    const begun = performance.now();
    const loops = Array.from({ length: PEOPLE }, async (_, i) => {
      let count = 0;
      for (; running; count++) await once(server.url, '/token', `person${i}`);
      return count;
    });
    busy.push(await latency(server.url));
    running = false;
    const count = (await Promise.all(loops)).reduce((a, b) => a + b, 0);
    const cpu = (await server.usage()).cpu - before.cpu;
    issued.push({ rate: (count * 1000) / (performance.now() - begun), cpu: cpu / count / 1000 });
    alone.push(await loginTime(server.url));
  }
  value('Token issue, bcrypt cost 10, all cores: CPU', median(issued.map(i => i.cpu)), 'ms');
  value(
    'Token issue, bcrypt cost 10, all cores: tokens a second (PocketBase, same cost, 2 cores: 29)',
    median(issued.map(i => i.rate)),
    '/s',
  );
  ratio('p99 of GET while 8 logins hash, all cores, over idle', median(busy), median(idle), 'ms', 2);

  for (const addresses of [1, ADDRESSES]) {
    const beside = [];
    const reads = [];
    for (let round = 0; round < rounds; round++) {
      const flood = register(server.url, round, addresses);
      await new Promise(resolve => setTimeout(resolve, LATER));
      const [login, read] = await Promise.all([loginTime(server.url), latency(server.url, 3)]);
      beside.push(login);
      reads.push(read);
      await flood;
    }
    const from = `${REGISTRATIONS} registrations at once from ${addresses === 1 ? 'one address' : `${addresses} addresses`}, all cores`;
    ratio(`Login beside ${from}, over alone`, median(beside), median(alone), 'ms', 3);
    ratio(`p99 of GET beside ${from}, over idle`, median(reads), median(idle), 'ms', 2);
  }
  await server.stop();
  remove();
}

/**
 * @param {string} url
 * @param {number} seconds
 */
async function latency(url, seconds = 6) {
  const { latencies } = await run(url, READ, { connections: 4, count: RATE * seconds, rate: RATE });
  return percentile(latencies, 0.99);
}

/**
 * The median of some logins, in milliseconds.
 * @param {string} url
 */
async function loginTime(url) {
  const times = [];
  for (let i = 0; i < LOGINS; i++) {
    const begun = performance.now();
    await once(url, '/token', 'person0');
    times.push(performance.now() - begun);
  }
  return median(times);
}

/**
 * All at once, whatever becomes of them.
 * @param {string} url
 * @param {number} round
 * @param {number} addresses
 */
async function register(url, round, addresses) {
  const registrations = Array.from({ length: REGISTRATIONS }, (_, i) => {
    const address = `10.${addresses}.${round}.${i % addresses}`;
    return ask(url, '/register', `stranger ${addresses} ${round} ${i}`, { 'X-Forwarded-For': address });
  });
  await Promise.all(registrations);
}

/**
 * @param {string} url
 * @param {string} path
 * @param {string} username
 */
async function once(url, path, username) {
  if ((await ask(url, path, username)) > 0) throw new Error(`${path} was refused`);
}

/**
 * How many were refused: none or one.
 * @param {string} url
 * @param {string} path
 * @param {string} username
 * @param {Record<string, string>} [headers]
 */
async function ask(url, path, username, headers) {
  const body = JSON.stringify({ username, password: 'correct horse' });
  const { failures } = await run(
    url,
    { method: 'POST', path, body, ...(headers && { headers }) },
    { connections: 1, count: 1 },
  );
  return failures;
}

/** @param {number[]} list */
function median(list) {
  return percentile(Float64Array.from(list).sort(), 0.5);
}
