/** A machine as a process of its own, so that it can be killed: does a round for each line of its standard input, which
 * is `online` or `offline`. */

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { nodeDisk } from '../../../dist/cli/dotsync/engine/node-disk.js';
import { remoteOf } from '../../../dist/cli/dotsync/engine/remote.js';
import { syncRound } from '../../../dist/cli/dotsync/engine/round.js';
import { State } from '../../../dist/cli/dotsync/engine/state.js';
import { lock } from '../../../dist/cli/dotsync/home/lock.js';
import { Keybin } from '../../../dist/client/index.js';

const [home = '', machine = '', url = '', config = ''] = process.argv.slice(2);
const own = join(home, '.dotsync');
const remotes = new Map(
  Object.entries({ online: url, offline: 'http://127.0.0.1:9' }).map(([name, address]) => {
    const client = new Keybin({ url: address, token: process.env.TOKEN ?? '', retries: 0 });
    return [name, remoteOf((method, path, options) => client.request(method, path, options))];
  }),
);

/** @param {string} network */
async function round(network) {
  const remote = remotes.get(network);
  if (remote === undefined) throw new Error(`there is no ${network}`);
  const free = await lock(nodeDisk, join(own, 'locks'), 'work');
  try {
    const state = new State(nodeDisk, join(own, 'state'));
    const place = { disk: nodeDisk, home, own, allowed: [] };
    const { files } = await syncRound({ place, state, remote, machine, configs: [config] });
    return files;
  } finally {
    free();
  }
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await round(line).then(
    files => ({ files }),
    error => ({ error: String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
