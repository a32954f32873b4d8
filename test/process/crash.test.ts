import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Engine, forEachEngine } from '../support/engines.ts';
import { type Program, type ServerProcess, type Settings, test } from '../support/process.ts';
import { type Send, Writer } from './crash-writer.ts';

/** `npm run test:crash` asks for hundreds. */
const ROUNDS = Number(process.env.KEYBIN_CRASH_ROUNDS ?? 3);
const WRITERS = 6;
/** Milliseconds of writing before somebody is killed, at most; and of writing on with who is left. */
const LONGEST = 400;
const AFTERWARDS = 300;

/** Time for one test: a round takes a second or two, on a busy machine some more. */
const TIMEOUT = 60_000 + ROUNDS * 15_000;

const through =
  (server: ServerProcess): Send =>
  (method, path, body) =>
    server.request(method, path, body);

/** Server processes on the same data, some of which are killed again and again. */
class Victims {
  readonly #start: () => Promise<ServerProcess>;
  #servers: ServerProcess[] = [];

  constructor(program: Program, settings: Settings) {
    this.#start = () => program.start({ settings });
  }

  async fill(count: number): Promise<readonly ServerProcess[]> {
    while (this.#servers.length < count) this.#servers.push(await this.#start());
    return this.#servers;
  }

  /** Kills some, at least one, all at the same moment; returns who is left. */
  async kill(): Promise<readonly ServerProcess[]> {
    const first = Math.floor(Math.random() * this.#servers.length);
    const killed = this.#servers.filter((_, i) => i === first || Math.random() < 0.3);
    for (const server of killed) server.signal('SIGKILL');
    await Promise.all(killed.map(server => server.end()));
    this.#servers = this.#servers.filter(server => !killed.includes(server));
    return this.#servers;
  }
}

/** Rounds of: write in parallel, kill, start again, compare. */
async function crashAgainAndAgain(program: Program, engine: Engine, processes: number): Promise<void> {
  const settings = {
    ...program.place(engine),
    SECURITY_THROTTLE: 'false',
    SIMPLE_SYNC_JWT_SECRET: 'x'.repeat(32),
    STORE_TOKEN_EXPIRATION: '86400',
  };
  const victims = new Victims(program, settings);
  const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(`writer${i}`));
  const [first] = await victims.fill(processes);
  if (!first) throw new Error('no server');
  await Promise.all(writers.map(writer => writer.begin(through(first))));
  for (let round = 0; round < ROUNDS; round++) {
    const servers = await victims.fill(processes);
    let over = false;
    const working = writers.map((writer, i) => {
      const server = servers[i % servers.length] ?? first;
      return writer.write(through(server), () => over, true);
    });
    await Promise.race([pause(Math.random() * LONGEST), Promise.all(working)]);
    const left = await victims.kill();
    const before = done(writers);
    if (left.length > 0) {
      await pause(AFTERWARDS);
      expect(done(writers), `round ${round}: those that are left go on`).toBeGreaterThan(before);
    }
    over = true;
    await Promise.all(working);
    const restarted = await victims.fill(processes);
    const wrong = await Promise.all(
      writers.map((writer, i) => writer.check(through(restarted[i % restarted.length] ?? first))),
    );
    expect(wrong.flat(), `round ${round}, after ${before} acknowledged operations`).toEqual([]);
  }
  const servers = await victims.fill(processes);
  for (const server of servers) {
    expect(server.log.filter(line => line.level >= 40)).toEqual([]);
    expect(await server.stop()).toEqual({ code: 0, signal: null });
  }
}

function done(writers: readonly Writer[]): number {
  return writers.reduce((sum, writer) => sum + writer.done, 0);
}

forEachEngine('after kill -9 everything that was acknowledged is there', engine => {
  for (const processes of [1, 2]) {
    test(`with ${processes === 1 ? 'one process' : 'two processes'}`, { timeout: TIMEOUT }, async ({ program }) => {
      await crashAgainAndAgain(program, engine, processes);
    });
  }
});
