/** From a name and a password to a profile with a token. */

import type { Context } from '../context.ts';
import { say } from '../output.ts';
import { changeProfiles, type Profile, readProfiles } from '../profiles.ts';
import { makeToken, newClient } from '../server/client.ts';
import { tokenName } from './password.ts';

/** Who signs in, where, and under which name that is kept. */
export interface SigningIn {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly profile: string | undefined;
  /** Seconds that the token is to live; without it what the server gives. */
  readonly ttl?: number | undefined;
}

/** Makes a token, keeps it, and revokes the one that it replaces. */
export async function signIn(context: Context, { url, username, password, profile, ttl }: SigningIn): Promise<Profile> {
  const { environment, signal } = context;
  const given = { username, password, name: tokenName(username), ttl, signal };
  const token = await makeToken(url, given);
  const made: Profile = {
    url,
    account: username,
    token: token.token,
    token_id: token.id,
    ttl: Math.round((token.expiresAt.getTime() - token.createdAt.getTime()) / 1000),
    expires_at: token.expiresAt.toISOString(),
  };
  const { current, profiles } = await readProfiles(environment);
  const name = profile ?? current;
  const before = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
  try {
    await changeProfiles(environment, now => ({ current: name, profiles: { ...now.profiles, [name]: made } }));
  } catch (error) {
    // A token that nobody has is not to live on.
    await forget(context, made);
    throw error;
  }
  if (before) await forget(context, before);
  return made;
}

/** Revokes a token that nobody needs any more. False: the server was not reached, and the token lives on. */
export async function forget({ signal }: Context, { url, token }: Profile): Promise<boolean> {
  try {
    await newClient({ url, token, retries: 1 }).tokens.revoke('self', { signal });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    return (error as { status?: number }).status === 401;
  }
}

/** Says that a password will pass the network as it is, where it will. */
export async function warnOfPlain(context: Context, url: string): Promise<void> {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return;
  await say(context, `warning: ${url} is not encrypted, and others on the way can read the password; use https://`);
}
