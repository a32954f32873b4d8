/** How long commands of `keybin` take, from the shell's point of view, beside the floors: Node that does nothing, and curl. */

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { seed, TOKEN } from '../seed.js';
import { startKeybin, temporaryFolder } from '../servers.js';

const MAIN = path.join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/** Milliseconds at most. */
const BARS = { help: 80, get: 120 };

/** @param {import('../results.js').Run} run */
export async function commandLine({ rounds, table, value }) {
  const [folder, remove] = temporaryFolder();
  const place = { KEYBIN_STORE_HOST: `file:${folder}` };
  await seed(place.KEYBIN_STORE_HOST, 'store', 100);
  const server = await startKeybin(place);
  const node = `'${process.execPath}'`;
  const keybin = `${node} '${MAIN}'`;
  const names = {
    'node -e 0': `${node} -e 0`,
    curl: `curl -s ${server.url}/v2/kv/greeting -H 'Authorization: Bearer ${TOKEN}'`,
    'keybin --help': `${keybin} --help`,
    'keybin get': `${keybin} get greeting`,
    'keybin set': `${keybin} set greeting hello`,
    'keybin ls': `${keybin} ls k --limit 100`,
  };
  /** @type {Map<string, { wall: number, cpu: number }[]>} */
  const all = new Map();
  for (let round = 0; round < rounds * 4; round++) {
    for (const [name, line] of Object.entries(names)) {
      all.set(name, [...(all.get(name) ?? []), timed(line, { KEYBIN_URL: server.url, KEYBIN_TOKEN: TOKEN })]);
    }
  }
  await server.stop();
  remove();
  const figures = new Map([...all].map(([name, costs]) => [name, medians(costs)]));
  const rows = [...figures].map(([name, { wall, cpu }]) => [name, cpu.toFixed(0), wall.toFixed(0)]);
  table('Command line: one command, from its start to its end', ['command', 'CPU ms', 'duration ms'], rows);
  value('keybin --help: duration', figures.get('keybin --help')?.wall ?? Number.NaN, 'ms', BARS.help);
  value('keybin get: duration', figures.get('keybin get')?.wall ?? Number.NaN, 'ms', BARS.get);
}

/**
 * Runs a line of a shell, and gives milliseconds.
 * @param {string} line
 * @param {Record<string, string>} environment
 */
function timed(line, environment) {
  const script = `TIMEFORMAT='%R %U %S'; { time ${line} > /dev/null 2>&3; } 3>&2 2>&1`;
  const told = execFileSync('bash', ['-c', script], { env: { PATH: process.env.PATH, ...environment } }).toString();
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = told.trim().split(' ').map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

/** @param {{ wall: number, cpu: number }[]} costs */
function medians(costs) {
  const middle = (/** @type {number[]} */ values) =>
    values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return { wall: middle(costs.map(({ wall }) => wall)), cpu: middle(costs.map(({ cpu }) => cpu)) };
}
