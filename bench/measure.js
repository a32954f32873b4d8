/** One figure: CPU of the server process per request, and what the client saw. */

import { percentile, run } from './client.js';

/**
 * @typedef {{ cpu: number, rate: number, p50: number, p99: number }} Figures microseconds, requests per second, milliseconds
 * @typedef {{ name: string, start: () => Promise<import('./servers.js').Server>, request: import('./client.js').Request |
 *   import('./client.js').Request[],
 *   warm?: number, count?: number, connections?: number }} Subject
 */

/**
 * Measures all subjects round by round, so that a slow moment of the machine meets them alike; medians of the rounds.
 * @param {Subject[]} subjects
 * @param {number} rounds
 * @returns {Promise<Map<string, Figures>>}
 */
export async function compare(subjects, rounds) {
  const servers = await Promise.all(subjects.map(subject => subject.start()));
  /** @type {Map<string, Figures[]>} */
  const all = new Map(subjects.map(({ name }) => [name, []]));
  try {
    for (let round = 0; round <= rounds; round++) {
      for (const [i, subject] of subjects.entries()) {
        const server = servers[i];
        if (server === undefined) continue;
        const count = round === 0 ? (subject.warm ?? 20_000) : (subject.count ?? 20_000);
        const figures = await measure(server, subject, count);
        if (round > 0) all.get(subject.name)?.push(figures);
      }
    }
  } finally {
    await Promise.all(servers.map(server => server.stop()));
  }
  return new Map([...all].map(([name, list]) => [name, medians(list)]));
}

/**
 * @param {import('./servers.js').Server} server
 * @param {Subject} subject
 * @param {number} count
 * @returns {Promise<Figures>}
 */
async function measure(server, { name, request, connections = 32 }, count) {
  const before = await server.usage();
  const { seconds, latencies, failures } = await run(server.url, request, { connections, count });
  const after = await server.usage();
  if (failures > 0) throw new Error(`${name}: ${failures} of ${count} requests failed`);
  return {
    cpu: (after.cpu - before.cpu) / count,
    rate: count / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
  };
}

/**
 * @param {Figures[]} list
 * @returns {Figures}
 */
function medians(list) {
  /** @param {(f: Figures) => number} pick */
  const median = pick => list.map(pick).sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
  return { cpu: median(f => f.cpu), rate: median(f => f.rate), p50: median(f => f.p50), p99: median(f => f.p99) };
}
