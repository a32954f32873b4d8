import { expect, test } from 'vitest';
import { leaveSecret, oneTimeSecretsSpec, takeSecret } from '../../../src/core/access/one-time-secrets.ts';
import { eraseAccount, markForErasing } from '../../../src/core/accounts/erase.ts';
import { sha256Hex } from '../../../src/core/ids.ts';
import { forEachEngine } from '../../support/engines.ts';
import { openCore, outcomes, tally } from '../open-core.ts';
import { person } from '../people.ts';

const HOLDER = { accountId: 'ann', sessionToken: 'a'.repeat(64) };
const EXPIRED = 'one_time_secret_expired';

forEachEngine('a secret that is shown once', engine => {
  test('is given out once, by whichever process', async () => {
    const { core, another } = await openCore(engine);
    await leaveSecret(core, HOLDER, 'pässword');
    expect(await takeSecret(another(), HOLDER)).toBe('pässword');
    expect(await outcomes([takeSecret(core, HOLDER), takeSecret(another(), HOLDER)])).toEqual([EXPIRED, EXPIRED]);
  });

  test('is given to one of many who ask at once', async () => {
    const { core, another } = await openCore(engine);
    await leaveSecret(core, HOLDER, 'secret');
    const attempts = Array.from({ length: 10 }, (_, i) => takeSecret(i % 2 ? core : another(), HOLDER));
    expect(tally(await outcomes(attempts))).toEqual({ ok: 1, [EXPIRED]: 9 });
  });

  test('is there for five minutes', async () => {
    const { core, clock } = await openCore(engine);
    await leaveSecret(core, HOLDER, 'secret');
    clock.advance(299_999);
    expect(await takeSecret(core, HOLDER)).toBe('secret');
    await leaveSecret(core, HOLDER, 'secret');
    clock.advance(300_000);
    expect(await outcomes([takeSecret(core, HOLDER)])).toEqual([EXPIRED]);
  });

  test('takes the place of one that was not looked at', async () => {
    const { core } = await openCore(engine);
    await leaveSecret(core, HOLDER, 'one');
    await leaveSecret(core, HOLDER, 'two');
    expect(await takeSecret(core, HOLDER)).toBe('two');
    expect(await outcomes([takeSecret(core, HOLDER)])).toEqual([EXPIRED]);
  });

  test('is for its session alone', async () => {
    const { core } = await openCore(engine);
    await leaveSecret(core, HOLDER, 'secret');
    const others = [
      { ...HOLDER, sessionToken: 'b'.repeat(64) },
      { ...HOLDER, accountId: 'bob' },
    ];
    expect(await outcomes(others.map(other => takeSecret(core, other)))).toEqual([EXPIRED, EXPIRED]);
    expect(await takeSecret(core, HOLDER)).toBe('secret');
  });

  test('cannot be read from the storage: neither it nor the token lies there', async () => {
    const { core } = await openCore(engine);
    await leaveSecret(core, HOLDER, 'secret');
    const { items } = await core.storage.collection(oneTimeSecretsSpec).scan({ limit: 10 });
    expect(items).toMatchObject([{ user_id: 'ann', session: sha256Hex(HOLDER.sessionToken) }]);
    const text = JSON.stringify(items);
    for (const hidden of ['secret', HOLDER.sessionToken, Buffer.from('secret').toString('base64url')]) {
      expect(text).not.toContain(hidden);
    }
    // Somebody who writes to the storage gives nobody another secret.
    const forged = items.map(item => ({ ...item, sealed: 'A'.repeat(60) }));
    for (const item of forged) await core.storage.collection(oneTimeSecretsSpec).put(item);
    expect(await outcomes([takeSecret(core, HOLDER)])).toEqual([EXPIRED]);
  });

  test('goes with the account', async () => {
    const { core } = await openCore(engine);
    const { user_id } = await person(core, 'ann');
    const holder = { ...HOLDER, accountId: user_id };
    await leaveSecret(core, holder, 'secret');
    const marked = await markForErasing(core, user_id, {});
    if (marked) await eraseAccount({ ...core, owned: [oneTimeSecretsSpec] }, marked);
    expect(await outcomes([takeSecret(core, holder)])).toEqual([EXPIRED]);
  });
});
