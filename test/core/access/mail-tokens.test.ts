import { expect, test } from 'vitest';
import { findMailToken, issueMailToken, useConfirmation, useReset } from '../../../src/core/access/mail-tokens.ts';
import { issueToken, resolveToken } from '../../../src/core/access/tokens.ts';
import { changeAccount, createAccount, unregister } from '../../../src/core/accounts/accounts.ts';
import { type AccountDoc, accountsSpec, mailTokensSpec } from '../../../src/core/collections.ts';
import type { Core } from '../../../src/core/context.ts';
import { type Engine, forEachEngine } from '../../support/engines.ts';
import { openCore, outcomes, tally } from '../open-core.ts';

const HOUR = 3_600_000;

async function openWithAccount(engine: Engine) {
  const opened = await openCore(engine);
  const given = { username: 'ann', password: 'p', email: 'ann@example.org', unconfirmed: true } as const;
  const account = await createAccount(opened.core, given);
  const present = async (): Promise<AccountDoc> => {
    const doc = await opened.core.storage.collection(accountsSpec).get([account.user_id]);
    if (doc === undefined) throw new Error('the account is gone');
    return doc;
  };
  return { ...opened, account, present };
}

const confirm = async (core: Core, token: string) => useConfirmation(core, await findMailToken(core, token, 'confirm'));
const reset = async (core: Core, token: string, hash = 'plain:new') =>
  useReset(core, await findMailToken(core, token, 'reset'), hash);

forEachEngine('a token in a mail', engine => {
  test('confirms the e-mail, once', async () => {
    const { core, account, present } = await openWithAccount(engine);
    const token = await issueMailToken(core, account, 'confirm');
    expect(token).toMatch(/^[0-9a-f]{48}$/);
    await findMailToken(core, token, 'confirm');
    expect((await present()).unconfirmed_at).toBeDefined();
    await confirm(core, token);
    expect((await present()).unconfirmed_at).toBeUndefined();
    expect(await outcomes([confirm(core, token)])).toEqual(['mail_token_invalid']);
  });

  test('is stored as its hash', async () => {
    const { core, account } = await openWithAccount(engine);
    const token = await issueMailToken(core, account, 'confirm');
    const { items } = await core.storage.collection(mailTokensSpec).scan({ limit: 9 });
    expect(items).toHaveLength(1);
    expect(JSON.stringify(items)).not.toContain(token);
  });

  test('is for one purpose, and not used up by a try at the other', async () => {
    const { core, account } = await openWithAccount(engine);
    const [confirmation, other] = [
      await issueMailToken(core, account, 'confirm'),
      await issueMailToken(core, account, 'reset'),
    ];
    expect(await outcomes([reset(core, confirmation), confirm(core, other)])).toEqual([
      'mail_token_invalid',
      'mail_token_invalid',
    ]);
    for (const text of ['', '0'.repeat(48), confirmation.toUpperCase(), `${confirmation}0`, 'x'.repeat(5000)]) {
      expect(await outcomes([findMailToken(core, text, 'confirm')])).toEqual(['mail_token_invalid']);
    }
    await confirm(core, confirmation);
    await reset(core, other);
  });

  test('lives for 48 hours to confirm, for one to set a password', async () => {
    const { core, clock, account } = await openWithAccount(engine);
    const issue = async () => [
      await issueMailToken(core, account, 'confirm'),
      await issueMailToken(core, account, 'reset'),
    ];
    const [confirmation = '', other = ''] = await issue();
    clock.advance(HOUR - 1);
    await findMailToken(core, other, 'reset');
    const doc = await findMailToken(core, other, 'reset');
    clock.advance(1);
    expect(await outcomes([findMailToken(core, other, 'reset'), useReset(core, doc, 'plain:new')])).toEqual([
      'mail_token_invalid',
      'mail_token_invalid',
    ]);
    clock.advance(47 * HOUR - 1);
    await findMailToken(core, confirmation, 'confirm');
    clock.advance(1);
    expect(await outcomes([findMailToken(core, confirmation, 'confirm')])).toEqual(['mail_token_invalid']);
  });

  test('that many use at once, from two processes, is used by one', async () => {
    const { core, another, account, present } = await openWithAccount(engine);
    const other = another();
    const token = await issueMailToken(core, account, 'reset');
    const attempts = Array.from({ length: 10 }, (_, i) => reset(i % 2 ? core : other, token, `plain:${i}`));
    expect(tally(await outcomes(attempts))).toEqual({ ok: 1, mail_token_invalid: 9 });
    const winner = (await Promise.allSettled(attempts)).findIndex(({ status }) => status === 'fulfilled');
    expect((await present()).password).toBe(`plain:${winner}`);
  });

  test('to set a password ends the others like it, tokens and sessions; not one that confirms', async () => {
    const { core, account, present } = await openWithAccount(engine);
    const confirmation = await issueMailToken(core, account, 'confirm');
    const [first, second] = [
      await issueMailToken(core, account, 'reset'),
      await issueMailToken(core, account, 'reset'),
    ];
    await confirm(core, await issueMailToken(core, account, 'confirm'));
    const { token } = await issueToken(core, account);
    await reset(core, first);
    expect((await present()).password).toBe('plain:new');
    expect(await outcomes([reset(core, second), resolveToken(core, token)])).toEqual([
      'mail_token_invalid',
      'token_invalid',
    ]);
    await confirm(core, confirmation);
  });

  test('to an address that the account has no more does nothing', async () => {
    const { core, account, present } = await openWithAccount(engine);
    const [confirmation, other] = [
      await issueMailToken(core, account, 'confirm'),
      await issueMailToken(core, account, 'reset'),
    ];
    await changeAccount(core, account, { email: 'new@example.org' });
    expect(await outcomes([confirm(core, confirmation), reset(core, other)])).toEqual([
      'mail_token_invalid',
      'mail_token_invalid',
    ]);
    expect(await present()).toMatchObject({ password: account.password, unconfirmed_at: account.unconfirmed_at });
  });

  test('ends with its account, and gives one that is being erased no password', async () => {
    const { core, account } = await openWithAccount(engine);
    const doc = await findMailToken(core, await issueMailToken(core, account, 'reset'), 'reset');
    const accounts = core.storage.collection(accountsSpec);
    await accounts.update([account.user_id], { set: { erasing_at: new Date(core.clock.now()) } });
    expect(await outcomes([useReset(core, doc, 'plain:new')])).toEqual(['mail_token_invalid']);
    await accounts.update([account.user_id], { unset: ['erasing_at'] });
    await unregister(core, account);
    const late = await issueMailToken(core, account, 'reset');
    expect(await outcomes([useReset(core, doc, 'plain:new'), reset(core, late)])).toEqual([
      'mail_token_invalid',
      'mail_token_invalid',
    ]);
    expect((await accounts.get([account.user_id]))?.password).toBeUndefined();
  });
});
