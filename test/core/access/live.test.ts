import { expect, test } from 'vitest';
import { liveCredentials, revokeAllCredentials, revokeCredential } from '../../../src/core/access/live.ts';
import { openSession, resolveSession } from '../../../src/core/access/sessions.ts';
import { issueToken, resolveToken } from '../../../src/core/access/tokens.ts';
import { createAccount } from '../../../src/core/accounts/accounts.ts';
import type { Core } from '../../../src/core/context.ts';
import { devicesSpec } from '../../../src/core/devices/devices.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openCore, outcomes } from '../open-core.ts';

async function addDevice(core: Core, accountId: string, device_id: string): Promise<void> {
  const now = new Date(core.clock.now());
  await core.storage.collection(devicesSpec).insert({
    user_id: accountId,
    device_id,
    hash: `hash of ${device_id}`,
    token_hint: 'abcdefgh…wxyz',
    vault: 'v',
    name: 'laptop',
    client_version: '1',
    address: '127.0.0.1',
    created_at: now,
    last_seen: now,
  });
}

forEachEngine('live credentials', engine => {
  test('all kinds are in one list, of each the newest first, and of other accounts none', async () => {
    const { core, clock } = await openCore(engine);
    const ann = await createAccount(core, { username: 'ann', password: 'secret' });
    const bob = await createAccount(core, { username: 'bob', password: 'secret' });
    await issueToken(core, bob);
    await issueToken(core, ann, 'phone');
    clock.advance(1000);
    await issueToken(core, ann);
    await addDevice(core, ann.user_id, `dev_${'a'.repeat(24)}`);
    await openSession(core, ann, 'user', { withCsrf: true });
    const live = await liveCredentials(core, ann.user_id, ['desk']);
    expect(live.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'token default',
      'token phone',
      'device laptop',
      'session user',
      'punch_key desk',
    ]);
    expect(live[0]).toMatchObject({ created_at: new Date(clock.now()), expires_at: new Date(clock.now() + 300_000) });
  });

  test('one is revoked, the others stay, and nobody revokes what is not his', async () => {
    const { core } = await openCore(engine);
    const ann = await createAccount(core, { username: 'ann', password: 'secret' });
    const { token } = await issueToken(core, ann, 'phone');
    const other = await issueToken(core, ann);
    const session = await openSession(core, ann, 'user', { withCsrf: true });
    await addDevice(core, ann.user_id, `dev_${'a'.repeat(24)}`);
    const names = (await liveCredentials(core, ann.user_id)).flatMap(({ kind, id, name }) =>
      kind === 'punch_key' || id === undefined || name === 'default' ? [] : [{ kind, id }],
    );
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect(await revokeCredential(core, 'bob', name)).toBe(false);
      expect(await revokeCredential(core, ann.user_id, name)).toBe(true);
      expect(await revokeCredential(core, ann.user_id, name)).toBe(false);
    }
    expect(await revokeCredential(core, ann.user_id, { kind: 'token', id: '\0' })).toBe(false);
    expect(await outcomes([resolveToken(core, token), resolveToken(core, other.token)])).toEqual([
      'token_invalid',
      'ok',
    ]);
    expect(await resolveSession(core, session.token, 'user')).toBeUndefined();
  });

  test('all are revoked but the session that asks for it', async () => {
    const { core } = await openCore(engine);
    const ann = await createAccount(core, { username: 'ann', password: 'secret' });
    await issueToken(core, ann);
    await addDevice(core, ann.user_id, `dev_${'a'.repeat(24)}`);
    await openSession(core, ann, 'user', { withCsrf: true });
    const own = await openSession(core, ann, 'user', { withCsrf: true });
    const except = (await resolveSession(core, own.token, 'user'))?.doc.hash ?? '';
    expect(await revokeAllCredentials(core, ann.user_id, { except })).toEqual({ tokens: 1, sessions: 1, devices: 1 });
    expect(await liveCredentials(core, ann.user_id)).toMatchObject([{ kind: 'session', id: except }]);
    expect(await revokeAllCredentials(core, ann.user_id)).toEqual({ tokens: 0, sessions: 1, devices: 0 });
    expect(await liveCredentials(core, ann.user_id)).toEqual([]);
  });
});
