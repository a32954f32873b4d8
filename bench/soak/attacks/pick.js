import { randomInt } from 'node:crypto';

/**
 * One of a list, at random.
 * @template T
 * @param {readonly T[]} list
 * @returns {T}
 */
export function pick(list) {
  return /** @type {T} */ (list[randomInt(list.length)]);
}
