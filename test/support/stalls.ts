/** How long a client is kept waiting by what others do. */

import { Worker } from 'node:worker_threads';

/**
 * Asks for `/livez` all the while, on a thread of its own, so that what the test itself computes counts for nothing. Where the
 * system tells (Linux), neither does the time in which the server or this thread was ready to run and other processes had the
 * processor.
 */
const WATCHER = `
  const { readFileSync } = require('node:fs');
  const http = require('node:http');
  const { parentPort, workerData: { url, pid } } = require('node:worker_threads');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

  /** Milliseconds that a thread has had a processor, and has waited for one. */
  function timesOf(thread) {
    try {
      const [worked, queued] = readFileSync('/proc/' + thread + '/schedstat', 'utf8').split(' ');
      return { worked: Number(worked) / 1e6, queued: Number(queued) / 1e6 };
    } catch {
      return { worked: 0, queued: 0 };
    }
  }
  const times = () => {
    const { worked, queued } = timesOf(pid + '/task/' + pid);
    return { worked, queued: queued + timesOf('thread-self').queued };
  };

  let worst = { held: 0, waited: 0, worked: 0 };
  let told = false;
  parentPort.on('message', () => { told = true; });
  function ask() {
    const before = times();
    const begun = performance.now();
    http.get(url + '/livez', { agent }, answer => {
      answer.resume();
      answer.on('end', () => {
        const waited = performance.now() - begun;
        const after = times();
        const held = Math.max(0, waited - (after.queued - before.queued));
        const worked = Math.max(worst.worked, after.worked - before.worked);
        worst = held > worst.held ? { held, waited, worked } : { ...worst, worked };
        if (told) {
          parentPort.postMessage(worst);
          worst = { held: 0, waited: 0, worked: 0 };
          told = false;
        }
        setTimeout(ask, 3);
      });
    }).on('error', () => {}); // the test is over
  }
  ask();
`;

/** The longest wait for an answer, in milliseconds. */
export interface Wait {
  /** As long as it was the server that kept the client waiting. */
  readonly held: number;
  /** By the clock. */
  readonly waited: number;
  /** The most that the thread of the server computed while the client waited, however loaded the machine is; 0 where the system does not tell. */
  readonly worked: number;
}

/** A client of a server that asks whether it lives, again and again. */
export class Watcher {
  readonly #worker: Worker;

  constructor(server: { readonly url: string; readonly pid: number }) {
    this.#worker = new Worker(WATCHER, { eval: true, workerData: { url: server.url, pid: server.pid } });
  }

  /** The longest it was held since this was asked before; resolves when it has its next answer. */
  longest(): Promise<Wait> {
    return new Promise((resolve, reject) => {
      const settled = (settle: () => void) => {
        this.#worker.off('error', failed).off('message', told);
        settle();
      };
      const failed = (error: unknown) => settled(() => reject(error));
      const told = (wait: Wait) => settled(() => resolve(wait));
      this.#worker.once('error', failed).once('message', told);
      this.#worker.postMessage('longest');
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
