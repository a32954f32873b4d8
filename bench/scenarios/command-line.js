/** How long commands of `keybin` take, from the shell's point of view, beside the floors: Node that does nothing, and curl. */

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { seed, TOKEN } from '../seed.js';
import { startKeybin, temporaryFolder } from '../servers.js';

const MAIN = path.join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

/** How often what Node takes for its own start. */
const BARS = { help: 2, get: 3 };

/** Rounds of all commands: each is short, and one that was disturbed is to be outvoted. */
const ROUNDS = 11;

/** @param {import('../results.js').Run} run */
export async function commandLine({ table, ratio }) {
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
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, line] of Object.entries(names)) {
      all.set(name, [...(all.get(name) ?? []), timed(line, { KEYBIN_URL: server.url, KEYBIN_TOKEN: TOKEN })]);
    }
  }
  await server.stop();
  remove();
  const figures = new Map([...all].map(([name, costs]) => [name, medians(costs)]));
  const rows = [...figures].map(([name, { wall, cpu }]) => [name, cpu.toFixed(0), wall.toFixed(0)]);
  table('Command line: one command, from its start to its end', ['command', 'CPU ms', 'duration ms'], rows);
  const cpu = (/** @type {string} */ name) => figures.get(name)?.cpu ?? Number.NaN;
  ratio('keybin --help: CPU over that of node -e 0', cpu('keybin --help'), cpu('node -e 0'), 'ms', BARS.help);
  ratio('keybin get: CPU over that of node -e 0', cpu('keybin get'), cpu('node -e 0'), 'ms', BARS.get);
}

/**
 * Runs a line of a shell, and gives milliseconds.
 * @param {string} line
 * @param {Record<string, string>} environment
 */
function timed(line, environment) {
  const script = `TIMEFORMAT='%R %U %S'; { time ${line} > /dev/null 2>&3; } 3>&2 2>&1`;
  const told = execFileSync('bash', ['--norc', '-c', script], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  }).toString();
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = told.trim().split(' ').map(Number);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

/** @param {{ wall: number, cpu: number }[]} costs */
function medians(costs) {
  const middle = (/** @type {number[]} */ values) =>
    values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
  return { wall: middle(costs.map(({ wall }) => wall)), cpu: middle(costs.map(({ cpu }) => cpu)) };
}
