import { expect, it } from 'vitest';
import { createAccount, setBlocked } from '../../../../src/core/accounts/accounts.ts';
import { accountsSpec } from '../../../../src/core/collections.ts';
import { forEachEngine } from '../../../support/engines.ts';
import { newName, openServer } from '../../../support/served.ts';
import { auditLog, signInAdmin } from '../admin/open-admin.ts';
import { demand, PASSWORD, ROOMY } from '../open-verstak.ts';
import { confirmedPerson, login, newcomer, register } from './open-accounts.ts';

const DAY = 86_400_000;

forEachEngine('a registration that nobody confirms', engine => {
  it('is erased after seven days: name and e-mail are free again', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const { person } = await newcomer(server);
    server.clock.advance(7 * DAY - 1);
    await server.tidy();
    demand(await register(server, person), 409);
    server.clock.advance(DAY);
    await server.tidy();
    demand(await login(server, person.username), 401);
    demand(await register(server, { ...person, password: 'of somebody else' }), 200);
    const deleted = (await auditLog(server)).filter(({ event }) => event === 'user_deleted');
    expect(deleted).toMatchObject([{ message: 'not confirmed within 7 days' }]);
  });

  it('is erased when the configuration says, by one of the servers', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, VERSTAK_UNCONFIRMED_DAYS: '1' } });
    const { person } = await newcomer(server);
    const blocked = await newcomer(server);
    const accounts = server.core.storage.collection(accountsSpec);
    const account = await accounts.find('username', [blocked.person.username]);
    if (account) await setBlocked(server.core, account, true);
    server.clock.advance(DAY + 1);
    await server.tidy();
    for (const { username } of [person, blocked.person])
      expect(await accounts.find('username', [username])).toBe(undefined);
  });

  it('is told from every other account', async () => {
    const { server } = await openServer(engine, { options: ROOMY });
    const admin = await signInAdmin(server);
    const made = { username: newName(), email: `${newName()}@example.org`, password: PASSWORD };
    demand(await admin.change('POST', '/admin/api/users/create', made), 200);
    const confirmed = await confirmedPerson(server);
    const plain = { username: newName(), password: PASSWORD };
    await createAccount(server.core, plain);
    const member = await createAccount(server.core, { username: newName(), password: PASSWORD });
    server.clock.advance(5 * DAY);
    // An account that was in use and waits for the confirmation of another e-mail keeps what it has.
    const set = { email: 'another@example.org', unconfirmed_at: new Date(server.clock.now()) };
    const accounts = server.core.storage.collection(accountsSpec);
    await accounts.update([member.user_id], { set });
    server.clock.advance(30 * DAY);
    await server.tidy();
    for (const { username } of [made, confirmed, plain]) demand(await login(server, username), 200);
    expect(await accounts.get([member.user_id])).toMatchObject(set);
    expect(await accounts.get([admin.account.user_id])).not.toHaveProperty('erasing_at');
  });
});
