/** The course of a soak: who is there, when the server is killed, stopped, reloaded and started again. */

import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { bodyAttacks } from './attacks/bodies.js';
import { connectionAttacks } from './attacks/connections.js';
import { Foe } from './attacks/foe.js';
import { mutationAttacks } from './attacks/mutations.js';
import { passwordAttacks } from './attacks/passwords.js';
import { Desktop } from './honest/desktop.js';
import { Dotfiles } from './honest/dotfiles.js';
import { Events } from './honest/events.js';
import { Punches } from './honest/punches.js';
import { Values } from './honest/values.js';
import { bearer, Client, login, register, Unexpected } from './http.js';
import { progress } from './report.js';

const KINDS = [Values, Values, Punches, Dotfiles, Events, Desktop];
const ATTACKS = [...passwordAttacks, ...bodyAttacks, ...connectionAttacks, ...mutationAttacks];
/** Seconds between two kills, reloads, looks at the memory, lines; and until the server is warm. */
const KILL = 120;
const RELOAD = 37;
const LINE = 10;
const WARM = 30;
/** Milliseconds between two steps of an honest client. */
const STEP = 60;

/** @typedef {InstanceType<typeof KINDS[number]>} Honest */

export class Soak {
  #server;
  #tally;
  #seconds;
  #begun = 0;
  #interrupted = false;
  /** Kinds of attack that are under way. @type {Map<string, number>} */
  #underWay = new Map();
  #longest = 0;
  /** @type {string[]} */
  #during = [];
  #memory = { first: 0, last: 0 };
  #kills = 0;
  #reloads = 0;
  /** @type {string[]} */
  #stops = [];

  /**
   * @param {import('./server.js').Server} server
   * @param {import('./tally.js').Tally} tally
   * @param {number} seconds
   */
  constructor(server, tally, seconds) {
    this.#server = server;
    this.#tally = tally;
    this.#seconds = seconds;
  }

  /** Ends it early; what was acknowledged is compared all the same. */
  interrupt() {
    this.#interrupted = true;
  }

  async run() {
    await this.#server.start();
    const { port } = this.#server;
    const honest = KINDS.map((Kind, i) => new Kind(new Client(port, this.#tally, `10.1.0.${i + 1}`), `honest-${i}`));
    for (const client of honest) await client.begin();
    const foe = new Foe(
      port,
      this.#tally,
      honest.map(({ name }) => name),
      (this.#seconds * 1000) / 4,
    );
    await foe.begin();
    const watcher = await this.#watch(port);
    this.#begun = performance.now();
    const clients = honest.map(client => this.#live(client));
    const attacks = ATTACKS.map(attack => this.#attack(attack, foe));
    await Promise.all([this.#disturb(watcher), this.#report(), ...clients, ...attacks]);
    const waits = await new Promise(resolve => {
      watcher.on('message', message => message.asked !== undefined && resolve(message));
      watcher.postMessage('over');
    });
    this.#memory.last = this.#server.rss();
    await this.#restart(watcher, () => this.#server.kill());
    this.#kills++;
    for (const client of honest) await this.#trying(client, () => client.check());
    await this.#stop(watcher);
    for (const { client } of honest) client.close();
    foe.close();
    const memory = { ...this.#memory, peak: this.#server.peak };
    return { kills: this.#kills, stops: this.#stops, reloads: this.#reloads, waits, during: this.#during, memory };
  }

  get #elapsed() {
    return (performance.now() - this.#begun) / 1000;
  }

  get #over() {
    return this.#interrupted || this.#elapsed > this.#seconds;
  }

  /** @param {Honest} client */
  async #live(client) {
    let seen = this.#tally.generation;
    while (!this.#over) {
      await this.#trying(client, () => client.step());
      if (this.#tally.generation !== seen) {
        seen = this.#tally.generation;
        await this.#trying(client, () => client.check());
      }
      await pause(STEP);
    }
  }

  /**
   * @param {Honest} client
   * @param {() => Promise<unknown>} work
   */
  async #trying({ name }, work) {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Unexpected)) throw error;
      this.#tally.fault(`${name} got an answer nobody means (${error.message.slice(0, 40)})`, error.message);
      await pause(1000);
    }
  }

  /**
   * @param {import('./attacks/passwords.js').Attack} attack
   * @param {Foe} foe
   */
  async #attack(attack, foe) {
    await pause(Math.min(attack.pause, (this.#seconds * 1000) / 10) * Math.random());
    while (!this.#over) {
      if (!this.#tally.down) {
        this.#underWay.set(attack.kind, performance.now());
        await attack.run(foe);
        this.#underWay.delete(attack.kind);
      }
      await this.#wait(attack.pause / 1000);
    }
  }

  /** What an operator does, and worse. @param {Worker} watcher */
  async #disturb(watcher) {
    const every = Math.min(KILL, this.#seconds / 3);
    let nextKill = every;
    let nextReload = Math.min(RELOAD, this.#seconds / 4);
    let stopAt = this.#seconds * 0.55;
    while (!this.#over) {
      const now = this.#elapsed;
      const rss = this.#server.rss();
      if (this.#memory.first === 0 && now > Math.min(WARM, this.#seconds / 4)) this.#memory.first = rss;
      if (now > nextKill) {
        await this.#restart(watcher, () => this.#server.kill());
        this.#kills++;
        nextKill += every;
      } else if (now > stopAt) {
        await this.#stop(watcher);
        await this.#restart(watcher, async () => {});
        stopAt = Number.POSITIVE_INFINITY;
      } else if (!this.#server.running) {
        await this.#restart(watcher, async () => {}); // Why it ended is among the faults.
      } else if (now > nextReload) {
        this.#server.reload();
        this.#reloads++;
        nextReload += RELOAD;
      }
      await pause(500);
    }
  }

  /** @param {Worker} watcher */
  async #stop(watcher) {
    watcher.postMessage('down');
    const { code, took } = await this.#server.stop();
    this.#stops.push(`exit code ${code} after ${took} ms`);
  }

  /**
   * @param {Worker} watcher
   * @param {() => Promise<void>} end
   */
  async #restart(watcher, end) {
    watcher.postMessage('down');
    await end();
    await this.#server.start();
    this.#tally.generation++;
    watcher.postMessage('up');
  }

  /**
   * An honest client of its own, in a thread of its own.
   * @param {number} port
   */
  async #watch(port) {
    const client = new Client(port, this.#tally, '10.1.255.1');
    await register(client, 'watcher', 'honest watcher');
    const token = await login(client, 'watcher', 'honest watcher');
    await client.json('POST', '/user/me/store/greeting', { value: 'hello' }, bearer(token));
    client.close();
    const worker = new Worker(new URL('watcher.js', import.meta.url), { workerData: { port, token } });
    worker.on('message', ({ waited, status }) => {
      if (status !== undefined && !this.#tally.down)
        this.#tally.fault(`the watcher got ${status}`, 'GET /user/me/store/greeting');
      if (waited === undefined || waited <= this.#longest) return;
      this.#longest = waited;
      this.#during = [...this.#underWay.keys()].filter(kind => !/at random|odd|slow|cut/.test(kind));
    });
    return worker;
  }

  async #report() {
    while (!this.#over) {
      await this.#wait(LINE);
      console.log(progress(this.#elapsed, this.#tally, this.#server.rss(), this.#longest));
    }
  }

  /** Waits, but not beyond the end. @param {number} seconds */
  async #wait(seconds) {
    const until = performance.now() + seconds * 1000;
    while (!this.#over && performance.now() < until) await pause(Math.min(200, Math.max(1, until - performance.now())));
  }
}
