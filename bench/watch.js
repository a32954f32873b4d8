/** A client that asks for `/livez` again and again, and at the end tells how long it waited at the most. */

import http from 'node:http';

const PAUSE = 5;
const [url = ''] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });
let longest = 0;

process.on('message', () => process.send?.(longest, () => process.exit()));

for (let first = true; ; first = false) {
  const begun = performance.now();
  await ask();
  if (first) process.send?.('ready');
  else longest = Math.max(longest, performance.now() - begun);
  await new Promise(resolve => setTimeout(resolve, PAUSE));
}

function ask() {
  return new Promise((resolve, reject) => {
    http.get(`${url}/livez`, { agent }, answer => answer.resume().on('end', resolve)).on('error', reject);
  });
}
