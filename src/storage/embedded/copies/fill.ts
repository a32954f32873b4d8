import { StartupError } from '../../../base/errors.ts';
import type { BlobStore, Fill } from '../../port.ts';
import * as apply from '../apply.ts';
import type { Environment } from '../environment.ts';
import { keepSecret, secretsIn } from '../files/secrets.ts';
import { EVERYTHING } from '../keys.ts';
import type { Opened } from '../opening/open-data.ts';
import { markIn, note } from './mark.ts';

/** By this clock nothing has ended. */
const BEFORE_ALL = Number.NEGATIVE_INFINITY;

/** Begins to fill a folder, or goes on. What is noted lies in the transaction of what it is about. Throws `StartupError`. */
export async function beginFill(env: Environment, opened: Opened, blobs: BlobStore, copy: string): Promise<Fill> {
  const { meta, counters, tables, stamps } = opened;
  const mark = markIn(meta);
  if (mark === undefined) {
    const isEmpty = await holdsNothing(env, opened, blobs);
    if (!isEmpty) throw notEmpty(env.folder);
  } else if (mark.copy !== copy) throw otherCopy(env.folder);
  let position = mark?.position ?? 0;
  const noting = async (reached: number, work: () => void = () => {}) => {
    await env.writer.atomically(() => {
      work();
      note(meta, { copy, position: reached });
    });
    position = reached;
  };
  if (mark === undefined) await noting(0);
  return {
    get position() {
      return position;
    },
    documents(collection, docs, reached) {
      const table = tables.find(({ spec }) => spec.name === collection);
      if (table === undefined) throw new Error(`collection ${collection} was not opened`);
      for (const doc of docs) apply.checkDoc(table, doc);
      return noting(reached, () => {
        for (const doc of docs) apply.put(table, { ...doc }, BEFORE_ALL);
      });
    },
    counter: ({ name, value }, reached) => noting(reached, () => counters.put(name, value)),
    async secret(secret, reached) {
      await keepSecret(env, secret);
      await noting(reached);
    },
    reached: noting,
    end: () =>
      env.writer.atomically(() => {
        stamps.forgetOwners();
        note(meta, undefined);
      }),
  };
}

async function holdsNothing(env: Environment, { tables, counters }: Opened, blobs: BlobStore): Promise<boolean> {
  for (const { primary } of tables) for (const _ of primary.getKeys({ ...EVERYTHING, limit: 1 })) return false;
  for (const _ of counters.getKeys({ limit: 1 })) return false;
  return (await secretsIn(env)).length === 0 && (await blobs.list()).items.length === 0;
}

function notEmpty(folder: string): StartupError {
  return new StartupError(
    `the data folder ${folder} is not empty, and a copy goes into an empty one only: name another folder, or move this one away`,
  );
}

function otherCopy(folder: string): StartupError {
  return new StartupError(
    `the data folder ${folder} holds a part of another copy: run the command of that one again to go on with it, or remove the folder`,
  );
}
