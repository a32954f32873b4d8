import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { newName, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { historyOf, newAdmin, newEvent, newMember, pull, push, setRules } from './open-simple-sync.ts';

/** `U` and `V` stand for the uuids of two members, `N` for the name of the first. Requests are `who action item`. */
const decisions: { rules: string[]; allowed?: string[]; denied?: string[] }[] = [
  { rules: [], denied: ['U create i1'] },
  { rules: ['*/*/* +'], allowed: ['U create i1', 'V anything any text'] },
  { rules: ['U/i1/create +'], allowed: ['U create i1'], denied: ['U update i1', 'U create i2', 'V create i1'] },
  { rules: ['U/i1/create +'], denied: ['U Create i1', 'U create I1', 'U create i1 ', 'U create i', 'U create i11'] },
  { rules: ['U/*/* +'], denied: ['V create i1'] },
  { rules: ['U/i1/create +', '*/*/* -'], allowed: ['U create i1'] },
  { rules: ['*/*/* -', 'U/i1/create +'], denied: ['U create i1'] },
  { rules: ['*/*/* +', 'U/i1/delete -'], allowed: ['U delete i1'] },
  { rules: ['U/i1/create -', 'U/i1/create +'], denied: ['U create i1'] },
  { rules: ['V/*/* -', '*/i2/* -', 'U/i1/create +'], allowed: ['U create i1'], denied: ['V create i1', 'U create i2'] },
  {
    rules: ['*/task-*/edit +'],
    allowed: ['U edit task-42', 'U edit task-'],
    denied: ['U edit Task-42', 'U edit my-task-1', 'U edit task42', 'U edit task', 'U delete task-42'],
  },
  { rules: ['*/task-*/* -', '*/*/* +'], allowed: ['U edit note-1'], denied: ['U edit task-1'] },
  { rules: ['*/task-*/* +', '*/task-9/delete -'], allowed: ['U delete task-9'] },
  {
    rules: ['*/item123/view +', 'U/*/edit +', '*/*/* -'],
    allowed: ['U edit anything', 'V view item123'],
    denied: ['U create item1', 'V edit item123'],
  },
  { rules: ['N/*/* +'], denied: ['U create i1'] },
  { rules: ['*/a.c/* +', '*/a+/* +'], allowed: ['U x a.c', 'U x a+'], denied: ['U x abc', 'U x aa'] },
  { rules: ['*/*/ed* +'], allowed: ['U ed i', 'U edit i'], denied: ['U e i', 'U Edit i'] },
  { rules: ['*/__proto__/* +'], allowed: ['U x __proto__'], denied: ['U x constructor'] },
];

forEachEngine('the access rules', engine => {
  const served = sharedServer(engine);
  const parse = (request: string) => /^(?<who>[UV]) (?<action>\S+) (?<itemUuid>.*)$/.exec(request)?.groups ?? {};

  async function pushes(server: TestServer) {
    const members = { U: await newMember(server), V: await newMember(server) };
    const admin = await newAdmin(server);
    const uuids = (text: string) =>
      text
        .replace(/^U\//, `${members.U.uuid}/`)
        .replace(/^V\//, `${members.V.uuid}/`)
        .replace(/^N\//, `${members.U.username}/`);
    return {
      members,
      admin,
      setRules: (rules: readonly string[]) => setRules(server, admin, rules.map(uuids)),
      status: async (request: string) => {
        const { who, action, itemUuid } = parse(request) as { who: 'U' | 'V'; action: string; itemUuid: string };
        return (await push(server, members[who], [newEvent(server, { action, itemUuid })])).status;
      },
    };
  }

  test('are decided by the first that fits; when none does, by no', async () => {
    const { setRules, status } = await pushes(served.server);
    const wrong: string[] = [];
    for (const { rules, allowed = [], denied = [] } of decisions) {
      await setRules(rules);
      for (const [requests, expected] of [
        [allowed, 200],
        [denied, 403],
      ] as const) {
        for (const request of requests) {
          const found = await status(request);
          if (found !== expected) wrong.push(`${rules.join(', ')}: ${request}: ${found}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('take a beginning for the user too', async () => {
    const { server } = served;
    const { setRules } = await pushes(server);
    const prefix = newName();
    const [one, two] = [
      await newMember(server, { uuid: `${prefix}.one` }),
      await newMember(server, { uuid: `x${prefix}.` }),
    ];
    await setRules([`${prefix}.*/*/* +`]);
    expect((await push(server, one, [newEvent(server)])).status).toBe(200);
    expect((await push(server, two, [newEvent(server)])).status).toBe(403);
  });

  test('are those of the caller, whoever an event claims to be from', async () => {
    const { server } = served;
    const { members, setRules } = await pushes(server);
    await setRules(['V/*/* +']);
    const event = newEvent(server, { userUuid: members.V.uuid });
    expect((await push(server, members.U, [event])).status).toBe(403);
    const own = newEvent(server, { userUuid: members.U.uuid });
    expect((await push(server, members.V, [own])).status).toBe(200);
    expect(await historyOf(server, members.V)).toContainEqual({ ...own, userUuid: members.V.uuid });
  });

  test('hide nothing that is stored, and bind no admin', async () => {
    const { server } = served;
    const { members, admin, setRules } = await pushes(server);
    await setRules(['*/*/* +']);
    const event = newEvent(server);
    await push(server, members.U, [event]);
    await setRules(['*/*/view -', '*/*/* -']);
    expect(await historyOf(server, members.V)).toContainEqual({ ...event, userUuid: members.U.uuid });
    const own = newEvent(server);
    expect((await push(server, admin, [own])).status).toBe(200);
    expect((await pull(server, members.U)).json).toContainEqual({ ...own, userUuid: admin.uuid });
  });

  test('let a member without rights push nothing, and read what there is by doing so', async () => {
    const { server } = served;
    const { members, setRules } = await pushes(server);
    await setRules([]);
    expect((await push(server, members.U, [])).status).toBe(200);
  });

  test('refuse a batch for one event, known or new', async () => {
    const { server } = served;
    const { members, setRules } = await pushes(server);
    await setRules(['*/*/* +']);
    const known = newEvent(server, { action: 'delete' });
    await push(server, members.U, [known]);
    await setRules(['U/i1/create +']);
    const fine = newEvent(server, { itemUuid: 'i1' });
    for (const refused of [known, newEvent(server, { itemUuid: 'i1', action: 'delete' })]) {
      const answer = await push(server, members.U, [fine, refused]);
      expect([answer.status, answer.json.eventUuid]).toEqual([403, refused.uuid]);
    }
    expect((await historyOf(server, members.U)).map(({ uuid }) => uuid)).not.toContain(fine.uuid);
  });
});
