/** Clients of servers, as commands make them. */

import { type CreatedToken, Keybin, type KeybinOptions, type SignInOptions } from '../../client/index.ts';
import { version } from '../version.ts';
import { fetchForCommands } from './fetch.ts';

const OURS = { userAgent: `keybin/${version()}`, fetch: fetchForCommands };

/** A client that says which program it is of. */
export function newClient(options: KeybinOptions): Keybin {
  return new Keybin({ ...OURS, ...options });
}

/** A token made with a password: `Keybin.signIn`. */
export async function makeToken(url: string, options: SignInOptions): Promise<CreatedToken> {
  const { token } = await Keybin.signIn(url, { ...OURS, ...options });
  return token;
}
