#!/usr/bin/env node
/**
 * Copies a data folder of the embedded engine while servers use it:
 *
 *     node deploy/backup.mjs DATA TARGET
 *
 * TARGET is then a data folder that a server can be started on. Run again, it brings TARGET up to date; whenever it is stopped,
 * TARGET has the database of before or the new one, never a part.
 */

import { existsSync } from 'node:fs';
import { cp, mkdir, open as openFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { open } from 'lmdb';
import { cutShort } from '../dist/storage/embedded/files/meta-pages.js';
import { Gate } from '../dist/storage/embedded/opening/gate.js';

/** A copy is made so many times, with so many milliseconds in between, until it has all it promises. */
const ATTEMPTS = 20;
const PAUSE = 50;

const [data, target] = process.argv.slice(2);
process.umask(0o077); // it holds all that the data folder holds
try {
  if (data === undefined || target === undefined) throw new Error('usage: node deploy/backup.mjs DATA TARGET');
  if (resolve(data) === resolve(target)) throw new Error('DATA and TARGET are one folder');
  if (!existsSync(join(data, 'keybin.mdb'))) throw new Error(`there is no keybin.mdb in ${data}`);
  await mkdir(target, { recursive: true, mode: 0o700 });
  await copyDatabase(join(data, 'keybin.mdb'), join(target, 'keybin.mdb'));
  // After the database: what it names is removed a day after it names it no more, so that all of it is still there.
  const contents = (await namesIn(join(data, 'blobs'))).filter(name => /^[0-9a-f]{2}$/.test(name));
  for (const name of contents) await copyFiles(join(data, 'blobs', name), join(target, 'blobs', name));
  await copyFiles(join(data, 'secrets'), join(target, 'secrets'));
  // The history of the copy goes on in another way: whoever followed the changes must not go on from what is not in it.
  await rm(join(target, 'secrets', 'changes'), { force: true });
  console.log(`${data} is copied to ${target}`);
} catch (error) {
  console.error(`backup: ${error.message}`);
  process.exitCode = 1;
}

/**
 * LMDB writes the state of one moment, while others write on. What is committed at that moment may already be promised by the
 * copy's first pages and not be in it: then it is made again.
 */
async function copyDatabase(from, to) {
  const aside = `${to}.new`;
  const gate = new Gate(dirname(from));
  const options = { path: from, noSubdir: true, overlappingSync: false };
  const { root: database, lock } = gate.alone(() => gate.admit(() => open(options)));
  try {
    for (let attempt = 1; ; attempt++) {
      await rm(aside, { force: true });
      await database.backup(aside, false);
      if (await isWhole(aside)) break;
      if (attempt === ATTEMPTS) throw new Error(`no whole copy of ${from} could be made in ${ATTEMPTS} attempts`);
      await pause(PAUSE);
    }
  } finally {
    await database.close();
    lock.close();
    gate.close();
  }
  await place(aside, to);
}

async function isWhole(name) {
  const file = await openFile(name, 'r');
  try {
    return cutShort(file.fd) === undefined;
  } finally {
    await file.close();
  }
}

/** Copies the files that are not there yet: a name never gets another content. */
async function copyFiles(from, to) {
  const names = (await namesIn(from)).filter(name => /^[\w-]+$/.test(name) && !existsSync(join(to, name)));
  if (names.length > 0) await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of names) {
    const aside = join(to, `${name}.new`);
    // Gone meanwhile is what nobody needs any more.
    const copied = await cp(join(from, name), aside).then(
      () => true,
      error => {
        if (error.code !== 'ENOENT') throw error;
        return false;
      },
    );
    if (copied) await place(aside, join(to, name));
  }
}

async function namesIn(folder) {
  return existsSync(folder) ? readdir(folder) : [];
}

/** Flushes a file to the disk, then gives it its name. */
async function place(aside, name) {
  const file = await openFile(aside, 'r+');
  await file.sync();
  await file.close();
  await rename(aside, name);
}
