import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newName, openServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { demand, type Member, newAdmin, newMember, setRules, storedIn } from './open-simple-sync.ts';

/** What the audit log says of what happened, oldest first: it is stored once for all APIs. */
async function entries(server: TestServer): Promise<object[]> {
  return (await storedIn(server, 'verstak_audit').scan({ limit: 1000 })).items;
}

const USERS = '/api/v1/admin/users';

forEachEngine('the audit log', engine => {
  /** The entries that the call of an admin causes. */
  async function caused(server: TestServer, admin: Member, method: string, path: string, body?: unknown) {
    const before = JSON.stringify(await entries(server));
    const { status } = await server.request(method, path, body, admin.headers);
    const now = await entries(server);
    return { status, written: now.filter(entry => !before.includes(JSON.stringify(entry))) };
  }

  test('has every change that an admin makes, whom it concerns and who did it', async () => {
    const { server } = await openServer(engine);
    const [admin, member] = [await newAdmin(server), await newMember(server)];
    const by = { message: `by ${admin.user_id}`, address: '127.0.0.1', severity: 'info' };
    const path = `${USERS}/${member.uuid}`;
    const concerned = { ...by, user_id: member.user_id };
    const made = { uuid: 'made', username: newName(), password: 'a-secret-password' };
    expect(await caused(server, admin, 'POST', USERS, made)).toMatchObject({
      status: 201,
      written: [{ ...by, event: 'user_created', user_id: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
    });
    expect(await caused(server, admin, 'PUT', path, { new_username: newName() })).toMatchObject({
      written: [{ ...concerned, event: 'user_updated' }],
    });
    expect(await caused(server, admin, 'PUT', path, { new_password: 'a-secret-password' })).toMatchObject({
      written: [{ ...concerned, event: 'user_password_reset' }],
    });
    const both = await caused(server, admin, 'PUT', path, { new_username: newName(), new_password: 'a-secret' });
    expect(both.written).toHaveLength(2);
    expect(await caused(server, admin, 'PUT', '/api/v1/acl', { rules: [] })).toMatchObject({
      status: 204,
      written: [{ ...by, event: 'acl_updated' }],
    });
    expect(JSON.stringify(await entries(server))).not.toContain('secret');
  });

  test('has what an admin was refused, and one entry when that is tried again and again', async () => {
    const { server } = await openServer(engine);
    const [admin, other] = [await newAdmin(server), await newAdmin(server)];
    const path = `${USERS}/${other.uuid}`;
    expect(await caused(server, admin, 'PUT', path, { new_password: 'a-secret' })).toMatchObject({
      status: 401,
      written: [
        {
          event: 'admin_call_failed',
          severity: 'error',
          message: `PUT ${USERS}/:uuid admin_account_fixed by ${admin.user_id}`,
        },
      ],
    });
    expect((await caused(server, admin, 'PUT', path, { new_password: 'a-secret' })).written).toEqual([]);
    expect((await caused(server, admin, 'POST', USERS, {})).written).toHaveLength(1);
  });

  test('has that an admin looks at the rules once in a quarter of an hour', async () => {
    const { server } = await openServer(engine);
    const admin = await newAdmin(server);
    const look = () => caused(server, admin, 'GET', '/api/v1/acl');
    expect(await look()).toMatchObject({ status: 200, written: [{ event: 'acl_read' }] });
    expect((await look()).written).toEqual([]);
    server.clock.advance(900_000);
    expect((await look()).written).toHaveLength(1);
  });

  test('has nothing of members, and of strangers neither', async () => {
    const { server } = await openServer(engine);
    const [admin, member] = [await newAdmin(server), await newMember(server)];
    await setRules(server, admin, ['*/*/* +']);
    for (const [method, path] of [
      ['GET', '/api/v1/acl'],
      ['PUT', `${USERS}/${member.uuid}`],
      ['POST', USERS],
    ] as const) {
      expect(await caused(server, member, method, path, method === 'GET' ? undefined : {})).toMatchObject({
        status: 401,
        written: [],
      });
    }
    demand(await server.request('GET', '/api/v1/events', undefined, member.headers), 200);
    expect(await entries(server)).toHaveLength(1);
  });
});
