import { setTimeout as pause } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { expect } from 'vitest';
import { forEachEngine, mongoUri } from '../support/engines.ts';
import { faultProxy } from '../support/fault.ts';
import { installedMongod } from '../support/mongodb-server.ts';
import { type Program, type ServerProcess, test } from '../support/process.ts';
import { ReplicaSet, stepDown } from '../support/replica-set.ts';
import type { Answer } from '../support/request.ts';
import { type Send, Writer } from './crash-writer.ts';

/** `npm run test:crash` asks for hundreds. */
const ROUNDS = Number(process.env.KEYBIN_CRASH_ROUNDS ?? 2);
const WRITERS = 6;
/** Milliseconds of writing before MongoDB is lost, at most. */
const LONGEST = 600;
/** Operations each writer has to complete after the loss, and the milliseconds it has for that. */
const AFTERWARDS = 5;
const PATIENCE = 60_000;

const TIMEOUT = 120_000 + ROUNDS * 60_000;

/** Loses MongoDB in some way; resolves when it has come back, or will by itself. */
type Lose = (round: number) => Promise<void>;

function through(server: ServerProcess): Send {
  return (method, path, body) => server.request(method, path, body);
}

/** Asks again while the answer is 503: only for what may be asked twice. */
function patiently(send: Send): Send {
  return async (method, path, body) => {
    const deadline = performance.now() + PATIENCE;
    let answer: Answer;
    do {
      answer = await send(method, path, body);
      if (answer.status === 503) await pause(100);
    } while (answer.status === 503 && performance.now() < deadline);
    return answer;
  };
}

/**
 * Rounds of: write in parallel through two processes, lose MongoDB, see that all go on by themselves, compare. A 503 says that
 * a write may have happened or not; any other refusal is wrong.
 */
async function loseAgainAndAgain(program: Program, uri: string, database: string, lose: Lose): Promise<void> {
  const settings = {
    STORE_HOST: uri,
    STORE_DATABASE: database,
    STORE_TOKEN_EXPIRATION: '86400',
    SECURITY_THROTTLE: 'false',
  };
  const servers = [await program.start({ settings }), await program.start({ settings })].map(through);
  const sendOf = (i: number): Send => servers[i % 2] ?? Promise.reject;
  const writers = Array.from({ length: WRITERS }, (_, i) => new Writer(`writer${i}`));
  await Promise.all(writers.map((writer, i) => writer.begin(sendOf(i))));
  for (let round = 0; round < ROUNDS; round++) {
    let goal = Number.POSITIVE_INFINITY;
    const deadline = performance.now() + PATIENCE + LONGEST;
    const working = writers.map((writer, i) =>
      writer.write(sendOf(i), () => writer.done >= goal || performance.now() > deadline, false),
    );
    await Promise.race([pause(Math.random() * LONGEST), Promise.all(working)]);
    await Promise.race([lose(round), Promise.all(working)]);
    const most = Math.max(...writers.map(writer => writer.done));
    goal = most + AFTERWARDS;
    await Promise.all(working);
    const slow = writers.filter(writer => writer.done < goal).map(writer => writer.name);
    expect(slow, `round ${round}: these did not go on`).toEqual([]);
    const wrong = await Promise.all(writers.map((writer, i) => writer.check(patiently(sendOf(i + 1)))));
    expect(wrong.flat(), `round ${round}`).toEqual([]);
  }
}

forEachEngine('everything that was acknowledged is there', () => {
  test('after MongoDB was out of reach or hung for a while', { timeout: TIMEOUT }, async ({ program }) => {
    const proxy = await faultProxy(mongoUri());
    await loseAgainAndAgain(program, proxy.uri, program.database(), async round => {
      if (round % 2 === 0) proxy.refuse();
      else proxy.freeze();
      await pause(Math.random() * 2_000);
      proxy.restore();
    });
    await proxy.close();
  });
}, ['mongodb']);

/** A `mongod` to make a replica set of, or undefined. */
async function mongod(): Promise<string | undefined> {
  return installedMongod(process.env).catch(() => undefined);
}

test('a replica set that loses its primary, by stepping down and by kill -9, keeps everything that was acknowledged', {
  timeout: TIMEOUT,
}, async ({ program, skip }) => {
  const binary = await mongod();
  if (binary === undefined) return skip('no mongod to make a replica set of: MONGOMS_SYSTEM_BINARY, or on the PATH');
  const set = await ReplicaSet.start(binary);
  program.atEnd(() => set.stop());
  await loseAgainAndAgain(program, set.uri, 'keybin', async round => {
    if (round % 2 === 0) await stepDown(set.uri);
    else {
      await set.killPrimary();
      await pause(Math.random() * 5_000);
      await set.heal();
    }
  });
});

test('the replica set at MONGODB_URI keeps everything that was acknowledged when its primary steps down', {
  timeout: TIMEOUT,
}, async ({ program, skip }) => {
  const uri = process.env.MONGODB_URI;
  if (uri === undefined || process.env.KEYBIN_CRASH_ROUNDS === undefined) {
    return skip('this disturbs all users of a server: only with MONGODB_URI and KEYBIN_CRASH_ROUNDS');
  }
  const client = new MongoClient(uri);
  const { hosts = [] } = await client.db('admin').command({ hello: 1 });
  await client.close();
  skip(hosts.length < 2, 'the server at MONGODB_URI is no replica set with another member to elect');
  await loseAgainAndAgain(program, uri, program.database(), () => stepDown(uri));
});
