/** The standard input, read whole. */

import { buffer } from 'node:stream/consumers';
import { unlessStopped } from './context.ts';
import { misused } from './failure.ts';

/** All of it. Throws the reason of the signal. */
export function readAll(signal: AbortSignal): Promise<Uint8Array> {
  return unlessStopped(signal, buffer(process.stdin));
}

/** A secret of one line, without its line break. Throws `Failure` when it is empty or has several. */
export async function readSecret(signal: AbortSignal): Promise<string> {
  const [secret, ...more] = await readSecrets(signal);
  if (secret && more.length === 0) return secret;
  throw misused('the standard input: expected one line, the password');
}

/** Secrets, a line each. Throws `Failure` when they are no UTF-8. */
export async function readSecrets(signal: AbortSignal): Promise<readonly string[]> {
  const bytes = await readAll(signal);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.replace(/\r?\n$/, '').split(/\r?\n/);
  } catch {
    throw misused('the standard input: expected UTF-8');
  }
}
