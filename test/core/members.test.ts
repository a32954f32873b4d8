import { expect, test } from 'vitest';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import type { AdminDeed } from '../../src/core/admin/deed.ts';
import type { Core } from '../../src/core/context.ts';
import { permissionsOf, type Rule } from '../../src/core/members/acl/acl.ts';
import { changeRule, deleteRule, insertRule, moveRule } from '../../src/core/members/acl/edit.ts';
import { createAclStore, loadAcl } from '../../src/core/members/acl/store.ts';
import { rulesFor, tryRule } from '../../src/core/members/acl/try.ts';
import { admitMember, changeMember, dismissMember, makeMember } from '../../src/core/members/edit.ts';
import { listMembers } from '../../src/core/members/list.ts';
import { isMember } from '../../src/core/members/membership.ts';
import { forEachEngine } from '../support/engines.ts';
import { HERE, openCore, outcomes, tally } from './open-core.ts';
import { person } from './people.ts';

const OPEN = '{"rules":[{"user":"*","item":"*","action":"*","allow":true}]}';

/** A rule as `user/item/action +` or `-`. */
function rule(text: string): Rule {
  const [user = '', item = '', action = ''] = text.slice(0, -2).split('/');
  return { user, item, action, allow: text.endsWith('+') };
}

const text = ({ user, item, action, allow }: Rule) => `${user}/${item}/${action} ${allow ? '+' : '-'}`;
const rulesIn = async (core: Core) => (await loadAcl(core)).rules.map(text);

function deeds() {
  const records: string[] = [];
  const deed: AdminDeed = {
    admin: { user_id: 'root' },
    caller: HERE,
    record: async (event, subject) => void records.push(`${event} ${subject?.message}`),
  };
  return { deed, records };
}

forEachEngine('access rules', engine => {
  test('are inserted, changed, moved and deleted one by one', async () => {
    const { core } = await openCore(engine);
    const { deed, records } = deeds();
    const store = createAclStore(core, () => OPEN);
    await store.text();
    const now = async () => ({ seen: (await loadAcl(core)).version, deed });
    await insertRule(core, 0, rule('a/b/c -'), await now());
    await insertRule(core, 2, rule('z/z/z +'), await now());
    expect(await rulesIn(core)).toEqual(['a/b/c -', '*/*/* +', 'z/z/z +']);
    await moveRule(core, 2, 0, await now());
    await moveRule(core, 1, 2, await now());
    expect(await rulesIn(core)).toEqual(['z/z/z +', '*/*/* +', 'a/b/c -']);
    await changeRule(core, 1, rule('y*/*/* -'), await now());
    await deleteRule(core, 0, await now());
    expect(await rulesIn(core)).toEqual(['y*/*/* -', 'a/b/c -']);
    expect(records).toEqual(records.map(() => 'acl_updated by root'));
    expect((await store.permissions())('yes')({ itemUuid: 'x', action: 'x' })).toBe(false);
    const seen = await now();
    const refused = [
      insertRule(core, 3, rule('a/b/c +'), seen),
      changeRule(core, 2, rule('a/b/c +'), seen),
      moveRule(core, 0, -1, seen),
      deleteRule(core, 0.5, seen),
      deleteRule(core, Number.NaN, seen),
    ];
    expect(await outcomes(refused)).toEqual(refused.map(() => 'rule_not_found'));
    const wrong = ['*a/b/c +', '/b/c +', 'a/\n/c -'];
    const invalid = wrong.map(async wrong => insertRule(core, 0, rule(wrong), seen));
    expect(await outcomes(invalid)).toEqual(wrong.map(() => 'rules_invalid'));
    expect(records).toHaveLength(6);
  });

  test('lose nothing when two admins change them at once: the second is told', async () => {
    const opened = await openCore(engine);
    const { deed } = deeds();
    await createAclStore(opened.core, () => OPEN).text();
    const { version: seen } = await loadAcl(opened.core);
    const cores = [opened.core, opened.another(), opened.another()];
    const told = await outcomes(cores.map((core, i) => insertRule(core, 0, rule(`u${i}/i/a +`), { seen, deed })));
    expect(tally(told)).toEqual({ ok: 1, acl_changed: 2 });
    expect(await rulesIn(opened.core)).toHaveLength(2);
    expect(await outcomes([deleteRule(opened.core, 0, { seen, deed })])).toEqual(['acl_changed']);
    await createAclStore(opened.core, () => OPEN).replace([rule('a/b/c +')]);
    expect(await outcomes([deleteRule(opened.core, 0, { seen, deed })])).toEqual(['acl_changed']);
  });

  test('are tried out as they decide', async () => {
    const { core, settings } = await openCore(engine);
    const member = await person(core, 'ann', { simple_sync: true, uuid: 'ann-1' });
    await person(core, 'bob');
    await person(core, 'root', { admin: true });
    const parts = ['*', 'ann-1', 'a*', 'x', 'x*', 'b'];
    const rules: Rule[] = [];
    for (let i = 0; i < 60; i++) {
      const [user = '', item = '', action = ''] = [i, i * 5 + 2, i * 7 + 1].map(n => parts[n % parts.length]);
      if (item !== '*' || action !== '*') rules.push({ user, item, action, allow: i % 3 === 0 });
    }
    await createAclStore(core, () => OPEN).replace(rules);
    const permissions = await permissionsOf(rules);
    const cases = ['ann-1', 'ann', 'a', 'nobody', 'x'].flatMap(user =>
      ['x', 'xy', 'b', 'q'].flatMap(item => ['x', 'b', 'q', 'ann-1'].map(action => [user, item, action] as const)),
    );
    for (const [user, item, action] of cases) {
      const verdict = await tryRule(core, user, item, action);
      const allowed = permissions(user === 'ann' ? 'ann-1' : user)({ itemUuid: item, action });
      expect([user, item, action, verdict.allowed]).toEqual([user, item, action, allowed]);
      expect(verdict.because === 'rule').toBe(verdict.decided !== undefined);
    }
    expect(await tryRule(core, 'ann', 'q', 'q')).toMatchObject({ uuid: 'ann-1', username: 'ann' });
    expect(await tryRule(core, 'root', 'q', 'q')).toMatchObject({ allowed: true, because: 'admin' });
    expect(await tryRule(core, 'bob', 'q', 'q')).toMatchObject({ allowed: false, because: 'stranger' });
    settings.eventsOpenToAll = true;
    expect(await tryRule(core, 'bob', 'q', 'q')).toMatchObject({ because: 'nothing' });
    const mine = await rulesFor(core, member.uuid ?? '', 3);
    const fitting = rules.flatMap((rule, place) => (['*', 'a*', 'ann-1'].includes(rule.user) ? [place] : []));
    expect([mine.rules.map(({ place }) => place), mine.total]).toEqual([fitting.slice(0, 3), fitting.length]);
  });
});

