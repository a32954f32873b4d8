import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { issueToken } from '../../src/core/access/tokens.ts';
import { forEachEngine } from '../support/engines.ts';
import { sharedServer } from '../support/served.ts';
import { type Guest, newGuest, ROOMY } from './people.ts';
import { formsOf, unescaped } from './visitor.ts';

const HOUR = 3_600_000;
/** A Friday; the test's clock shows no earlier moment. */
const DAY = Date.UTC(2100, 0, 1);

forEachEngine('the page of working hours', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  /** Somebody with a browser, and a Punch client of the same account. */
  async function newWorker() {
    const { server } = served;
    const guest = await newGuest(server);
    const ask = async (method: string, name: string, body?: unknown) => {
      const { token } = await issueToken(server.core, guest.account);
      const answer = await server.request(method, `/api/v1/punches/${name}`, body, {
        Authorization: `Bearer ${token}`,
      });
      expect([name, answer.status < 300]).toEqual([name, true]);
      return answer.json;
    };
    const client = {
      manifest: (): Promise<Record<string, number>> => ask('GET', 'manifest'),
      upload: (...punches: object[]) => ask('POST', 'upload', { punches }),
      download: async (...ids: string[]) => (await ask('POST', 'download', { ids })).punches,
      remove: (...ids: string[]) => ask('POST', 'delete', { ids }),
    };
    return { guest, client };
  }

  const punchOf = (given: object = {}) => ({
    id: randomUUID() as string,
    project: 'garden',
    in: DAY + 9 * HOUR,
    out: DAY + 11 * HOUR,
    rate: 50,
    comments: [{ comment: 'weeds', timestamp: DAY + 10 * HOUR, mood: 'good' }] as object[],
    created: DAY,
    updated: DAY + 11 * HOUR,
    ...given,
  });

  const at = '2100-01-01';
  const week = `/punches?view=week&date=${at}`;
  const fieldsOf = (guest: Guest, action: string) =>
    formsOf(guest.page().text).find(form => form.action === action)?.fields ?? {};

  it('teaches on an empty page, and is for its account alone', async () => {
    const { guest } = await newWorker();
    const page = await guest.visit('/punches');
    expect([page.status, page.text.includes('[PUNCH_KEYS]'), page.text.includes('<svg class="chart')]).toEqual([
      200,
      true,
      false,
    ]);
    const stranger = await fetch(`${served.server.url}/punches`, {
      headers: { Accept: 'text/html' },
      redirect: 'manual',
    });
    expect([stranger.status, stranger.headers.get('Location')]).toEqual([302, '/login']);
  });

  it('shows a week as days, a month and longer as bars, and the sums of each project', async () => {
    const { guest, client } = await newWorker();
    await client.upload(
      punchOf(),
      punchOf({ project: 'house', in: DAY + 12 * HOUR, out: DAY + 12.5 * HOUR, rate: 0 }),
      // Over midnight, from the week before.
      punchOf({ project: 'night', in: Date.UTC(2099, 11, 27, 23), out: Date.UTC(2099, 11, 28, 1), rate: 10 }),
    );
    const page = await guest.visit(week);
    expect(page.text).toContain('<title>garden 09:00–11:00</title>');
    const rows = [...page.text.matchAll(/<tr><td>([\s\S]*?)<\/tr>/g)].map(([, row = '']) =>
      row
        .replace(/<svg[\s\S]*?<\/svg>|<[^>]+>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim(),
    );
    expect(rows.slice(0, 4)).toEqual([
      'garden 1 2:00 50.00 100.00',
      'night 1 1:00 10.00 10.00',
      'house 1 0:30 – –',
      'All together 3 3:30 110.00',
    ]);
    expect(rows).toContain('Fri, Jan 1 2:30 garden 2:00, house 0:30');
    const month = await guest.visit(`/punches?view=month&date=${at}`);
    expect(month.text).toContain('<title>garden, Fri, Jan 1: 2:00</title>');
    expect(month.text).not.toContain('<title>night');
    const year = await guest.visit('/punches?from=2099-02-01&to=2100-01-31');
    expect(year.text).toContain('<title>night, Dec 99: 2:00</title>');
    const one = await guest.visit(`${week}&project=house`);
    expect([one.text.includes('>house</option>'), one.text.includes('<title>garden')]).toEqual([true, false]);
    const links = [...page.text.matchAll(/rel="(prev|next)"|href="(\/punches\?view=[^"]*)" rel/g)].map(
      ([, , href]) => href,
    );
    expect(links.filter(Boolean).map(href => unescaped(href ?? ''))).toEqual([
      '/punches?view=week&date=2099-12-21',
      '/punches?view=week&date=2100-01-04',
    ]);
  });

  it('knows days as the clock of the visitor does', async () => {
    const { guest, client } = await newWorker();
    await client.upload(punchOf({ in: DAY + 23 * HOUR, out: DAY + 23.5 * HOUR }));
    guest.cookies.set('/ zone', 'Asia/Tokyo');
    const page = await guest.visit('/punches?view=month&date=2100-01-02');
    expect(page.text).toContain('<title>garden, Sat, Jan 2: 0:30</title>');
    expect(page.text).toContain('Sat, Jan 2, 08:00');
    for (const zone of ['No/Where', '"><b>', 'a'.repeat(500), '__proto__', 'UTC']) {
      guest.cookies.set('/ zone', zone);
      const utc = await guest.visit('/punches?view=month&date=2100-01-02');
      expect([utc.status, utc.text.includes('Times of UTC')]).toEqual([200, true]);
    }
  });

  it('starts a clock and stops it, and the client takes both over', async () => {
    const { guest, client } = await newWorker();
    await guest.visit('/punches');
    expect((await guest.send('/punches/start', { project: ' garden ' })).text).toContain('The clock runs.');
    const [id = ''] = Object.keys(await client.manifest());
    const [running] = await client.download(id);
    const now = served.server.clock.now();
    expect(running).toEqual({
      id,
      project: 'garden',
      in: now,
      out: null,
      rate: 0,
      comments: [],
      created: now,
      updated: now,
    });
    served.server.clock.advance(90 * 60_000);
    expect((await guest.visit('/punches')).text).toMatch(/class="figure">1:30</);
    expect((await guest.send(`/punches/${id}/end`)).text).toContain('The clock has stopped.');
    const manifest = await client.manifest();
    expect(manifest[id]).toBeGreaterThan(running.updated);
    expect((await client.download(id))[0].out).toBe(now + 90 * 60_000);
    await guest.visit('/punches');
    expect((await guest.submit('/punches/start', { project: ' ' })).status).toBe(400);
  });

  it('draws a clock that somebody forgot long ago', async () => {
    const { guest, client } = await newWorker();
    await client.upload(punchOf({ in: DAY - 20 * 24 * HOUR, out: null }));
    const now = served.server.clock.now();
    const page = await guest.visit('/punches');
    const hours = Math.floor((now - (DAY - 20 * 24 * HOUR)) / HOUR);
    expect(page.text).toContain(`class="figure">${hours.toLocaleString('en')}:`);
    expect(page.text).toMatch(/<title>garden [\d:]+–now<\/title>/);
  });

  it('changes what was changed in the form and nothing else, so that the client takes it over, and a second sync nothing', async () => {
    const { guest, client } = await newWorker();
    const punch = punchOf({
      in: DAY + 9 * HOUR + 1234,
      out: DAY + 11 * HOUR + 987,
      comments: [
        { comment: 'two\r\nlines', timestamp: 1, mood: 'good' },
        { comment: 'x'.repeat(3000), timestamp: 2 },
        { comment: 'goes', timestamp: 3 },
      ],
      'own.$field': { deep: [1] },
    });
    await client.upload(punch);
    await guest.visit(`/punches/${punch.id}`);
    const same = await guest.submit(`/punches/${punch.id}`);
    expect([same.status, await client.manifest()]).toEqual([303, { [punch.id]: punch.updated }]);
    await guest.visit(`/punches/${punch.id}`);
    await guest.send(`/punches/${punch.id}`, { project: 'house', rate: '12,5', comment2: '', comment: 'new one' });
    const now = served.server.clock.now();
    const manifest = await client.manifest();
    expect(manifest[punch.id]).toBeGreaterThan(punch.updated);
    const [changed] = await client.download(punch.id);
    expect(changed).toEqual({
      ...punch,
      project: 'house',
      rate: 12.5,
      comments: [...punch.comments.slice(0, 2), { comment: 'new one', timestamp: now }],
      updated: manifest[punch.id],
    });
    // The client has it now, edits it, and the page shows that.
    await client.upload({ ...changed, project: 'shed', updated: changed.updated + 1 });
    expect((await guest.visit(`/punches/${punch.id}`)).text).toContain('value="shed"');
  });

  it('shows both when a client was faster, and saves over it only when told to', async () => {
    const { guest, client } = await newWorker();
    const punch = punchOf();
    await client.upload(punch);
    await guest.visit(`/punches/${punch.id}`);
    const theirs = { ...punch, project: 'their project', updated: punch.updated + 5 };
    await client.upload(theirs);
    const conflict = await guest.submit(`/punches/${punch.id}`, { project: 'my project' });
    expect(conflict.status).toBe(412);
    expect(conflict.text).toMatch(/data-label="Yours">my project<[\s\S]*data-label="Stored now">their project</);
    expect(await client.download(punch.id)).toEqual([theirs]);
    expect((await guest.submit(`/punches/${punch.id}`)).status).toBe(303);
    const [merged] = await client.download(punch.id);
    expect([merged.project, merged.updated > theirs.updated]).toEqual(['my project', true]);
    // An upload that was made before that is too late.
    await client.upload({ ...theirs, project: 'late', updated: merged.updated - 1 });
    expect((await client.download(punch.id))[0].project).toBe('my project');
  });

  it('neither stops nor deletes what a client changed meanwhile, until that was seen', async () => {
    const { guest, client } = await newWorker();
    const punch = punchOf({ out: null });
    await client.upload(punch);
    for (const act of ['end', 'delete']) {
      await guest.visit(`/punches/${punch.id}`);
      const [stored] = await client.download(punch.id);
      await client.upload({ ...stored, comments: [{ comment: act, timestamp: 1 }], updated: stored.updated + 1 });
      const answer = await guest.submit(`/punches/${punch.id}/${act}`);
      expect([act, answer.status, answer.text.includes('Both:')]).toEqual([act, 412, true]);
      expect((await client.download(punch.id))[0].comments[0].comment).toBe(act);
    }
    expect((await guest.send(`/punches/${punch.id}/delete`)).text).toContain('The punch is deleted.');
    await client.upload(punch);
    expect(await client.manifest()).toEqual({});
    const gone = await guest.visit(`/punches/${punch.id}`);
    expect([gone.status, gone.text.includes('deleted meanwhile')]).toEqual([404, true]);
  });

  it('saves nothing of a punch that was deleted while its form was open', async () => {
    const { guest, client } = await newWorker();
    const punch = punchOf();
    await client.upload(punch);
    await guest.visit(`/punches/${punch.id}`);
    await client.remove(punch.id);
    expect((await guest.submit(`/punches/${punch.id}`, { project: 'x' })).status).toBe(404);
    expect(await client.manifest()).toEqual({});
  });

  it('adds a punch in the zone in which the form was shown', async () => {
    const { guest, client } = await newWorker();
    guest.cookies.set('/ zone', 'Europe/Berlin');
    await guest.visit('/punches/new');
    guest.cookies.set('/ zone', 'UTC');
    const given = { project: 'garden', in: '2099-07-01T09:00', out: '2099-07-01T10:30', rate: '', comment: ' weeds ' };
    const added = await guest.submit('/punches/new', given);
    expect([added.status, added.location]).toEqual([303, '/punches?done=punch_added']);
    const [id = ''] = Object.keys(await client.manifest());
    const [punch] = await client.download(id);
    expect([punch.in, punch.out, punch.comments[0].comment]).toEqual([
      Date.UTC(2099, 6, 1, 7),
      Date.UTC(2099, 6, 1, 8, 30),
      'weeds',
    ]);
  });

  it('gives a form back as it was filled in, with what is wrong at its field', async () => {
    const { guest, client } = await newWorker();
    const right = { project: 'garden', in: '2100-01-01T09:00', out: '', rate: '' };
    for (const [field, value] of [
      ['project', ''],
      ['project', 'x'.repeat(501)],
      ['in', ''],
      ['in', '2100-02-31T09:00'],
      ['in', '1969-01-01T09:00'],
      ['in', '999999-01-01T09:00'],
      ['out', '2100-01-01T08:59'],
      ['out', 'soon'],
      ['rate', '-1'],
      ['rate', '1e9'],
    ] as const) {
      await guest.visit('/punches/new');
      const back = await guest.submit('/punches/new', { ...right, [field]: value });
      expect([field, value, back.status, back.text.includes(`id="${field}-problem"`)]).toEqual([
        field,
        value,
        400,
        true,
      ]);
      expect(fieldsOf(guest, '/punches/new')[field]).toBe(value);
    }
    expect(await client.manifest()).toEqual({});
  });

  it('leads back where one came from, and nowhere else', async () => {
    const { guest, client } = await newWorker();
    const punch = punchOf();
    await client.upload(punch);
    await guest.visit(`/punches?view=month&date=${at}&project=garden`);
    const link = unescaped(new RegExp(`href="(/punches/${punch.id}[^"]*)"`).exec(guest.page().text)?.[1] ?? '');
    await guest.visit(link);
    const saved = await guest.submit(`/punches/${punch.id}`, { rate: '1' });
    expect(saved.location).toBe('/punches?view=month&date=2100-01-01&project=garden&done=punch_saved');
    await guest.visit(link);
    const other = await guest.submit(`/punches/${punch.id}`, { back: '//evil.example/?done=x&view=month' });
    expect(other.location).toBe('/punches?view=month&done=punch_saved');
  });

  it('pages a list without skipping or repeating, whatever is added meanwhile', async () => {
    const { guest, client } = await newWorker();
    const ids = Array.from({ length: 75 }, () => randomUUID() as string);
    await client.upload(...ids.map((id, i) => punchOf({ id, in: DAY + Math.floor(i / 4), out: DAY + HOUR })));
    const seen: string[] = [];
    let next: string | undefined = week;
    while (next !== undefined) {
      const { text } = await guest.visit(next);
      seen.push(...[...text.matchAll(/<a href="\/punches\/([0-9a-f-]{36})/g)].map(([, id = '']) => id));
      await client.upload(punchOf({ in: DAY + 2 * HOUR }));
      next = /href="([^"]*)" rel="next">Next page/.exec(text)?.[1];
      if (next !== undefined) next = unescaped(next);
    }
    expect([...seen].sort()).toEqual([...ids].sort());
    for (const after of ['x', '_', '-1_', '99999999999999999999_', '0_']) {
      expect((await guest.visit(`${week}&after=${after}`)).status).toBe(200);
    }
  });

  it('downloads what the filter shows: JSON that uploads again as it was, and CSV that no table computes', async () => {
    const { guest, client } = await newWorker();
    const punch = punchOf({ comments: [{ comment: '=1+1 "x"', timestamp: 1 }], project: '@sum,\n', big: 1 });
    const text = JSON.stringify(punch).replace('"big":1', '"big":369553424691494913');
    await client.upload(punchOf({ project: 'other' }), punchOf({ in: 1000, out: 2000, project: '@sum,\n' }));
    await served.server.request('POST', '/api/v1/punches/upload', `{"punches":[${text}]}`, {
      Authorization: `Bearer ${(await issueToken(served.server.core, guest.account)).token}`,
    });
    const filter = `?view=month&date=${at}&project=${encodeURIComponent('@sum,\n')}`;
    const json = await guest.look(`/punches/export.json${filter}`);
    expect(json.text).toBe(`{"punches":[${text}]}\n`);
    const csv = await guest.look(`/punches/export.csv${filter}`);
    const iso = (moment: number) => new Date(moment).toISOString();
    expect(csv.text).toBe(
      'id,project,in,out,hours,rate,earned,comments,created,updated\r\n' +
        `${punch.id},"'@sum,\n",${iso(punch.in)},${iso(punch.out)},2.0000,50,100.00,"'=1+1 ""x""",${iso(DAY)},${iso(punch.updated)}\r\n`,
    );
    for (const { headers } of [json, csv]) {
      expect([headers.get('Cache-Control'), headers.get('X-Content-Type-Options')]).toEqual(['no-store', 'nosniff']);
      expect(headers.get('Content-Disposition')).toMatch(/^attachment; filename="punches\.(csv|json)"$/);
    }
    expect(JSON.parse((await guest.look('/punches/export.json')).text).punches).toHaveLength(3);
    const other = await newWorker();
    expect((await other.guest.look('/punches/export.json')).text).toBe('{"punches":[]}\n');
  });

  it('makes a text of whatever some table computes, behind blanks and in wide characters too; numbers stay numbers', async () => {
    const { guest, client } = await newWorker();
    const tricks = ['=1', '+1', '-1', '@A1', ' =1', '\t1', '＝1', '＋1', '－1', '＠A1'].map(text => [text, `'${text}`]);
    // Where quotes mean nothing and semicolons end cells, each of these begins one.
    tricks.push(['a;=1', "a;'=1"], ['a; -1', "a;' -1"], ['a\n=1', "a\n'=1"], ['\n=1', "'\n'=1"], ['a-1;b', 'a-1;b']);
    await client.upload(...tricks.map(([project = '']) => punchOf({ project })), punchOf({ project: 'a=1', rate: 50 }));
    const { text } = await guest.look('/punches/export.csv');
    for (const [, written] of tricks) expect(text).toContain(`,"${written}",`);
    expect(text).toMatch(/,"a=1",[^"']*,2\.0000,50,100\.00,/);
  });

  it('does nothing to the punches of others, nor by a form that is none of ours', async () => {
    const { guest, client } = await newWorker();
    const { guest: thief } = await newWorker();
    const punch = punchOf();
    await client.upload(punch);
    expect((await thief.visit(`/punches/${punch.id}`)).status).toBe(404);
    await guest.visit(`/punches/${punch.id}`);
    const own = { ...fieldsOf(guest, `/punches/${punch.id}`), project: 'stolen' };
    const post = (visitor: Guest, path: string, fields: Record<string, string>) =>
      fetch(served.server.url + path, {
        method: 'POST',
        body: new URLSearchParams(fields),
        redirect: 'manual',
        headers: {
          Accept: 'text/html',
          Origin: new URL(served.server.url).origin,
          Cookie: [...visitor.cookies].map(([name, value]) => `${name.split(' ')[1]}=${value}`).join('; '),
        },
      });
    const csrf = thief.cookies.get('/ csrf_token') ?? '';
    for (const path of [`/punches/${punch.id}`, `/punches/${punch.id}/end`, `/punches/${punch.id}/delete`]) {
      expect((await post(thief, path, { ...own, csrf_token: csrf })).status).toBe(404);
      expect((await post(guest, path, { ...own, csrf_token: 'b'.repeat(64) })).status).toBe(403);
    }
    expect((await post(guest, '/punches/start', { project: 'x' })).status).toBe(403);
    expect(await client.download(punch.id)).toEqual([punch]);
  });

  it('shows markup of clients as text, whatever else they store', async () => {
    const { guest, client } = await newWorker();
    const evil = '<img src=x onerror=alert(1)>"\'</textarea><script>';
    const punch = punchOf({ project: evil, comments: [{ comment: evil, timestamp: 1 }] });
    await client.upload(
      punch,
      punchOf({ project: '__proto__', in: 0, out: 8.64e15, rate: 1e300 }),
      punchOf({ in: 8.64e15, out: null, updated: 8.64e15 }),
      punchOf({ project: 'a'.repeat(500), out: null, comments: [{ comment: 'b'.repeat(200_000), timestamp: 1 }] }),
    );
    for (const path of [
      week,
      `/punches?view=month&date=${at}`,
      `/punches/${punch.id}`,
      '/punches/new?project=<b>',
      '/punches?from=1970-01-01&to=9999-12-31',
      '/punches?from=9999-12-31',
      '/punches?view=week&date=9999-12-31',
      '/punches?view=week&date=1970-01-01',
      '/punches?view=%00&date=2100-13-45&project=%3Cb%3E&from=x',
      '/punches?view=a&view=b',
    ]) {
      const { status, text } = await guest.visit(path);
      expect([path, status, /<img|<script>|<b>/.exec(text)?.[0]]).toEqual([path, 200, undefined]);
      expect(text.length).toBeLessThan(60_000);
    }
    for (const id of Object.keys(await client.manifest())) {
      await guest.visit(`/punches/${id}`);
      expect((await guest.submit(`/punches/${id}`)).status).toBe(303);
    }
    expect((await client.manifest())[punch.id]).toBe(punch.updated);
  });
});
