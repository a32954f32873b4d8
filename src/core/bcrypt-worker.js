import os from 'node:os';
import { hashSync } from 'bcryptjs';

// Hashing must not slow down the event loop. On Linux a priority belongs to a thread, so this lowers only the worker's own;
// elsewhere it would lower the whole process.
if (process.platform === 'linux') os.setPriority(0, os.constants.priority.PRIORITY_BELOW_NORMAL);

/**
 * Runs in a worker thread of `passwords.ts`.
 * @param {{ password: string, salt: string | number }} task The salt of a stored hash, or the cost of a new one.
 * @returns {string}
 */
export default function bcrypt({ password, salt }) {
  return hashSync(password, salt);
}
