import { expect, test } from 'vitest';
import { allOrFirst, forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { newApi, punchOf } from './open-punch.ts';

const LAST = 8_640_000_000_000_000;
const NO_TIMES = [-1, -0.001, LAST + 2, 1e300, '1', '2024-01-01T00:00:00Z', true, {}, [], [1], { $gt: 0 }];
const NO_NUMBERS = ['1', true, {}, [1], { $gt: 0 }];
const NO_TEXTS = [null, 0, true, {}, ['x'], { $ne: null }];
const NO_OBJECTS = [null, 0, 'x', true, []];

/** Rules: what is wrong with a punch, by the place that the answer names behind `punches[1]`. */
const wrong: readonly (readonly [place: string, punches: readonly unknown[]])[] = [
  ['', NO_OBJECTS],
  [
    '.id',
    [
      ...[undefined, ...NO_TEXTS, '', 'x', '0b2f9a305c1e4f7d9e6a1234567890ab', '0b2f9a30-5c1e-4f7d-9e6a-1234567890a'],
      ...['0b2f9a30-5c1e-4f7d-9e6a-1234567890abc', '{0b2f9a30-5c1e-4f7d-9e6a-1234567890ab}'],
      ...['0b2f9a30-5c1e-4f7d-9e6a-1234567890ab\n', ' 0b2f9a30-5c1e-4f7d-9e6a-1234567890ab'],
      ...['0b2f9a30-5c1e-4f7d-9e6a-1234567890ag', '0b2f9a30-5c1e-4f7d-9e6a-1234567890a\u0000'],
    ].map(id => punchOf({ id: id as string })),
  ],
  [
    '.project',
    [undefined, ...NO_TEXTS, '', 'x'.repeat(501), '😀'.repeat(501)].map(project =>
      punchOf({ project: project as string }),
    ),
  ],
  ['.in', [undefined, null, ...NO_TIMES].map(start => punchOf({ in: start as number }))],
  ['.out', [...NO_TIMES, 999.999].map(out => punchOf({ in: 1_000, out: out as number }))],
  ['.rate', [...NO_NUMBERS, -1, -5e-324].map(rate => punchOf({ rate: rate as number }))],
  ['.comments', [null, 'x', 0, {}, { length: 0 }].map(comments => punchOf({ comments: comments as [] }))],
  ['.comments[1]', NO_OBJECTS.map(comment => punchOf({ comments: [{ comment: 'a', timestamp: 1 }, comment] }))],
  [
    '.comments[0].comment',
    [undefined, ...NO_TEXTS, ''].map(comment => punchOf({ comments: [{ comment, timestamp: 1 }] })),
  ],
  [
    '.comments[0].timestamp',
    [undefined, null, ...NO_TIMES].map(timestamp => punchOf({ comments: [{ comment: 'a', timestamp }] })),
  ],
  ['.created', [null, ...NO_TIMES].map(created => punchOf({ created: created as number }))],
  ['.updated', [undefined, null, ...NO_TIMES].map(updated => punchOf({ updated: updated as number }))],
];

forEachEngine('a punch that breaks a rule', engine => {
  const punch = sharedServer(engine);

  test.each(allOrFirst(engine, wrong))(
    'is refused with 400, and the answer names the place: punches[1]%s',
    async (place, punches) => {
      const api = await newApi(punch.server);
      for (const broken of punches) {
        const answer = await api.send('POST', 'upload', { punches: [punchOf(), broken] });
        expect([broken, answer.status, answer.json]).toEqual([
          broken,
          400,
          { error: expect.stringContaining(`punches[1]${place}: `), code: 'punches_invalid' },
        ]);
        expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
      }
      expect(await api.manifest()).toEqual({});
    },
  );

  test('says that the end lies before the start', async () => {
    const api = await newApi(punch.server);
    const answer = await api.send('POST', 'upload', { punches: [punchOf({ in: 2, out: 1 })] });
    expect(answer.json.error).toBe('punches[0].out: must not be before in');
  });

  test.each([
    ['1e400', 'rate'],
    ['1e400', 'in'],
    ['-1e400', 'updated'],
  ])('is refused when JSON has the number %s for %s', async (number, field) => {
    const api = await newApi(punch.server);
    const text = JSON.stringify(punchOf({ out: null })).replace(new RegExp(`"${field}":\\d+`), `"${field}":${number}`);
    const answer = await api.send('POST', 'upload', `{"punches":[${text}]}`);
    expect([answer.status, answer.json.error]).toEqual([
      400,
      expect.stringMatching(new RegExp(`^punches\\[0\\]\\.${field}: `)),
    ]);
  });

  test('names the first place of several', async () => {
    const api = await newApi(punch.server);
    const punches = [punchOf(), punchOf({ updated: -1, rate: -1 }), punchOf({ id: '' })];
    expect((await api.send('POST', 'upload', { punches })).json.error).toMatch(/^punches\[1\]\.rate: /);
  });

  test('does not find what it stands for in the answer', async () => {
    const api = await newApi(punch.server);
    for (const broken of [{ project: '', note: 'secret' }, { secret: [1e308] }, { id: 'secret' }]) {
      const answer = await api.send('POST', 'upload', { punches: [punchOf(broken), 'secret'] });
      expect([answer.status, answer.text.includes('secret')]).toEqual([400, false]);
    }
  });

  test.each(allOrFirst(engine, ['constructor', '__proto__', 'toString']))(
    'is refused when %s is all there is',
    async name => {
      const api = await newApi(punch.server);
      const inherited = JSON.stringify(punchOf());
      const answer = await api.send('POST', 'upload', `{"punches":[{"${name}":${inherited}}]}`);
      expect([answer.status, answer.json.error]).toEqual([400, 'punches[0].id: expected a UUID']);
      const outside = await api.send('POST', 'upload', `{"${name}":{"punches":[]}}`);
      expect([outside.status, outside.json.error]).toEqual([400, 'punches: expected an array']);
    },
  );

  test('is none at the limits: 500 characters, first and last time, end at the start', async () => {
    const api = await newApi(punch.server);
    const fine = [
      punchOf({ project: 'x'.repeat(500) }),
      punchOf({ project: '😀'.repeat(500) }),
      punchOf({ in: LAST, out: LAST, created: LAST, updated: LAST, comments: [{ comment: 'a', timestamp: LAST }] }),
      punchOf({ in: 0, out: 0, created: 0, updated: 0, comments: [{ comment: 'a', timestamp: 0 }] }),
      punchOf({ rate: 0.001 }),
      punchOf({ created: 5, in: 10 }),
    ];
    await api.upload(...fine);
    expect(await api.download(...fine.map(({ id }) => id))).toEqual(fine);
  });
});

forEachEngine('a body', engine => {
  const punch = sharedServer(engine);

  test.each([
    ['upload', 'punches'],
    ['download', 'ids'],
    ['delete', 'ids'],
  ])('of %s without a list of %s is refused with 400', async (name, field) => {
    const api = await newApi(punch.server);
    for (const list of [undefined, null, 0, 'x', {}, { 0: 'x', length: 1 }, true, { $ne: null }]) {
      const answer = await api.send('POST', name, { [field]: list, other: [] });
      expect([list, answer.status, answer.json]).toEqual([
        list,
        400,
        { error: `${field}: expected an array`, code: `${field}_invalid` },
      ]);
    }
  });

  test.each(allOrFirst(engine, ['upload', 'download', 'delete']))(
    'of %s that is no JSON object is refused with 400',
    async name => {
      const api = await newApi(punch.server);
      for (const [body, code] of [
        ['', 'body_required'],
        ['[]', 'json_invalid'],
        ['null', 'json_invalid'],
        ['"ids"', 'json_invalid'],
        ['{"ids":[]', 'json_invalid'],
        ["{'ids':[]}", 'json_invalid'],
        ['{"ids":[NaN],"punches":[NaN]}', 'json_invalid'],
      ] as const) {
        const answer = await api.send('POST', name, body);
        expect([body, answer.status, answer.json.code]).toEqual([body, 400, code]);
      }
    },
  );

  test.each(allOrFirst(engine, ['download', 'delete']))(
    'of %s with an item that is no text is refused with 400',
    async name => {
      const api = await newApi(punch.server);
      const stored = punchOf();
      await api.upload(stored);
      for (const item of [null, 0, true, {}, [], { $ne: null }, [stored.id]]) {
        const answer = await api.send('POST', name, { ids: [stored.id, item] });
        expect([item, answer.status, answer.json]).toEqual([
          item,
          400,
          { error: 'ids[1]: expected a string', code: 'ids_invalid' },
        ]);
      }
      expect(await api.download(stored.id)).toEqual([stored]);
    },
  );

  test('may have other fields beside the list, and any content type', async () => {
    const api = await newApi(punch.server);
    const stored = punchOf();
    const headers = { ...api.headers, 'Content-Type': 'text/html' };
    const body = JSON.stringify({ punches: [stored], client: 'x', $where: 1 });
    expect((await punch.server.request('POST', '/api/v1/punches/upload', body, headers)).status).toBe(204);
    expect(await api.download(stored.id)).toEqual([stored]);
  });
});
