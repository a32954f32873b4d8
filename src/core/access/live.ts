/** All that opens an account at this moment, its password aside. Signed tokens, which the storage does not know, are not among them. */

import type { CollectionSpec } from '../../storage/port.ts';
import { sessionsSpec, type TokenDoc, tokensSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { devicesSpec, revokeDevices } from '../devices/devices.ts';
import { pagesOf } from '../pages.ts';
import { type EndedCredentials, endCredentials } from './credentials.ts';
import { endWithFamily } from './scoped/family.ts';
import { lastUseOf } from './scoped/use.ts';
import { clientIdOf } from './tokens.ts';

/** A live credential. `id` names it among those of its kind; it is no secret, and absent where only the configuration ends it. */
export interface LiveCredential {
  readonly kind: 'token' | 'device' | 'session' | 'punch_key';
  readonly id?: string;
  /** Name or client id of a token, name of the device, scope of the session, label of the key. */
  readonly name: string;
  /** Absent where that is not known, as the others. */
  readonly created_at?: Date;
  readonly last_seen?: Date;
  /** Absent: it lives until it is revoked. */
  readonly expires_at?: Date;
  /** Of a device: what its token begins and ends with, and its vault. */
  readonly hint?: string;
  readonly vault?: string;
  /** Of a token of v2; absent: one of the original API. */
  readonly scopes?: readonly string[];
  /** Of a token that can be used so many times only. */
  readonly usesLeft?: number;
}

/** What names a credential that can be revoked. */
export interface CredentialName {
  readonly kind: Exclude<LiveCredential['kind'], 'punch_key'>;
  readonly id: string;
}

const PAGE = 1000;

/** The live credentials of an account: of each kind the newest first. `labels` are those of its Punch keys, from the configuration. */
export async function liveCredentials(
  core: Core,
  accountId: string,
  labels: readonly string[] = [],
): Promise<LiveCredential[]> {
  const [tokens, devices, sessions] = await Promise.all([
    all(core, tokensSpec, accountId),
    all(core, devicesSpec, accountId),
    all(core, sessionsSpec, accountId),
  ]);
  return [
    ...tokens
      .filter(({ uses_left }) => uses_left !== 0)
      .sort(newestFirst)
      .map(liveToken),
    ...devices
      .filter(({ revoked_at }) => revoked_at === undefined)
      .sort(newestFirst)
      .map(({ device_id, name, created_at, last_seen, token_hint, vault }) => ({
        kind: 'device' as const,
        id: device_id,
        name,
        created_at,
        last_seen,
        hint: token_hint,
        vault,
      })),
    ...sessions.sort(newestFirst).map(({ hash, scope, created_at, expires_at }) => ({
      kind: 'session' as const,
      id: hash,
      name: scope,
      created_at,
      expires_at,
    })),
    ...labels.map(label => ({ kind: 'punch_key' as const, name: label })),
  ];
}

function liveToken(doc: TokenDoc): LiveCredential {
  const { hash, name, scopes, uses_left, created_at, expires_at } = doc;
  const last_seen = lastUseOf(doc);
  return {
    kind: 'token',
    id: hash,
    name: name ?? clientIdOf(doc),
    created_at,
    ...(last_seen !== undefined && { last_seen }),
    expires_at,
    ...(scopes !== undefined && { scopes }),
    ...(uses_left !== undefined && { usesLeft: uses_left }),
  };
}

/** Ends one credential of the account, a token with all that was made with it; returns whether it was live. */
export async function revokeCredential(core: Core, accountId: string, { kind, id }: CredentialName): Promise<boolean> {
  const { storage, clock } = core;
  // What nothing is stored under: some texts cannot be looked up.
  if (!/^[0-9a-z_]{1,128}$/.test(id)) return false;
  if (kind === 'session') return storage.collection(sessionsSpec).delete([accountId, id]);
  if (kind === 'device') {
    const change = { set: { revoked_at: new Date(clock.now()) } };
    const devices = storage.collection(devicesSpec);
    return (await devices.update([accountId, id], change, { revoked_at: undefined })) !== undefined;
  }
  const tokens = storage.collection(tokensSpec);
  const token = await tokens.find('hash', [id]);
  return token?.user_id === accountId && endWithFamily(core, token);
}

/** Ends all that can be ended, but for one session: that of who asks for it, by its `hash`. Returns how many. */
export async function revokeAllCredentials(
  core: Core,
  accountId: string,
  { except }: { except?: string } = {},
): Promise<EndedCredentials> {
  if (except === undefined) return endCredentials(core, accountId, { devices: true });
  const sessions = core.storage.collection(sessionsSpec);
  const others = (await all(core, sessionsSpec, accountId)).filter(({ hash }) => hash !== except);
  const ended = await Promise.all(others.map(({ hash }) => sessions.delete([accountId, hash])));
  return {
    tokens: await core.storage.collection(tokensSpec).deleteMany({ prefix: [accountId] }),
    sessions: ended.filter(Boolean).length,
    devices: await revokeDevices(core, accountId),
  };
}

async function all<T extends object>(core: Core, spec: CollectionSpec<T>, accountId: string): Promise<T[]> {
  const collection = core.storage.collection(spec);
  const found: T[] = [];
  for await (const page of pagesOf(after => collection.scan({ prefix: [accountId], limit: PAGE, ...after }))) {
    found.push(...page);
  }
  return found;
}

function newestFirst(a: { readonly created_at: Date }, b: { readonly created_at: Date }): number {
  return b.created_at.getTime() - a.created_at.getTime();
}