forEachEngine('members', engine => {
  const names = async (core: Core, q = '') =>
    (await listMembers(core, { page: 1, perPage: 50, q })).items.map(({ account, membership }) => [
      account.username,
      membership,
    ]);

  test('are made, let in, changed and dismissed, and the audit log is told', async () => {
    const { core, settings } = await openCore(engine);
    const { deed, records } = deeds();
    await createAccount(core, { username: 'root', admin: true });
    const bob = await person(core, 'bob');
    const sam = await makeMember(core, { uuid: 'sam-1', username: 'sam', password: 'x' }, deed);
    const kim = await makeMember(core, { uuid: '', username: 'kim', password: 'x' }, deed);
    await admitMember(core, 'bob', deed);
    await admitMember(core, 'sam-1', deed);
    expect(await names(core)).toEqual([
      ['bob', 'made'],
      ['kim', 'made'],
      ['root', 'admin'],
      ['sam', 'made'],
    ]);
    expect(await names(core, 'SAM-')).toEqual([['sam', 'made']]);
    await changeMember(core, sam.user_id, { username: 'samira', password: 'y' }, deed);
    await dismissMember(core, bob.user_id, deed);
    await dismissMember(core, kim.user_id, deed);
    expect(await names(core)).toEqual([
      ['root', 'admin'],
      ['samira', 'made'],
    ]);
    settings.eventsOpenToAll = true;
    expect((await names(core)).length).toBe(2);
    expect(isMember(core, bob)).toBe(true);
    expect(records).toEqual([
      'user_created by root',
      'user_created by root',
      'user_updated made a member of the shared history, by root',
      'user_updated by root',
      'user_password_reset by root',
      'user_updated no member of the shared history any more, by root',
      'user_updated no member of the shared history any more, by root',
    ]);
  });

  test('are refused what the API refuses, and admins stay as they are', async () => {
    const { core } = await openCore(engine);
    const { deed, records } = deeds();
    const root = await createAccount(core, { username: 'root', admin: true });
    const bob = await person(core, 'bob', { uuid: 'b' });
    const make = (given: object) => makeMember(core, { uuid: 'u', username: 'sam', password: 'x', ...given }, deed);
    expect(
      await outcomes([
        make({ username: 'ab' }),
        make({ username: 'a b c' }),
        make({ username: 'bob' }),
        make({ uuid: 'b' }),
        make({ uuid: '\n' }),
        make({ password: '' }),
        admitMember(core, 'nobody', deed),
        dismissMember(core, bob.user_id, deed),
        dismissMember(core, root.user_id, deed),
        changeMember(core, root.user_id, { username: 'boot', password: '' }, deed),
        changeMember(core, bob.user_id, { username: 'boot', password: '' }, deed),
      ]),
    ).toEqual([
      ...[
        'member_name_invalid',
        'member_name_invalid',
        'user_exists',
        'uuid_taken',
        'uuid_invalid',
        'password_invalid',
      ],
      ...['account_not_found', 'account_not_found', 'conflict', 'conflict', 'account_not_found'],
    ]);
    expect(records).toEqual([]);
  });
});
