import { timingSafeEqual } from 'node:crypto';
import os from 'node:os';
import { hashSync } from 'bcryptjs';

// Hashing must not slow down the event loop. On Linux a priority belongs to a thread, so this lowers only the worker's own;
// elsewhere it would lower the whole process.
if (process.platform === 'linux') os.setPriority(0, os.constants.priority.PRIORITY_BELOW_NORMAL);

/** What the salt takes of a hash: it may be written in more than one way, the rest in one. */
const SALT_LENGTH = 29;

/** @param {string} hashed */
const sumOf = hashed => Buffer.from(hashed.slice(SALT_LENGTH));

/**
 * Runs in a worker thread of `passwords.ts`: a new hash of this cost.
 * @param {{ password: string, cost: number }} task
 * @returns {string}
 */
export function hash({ password, cost }) {
  return hashSync(password, cost);
}

/**
 * Runs in a worker thread of `passwords.ts`: whether the hash is of the password. A wrong one takes as long as with a hash of
 * cost `upTo`: the costs from that of the hash up to below `upTo` together are just what is missing.
 * @param {{ password: string, stored: string, upTo: number }} task
 * @returns {boolean}
 */
export function verify({ password, stored, upTo }) {
  const salt = stored.slice(0, SALT_LENGTH);
  if (timingSafeEqual(sumOf(hashSync(password, salt)), sumOf(stored))) return true;
  for (let cost = Number(salt.slice(4, 6)); cost < upTo; cost++) hashSync(password, cost);
  return false;
}
