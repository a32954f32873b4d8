import { expect, test } from 'vitest';
import {
  askForReset,
  confirmPerson,
  type MailedDeed,
  registerPerson,
  resetByMail,
  revokeByPassword,
} from '../../../src/core/accounts/person-deeds.ts';
import type { AttemptSettings } from '../../../src/core/throttle/attempts.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { HERE, openCore, outcomes } from '../open-core.ts';
import { device, person } from '../people.ts';

const attempts: AttemptSettings = {
  pair_attempts: 2,
  pair_window: 60,
  test_attempts: 2,
  test_window: 60,
  login_attempts: 2,
  login_window: 60,
  register_attempts: 2,
  register_window: 60,
  forgot_attempts: 2,
  forgot_window: 60,
  reset_attempts: 2,
  reset_window: 60,
};

async function open(engine: Engine) {
  const opened = await openCore(engine);
  const recorded: string[] = [];
  const deed: MailedDeed = {
    caller: HERE,
    attempts,
    record: async event => void recorded.push(event),
    mail: { base: () => 'https://keybin.example', language: 'en' },
  };
  const token = () => /token=([0-9a-f]+)/.exec(opened.mails.at(-1)?.text ?? '')?.[1] ?? '';
  return { ...opened, deed, recorded, token };
}

forEachEngine('a person', engine => {
  test('registers, confirms the e-mail, and gets another password by mail', async () => {
    const { core, deed, recorded, token } = await open(engine);
    const given = { username: 'ann', email: 'ann@example.org', password: 'long enough' };
    const { user_id } = await registerPerson(core, given, deed);
    expect(await confirmPerson(core, token(), deed)).toBe(user_id);
    await askForReset(core, given.email, deed);
    await core.background.idle();
    const reset = { token: token(), password: 'another one' };
    expect((await resetByMail(core, reset, deed)).accountId).toBe(user_id);
    expect(recorded).toEqual(['user_created', 'user_confirmed', 'user_password_reset']);
    expect(await outcomes([resetByMail(core, reset, deed)])).toEqual(['mail_token_invalid']);
  });

  test('does each so often in a while', async () => {
    const { core, deed } = await open(engine);
    const twice = async (attempt: () => Promise<unknown>) => {
      const codes: string[] = [];
      for (let i = 0; i < 3; i++) codes.push(...(await outcomes([attempt()])));
      return codes;
    };
    expect(await twice(() => askForReset(core, 'ann@example.org', deed))).toEqual(['ok', 'ok', 'rate_limited']);
    const invalid = 'mail_token_invalid';
    const reset = () => resetByMail(core, { token: 'x', password: 'y' }, deed);
    expect(await twice(reset)).toEqual([invalid, invalid, 'rate_limited']);
  });

  test('revokes a device of his own with the password, counted apart', async () => {
    const { core, deed, recorded } = await open(engine);
    const ann = await person(core, 'ann', { password: 'secret' });
    const bob = await person(core, 'bob');
    const [own, other] = [await device(core, ann), await device(core, bob)];
    const revoke = (deviceId: string, password: string) => revokeByPassword(core, ann, { deviceId, password }, deed);
    expect(await outcomes([revoke(own.device_id, '')])).toEqual(['password_invalid']);
    expect(await outcomes([revoke(other.device_id, 'secret')])).toEqual(['not_found']);
    expect(await outcomes([revoke(own.device_id, 'secret')])).toEqual(['ok']);
    expect(recorded).toEqual(['device_revoked']);
    expect(await outcomes([revoke(own.device_id, 'wrong')])).toEqual(['forbidden']);
    expect(await outcomes([revoke(own.device_id, 'wrong')])).toEqual(['forbidden']);
    expect(await outcomes([revoke(own.device_id, 'secret')])).toEqual(['rate_limited']);
  });
});
