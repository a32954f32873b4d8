import { expect, test } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { demand, newAdmin, newEvent, newMember, push, rule, setRules } from './open-simple-sync.ts';

const OPEN = { rules: [{ user: '*', item: '*', action: '*', allow: true }] };

forEachEngine('/api/v1/acl', engine => {
  const served = sharedServer(engine);
  const get = async (server: TestServer, headers: Record<string, string>) =>
    demand(await server.request('GET', '/api/v1/acl', undefined, headers), 200).json;

  test('gives an admin the document: on a fresh store everything is allowed, by a rule to be seen', async () => {
    const { server } = await openServer(engine);
    const { headers } = await newAdmin(server);
    const answer = await server.request('GET', '/api/v1/acl', undefined, headers);
    expect([answer.status, answer.json]).toEqual([200, OPEN]);
    expect(answer.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
  });

  test('begins with the document of the configuration, and keeps what was put in its place', async () => {
    const options = {
      SIMPLE_SYNC_INITIAL_ACL: '{"rules":[{"x":1,"allow":false,"user":"ann","item":"a b*","action":"*"}],"y":2}',
    };
    const { server } = await openServer(engine, { options });
    const { headers } = await newAdmin(server);
    const text = '{"rules":[{"user":"ann","item":"a b*","action":"*","allow":false}]}';
    expect((await server.request('GET', '/api/v1/acl', undefined, headers)).text).toBe(text);
    demand(await server.request('PUT', '/api/v1/acl', OPEN, headers), 204);
    await server.configure(options);
    expect(await get(server, headers)).toEqual(OPEN);
  });

  test('changes nothing when it is read and put back', async () => {
    const { server } = await openServer(engine);
    const [admin, ann] = [await newAdmin(server), await newMember(server)];
    demand(await server.request('PUT', '/api/v1/acl', await get(server, admin.headers), admin.headers), 204);
    expect(await get(server, admin.headers)).toEqual(OPEN);
    expect((await push(server, ann, [newEvent(server)])).status).toBe(200);
  });

  test('takes a list of rules in place of the old one, keeps its order, and drops what does not belong there', async () => {
    const { server } = served;
    const { headers } = await newAdmin(server);
    const rules = ['b/*/* -', 'a/x*/* +', 'b/*/* -', '*/*/view +'].map(rule);
    const body = { rules: rules.map((r, i) => ({ id: i, ...r, type: 'x' })), version: 5 };
    const answer = await server.request('PUT', '/api/v1/acl', body, headers);
    expect([answer.status, answer.text, answer.headers.get('Content-Type')]).toEqual([204, '', null]);
    expect(await get(server, headers)).toEqual({ rules });
    demand(await server.request('PUT', '/api/v1/acl', { rules: [] }, headers), 204);
    expect(await get(server, headers)).toEqual({ rules: [] });
  });

  test('keeps texts as they are', async () => {
    const { server } = served;
    const { headers } = await newAdmin(server);
    const texts = [' ', 'é', '\ud800', '\x80', '😀*', '$ne', '__proto__', '"\\', 'x'.repeat(3000)];
    const document = { rules: texts.map(text => ({ user: text, item: text, action: text, allow: false })) };
    demand(await server.request('PUT', '/api/v1/acl', document, headers), 204);
    expect(await get(server, headers)).toEqual(document);
  });

  const fine = '{"user":"*","item":"*","action":"*","allow":true}';
  const withField = (field: string, value: unknown) =>
    JSON.stringify({ rules: [{ ...JSON.parse(fine), [field]: value }] });
  test.each([
    '',
    '{',
    'null',
    '5',
    '"rules"',
    '[]',
    `[${fine}]`,
    '{}',
    '{"Rules":[]}',
    '{"rules":null}',
    '{"rules":{}}',
    '{"rules":"[]"}',
    `{"rules":${fine}}`,
    '{"rules":[null]}',
    '{"rules":["*"]}',
    `{"rules":[[${fine}]]}`,
    '{"rules":[{}]}',
    `{"rules":[${fine},{"user":"*","item":"*","action":"*"}]}`,
    `{"rules":[{"__proto__":${fine}}]}`,
    ...['user', 'item', 'action'].flatMap(field =>
      [
        undefined,
        null,
        '',
        5,
        true,
        ['*'],
        { $ne: '' },
        '**',
        '*a',
        'a*b',
        'a**',
        '* ',
        'a\0',
        'a\n',
        '\x1f',
        '\x7f*',
      ].map(value => withField(field, value)),
    ),
    ...[undefined, null, 'true', 1, 0, [], {}].map(value => withField('allow', value)),
  ])('refuses %j and leaves the rules alone', async body => {
    const { server } = served;
    const admin = await newAdmin(server);
    await setRules(server, admin, ['kept/*/* +']);
    const answer = await server.request('PUT', '/api/v1/acl', body, admin.headers);
    expect([answer.status, Object.keys(answer.json)]).toEqual([400, ['error', 'code']]);
    expect(answer.json.code).toMatch(/^(body_required|json_invalid|rules_invalid)$/);
    expect(await get(server, admin.headers)).toEqual({ rules: [rule('kept/*/* +')] });
  });

  test('names the place that is wrong', async () => {
    const { server } = served;
    const { headers } = await newAdmin(server);
    const rules = [rule('*/*/* +'), { ...rule('*/*/* +'), item: '*x' }];
    const { json } = await server.request('PUT', '/api/v1/acl', { rules }, headers);
    expect(json).toEqual({ error: expect.stringMatching(/^rules\[1\]\.item: .*\*/), code: 'rules_invalid' });
  });

  test('takes effect at once, for tokens that were given out and for every member', async () => {
    const { server } = served;
    const [admin, ann, ben] = [await newAdmin(server), await newMember(server), await newMember(server)];
    const status = async (member: typeof ann) => (await push(server, member, [newEvent(server)])).status;
    await setRules(server, admin, ['*/*/* +']);
    expect([await status(ann), await status(ben)]).toEqual([200, 200]);
    await setRules(server, admin, [`${ann.uuid}/*/* -`, '*/*/* +']);
    expect([await status(ann), await status(ben)]).toEqual([403, 200]);
    await setRules(server, admin, []);
    expect([await status(ann), await status(ben), await status(admin)]).toEqual([403, 403, 200]);
    await setRules(server, admin, ['*/*/* +']);
    expect([await status(ann), await status(ben)]).toEqual([200, 200]);
  });

  test.each(['POST', 'PATCH', 'DELETE'])('is not there for %s', async method => {
    const answer = await served.server.request(method, '/api/v1/acl');
    expect([answer.status, answer.headers.get('Allow')]).toEqual([405, 'GET, HEAD, PUT']);
  });
});
