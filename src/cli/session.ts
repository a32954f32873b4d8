/** Who asks which server: from the environment and the profiles to a client. */

import type { Keybin } from '../client/index.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import type { Context } from './context.ts';
import { Failure, misused } from './failure.ts';
import { changeProfiles, type Profile, type Profiles, readProfiles } from './profiles.ts';
import { newClient } from './server/client.ts';

/** A server that is spoken to, and who speaks. */
export interface Session {
  readonly client: Keybin;
  readonly url: string;
  /** The sign-in that is used; undefined: the token is of the environment. */
  readonly profile?: (Profile & { readonly name: string }) | undefined;
  /** Keeps until when the token lives, where it is that of a profile. */
  keepExpiry(moment: Date): Promise<void>;
}

/** Options that choose it. */
export interface Chosen {
  readonly profile?: string | undefined;
}

/** The address where nothing says another one. */
export const DEFAULT_URL = 'http://localhost:5000';

/**
 * The session that the options, the environment and the profiles give, in this order. A token is sent to no other server than the one it
 * was made by. Renews the token in the last third of its life. Throws `Failure` when nobody is signed in.
 */
export async function connect(context: Context, chosen: Chosen): Promise<Session> {
  const { KEYBIN_TOKEN: token } = context.environment;
  const url = chosenUrl(context, chosen);
  if (token && chosen.profile === undefined) {
    const address = url ?? profileOf(await readProfiles(context.environment), chosen)?.url ?? DEFAULT_URL;
    return {
      client: newClient({ url: address, token }),
      url: address,
      keepExpiry: async () => {},
    };
  }
  const profiles = await readProfiles(context.environment);
  const profile = profileOf(profiles, chosen, url);
  if (!profile) {
    if (chosen.profile !== undefined) {
      throw new Failure(
        EXIT.notSignedIn,
        `not signed in as ${chosen.profile}; keybin login --profile ${chosen.profile} does that`,
      );
    }
    throw new Failure(
      EXIT.notSignedIn,
      `not signed in${url ? ` at ${url}` : ''}; keybin login ${url ?? 'URL'} does that, or KEYBIN_TOKEN`,
    );
  }
  const keep = (moment: Date) => keepExpiry(context.environment, profile, moment);
  return { client: await clientOf(context, profile, keep), url: profile.url, profile, keepExpiry: keep };
}

/** A client with the token of a profile, which is renewed while it is used, and at once where it is time. */
async function clientOf({ signal }: Context, profile: Profile, keep: Session['keepExpiry']): Promise<Keybin> {
  const { url, token, ttl } = profile;
  let expiresAt = new Date(profile.expires_at);
  if (expiresAt.getTime() - Date.now() < (ttl * 1000) / 3) {
    const client = newClient({ url, token, retries: 0 });
    // What keeps it from being renewed, the command itself will tell.
    const renewed = await client.tokens.renew(ttl, { signal }).catch(() => undefined);
    if (renewed) {
      expiresAt = renewed.expiresAt;
      await keep(expiresAt);
    }
  }
  const renewToken = { ttl, expiresAt, onRenew: (moment: Date) => void keep(moment).catch(() => {}) };
  return newClient({ url, token, renewToken });
}

function keepExpiry(
  environment: NodeJS.ProcessEnv,
  { name, token }: { name: string; token: string },
  moment: Date,
): Promise<void> {
  return changeProfiles(environment, ({ current, profiles }) => {
    const found = profiles[name];
    // Meanwhile somebody may have signed in anew.
    if (found?.token !== token) return { current, profiles };
    return { current, profiles: { ...profiles, [name]: { ...found, expires_at: moment.toISOString() } } };
  });
}

/** The server that is meant where nobody needs to be signed in. */
export async function addressOf(context: Context, given: string | undefined, chosen: Chosen): Promise<string> {
  const profiles = await readProfiles(context.environment);
  return checkUrl(given ?? chosenUrl(context, chosen) ?? profileOf(profiles, chosen)?.url ?? DEFAULT_URL);
}

/** The address without a slash at its end. Throws `Failure` when it is none of a server. */
export function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw misused(
      `${url?.password ? 'the address' : text}: expected http:// or https://, and neither a name, a password nor a query`,
    );
  }
  return url.href.replace(/\/+$/, '');
}

function chosenUrl({ environment }: Context, { profile }: Chosen): string | undefined {
  return environment.KEYBIN_URL && profile === undefined ? checkUrl(environment.KEYBIN_URL) : undefined;
}

/** The profile that is named, or the current one; where an address is asked for, one of that server. */
function profileOf({ current, profiles }: Profiles, { profile }: Chosen, url?: string): Session['profile'] {
  const names = [profile ?? current, ...(url === undefined ? [] : Object.keys(profiles))];
  for (const name of names) {
    const found = Object.hasOwn(profiles, name) ? profiles[name] : undefined;
    if (found && (url === undefined || found.url === url)) return { ...found, name };
  }
  return undefined;
}
