/** A worker that asks for one value again and again: how long an honest client is kept waiting. */

import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

/** Milliseconds between two questions, and from which one is told at once. */
const EVERY = 10;
const WORTH_TELLING = 100;

const { port, token } = workerData;
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
/** @type {number[]} */
const waits = [];
let down = false;
let over = false;
/** Goes up with every stop of the server, so that questions beside one do not count. */
let stops = 0;

parentPort?.on('message', message => {
  down = message === 'down';
  if (down) stops++;
  if (message === 'over') over = true;
});

/** @returns {Promise<number>} the status; 0 when none came */
function ask() {
  return new Promise(resolve => {
    const headers = { Authorization: `Bearer ${token}`, 'X-Forwarded-For': '10.1.255.1' };
    const asked = http.get({ port, host: '127.0.0.1', path: '/user/me/store/greeting', agent, headers }, answer => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
      answer.on('error', () => resolve(0));
    });
    asked.on('error', () => resolve(0));
  });
}

while (!over) {
  const before = stops;
  const begun = performance.now();
  const status = await ask();
  const waited = performance.now() - begun;
  if (!down && before === stops) {
    if (status === 200) waits.push(waited);
    else parentPort?.postMessage({ status });
    if (waited > WORTH_TELLING) parentPort?.postMessage({ waited });
  }
  await pause(down ? 50 : EVERY);
}
waits.sort((a, b) => a - b);
/** @param {number} p */
const at = p => waits[Math.min(waits.length - 1, Math.floor(waits.length * p))] ?? 0;
parentPort?.postMessage({ asked: waits.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), longest: at(1) });
agent.destroy();
parentPort?.close();
