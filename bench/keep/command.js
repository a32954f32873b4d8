/** What a command of `keybin-server` takes. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/**
 * Seconds, seconds of CPU, and MB of memory that is its own: the pages of the data file it has read are the kernel's.
 * @param {string[]} args
 * @param {string} host
 */
export async function command(args, host) {
  const begun = performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env.PATH, KEYBIN_STORE_HOST: host },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', text => {
    said = `${said}${text}`.slice(-1000);
  });
  const most = { memory: 0, cpu: 0 };
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      most.memory = Math.max(most.memory, Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1000);
      const [user = 0, system = 0] =
        readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ').slice(11, 13).map(Number) ?? [];
      most.cpu = Math.max(most.cpu, (user + system) / 100);
    } catch {
      // It has ended.
    }
  }, 20);
  const [code] = await once(child, 'exit');
  clearInterval(look);
  if (code !== 0) throw new Error(`${args[0]}: exit code ${code}: ${said}`);
  return { wall: (performance.now() - begun) / 1000, ...most };
}
