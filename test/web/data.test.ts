import { expect, it } from 'vitest';
import { issueToken } from '../../src/core/access/tokens.ts';
import { entriesSpec } from '../../src/core/collections.ts';
import { findEntry } from '../../src/core/entries/entries.ts';
import { writeEntry } from '../../src/core/entries/write.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newGuest, ROOMY } from './people.ts';
import { newVisitor } from './visitor.ts';

const MARKUP = '<script>alert(1)</script>"\'&amp;<b>';
const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40, 0xfe)]);

/** Somebody at a browser, and a program with a token of the same account. */
async function newOwner(server: TestServer) {
  const guest = await newGuest(server);
  const { token } = await issueToken(server.core, guest.account);
  const at = (key: string) => `/user/${token}/store/${key}`;
  return {
    guest,
    id: guest.account.user_id,
    read: async (key: string) => (await server.request('GET', at(key))).json.value,
    write: (key: string, value: unknown) => server.request('POST', at(key), { value }),
  };
}

forEachEngine('the values of an account', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('are for their owner, and only where the API is on', async () => {
    const { server } = served;
    const { write } = await newOwner(server);
    await write('secret', 'mine');
    const stranger = await newGuest(server);
    for (const page of ['entry', 'edit', 'download', 'image', 'delete']) {
      const alone = await newVisitor(server).look(`/data/${page}?key=secret`);
      expect([alone.status, alone.location]).toEqual([302, '/login']);
      const { status, text } = await stranger.look(`/data/${page}?key=secret`);
      expect([page, status, text.includes('mine')]).toEqual([page, 404, false]);
    }
    const off = await openServer(engine, { options: { ...ROOMY, KEYBIN_ENABLED: 'false' } });
    expect((await (await newGuest(off.server)).look('/data')).status).toBe(404);
  });

  it('are shown as folders; while there are none the page teaches how to make one', async () => {
    const { server } = served;
    const { guest, write } = await newOwner(server);
    expect((await guest.visit('/data')).text).toContain(`curl -X POST ${server.url}/user/$T/store/notes.first`);
    for (const key of ['a.b.one', 'a.b.two', 'a.c', 'plain']) await write(key, 'x');
    const root = (await guest.visit('/data')).text;
    expect(root).toContain('href="/data?prefix=a."');
    expect(root).toContain('3 keys');
    expect(root).toContain('href="/data/entry?key=plain"');
    const folder = (await guest.visit('/data?prefix=a.')).text;
    expect(folder).toMatch(/href="\/data\?prefix=a\.b\."><strong>b\.</);
    expect(folder).toContain('key=a.c">c</a>');
    expect((await guest.visit('/data?prefix=pl')).text).toContain('key=plain');
    expect((await guest.visit('/data?prefix=zz')).text).toContain('No key begins with');
    const wrong = await guest.visit(`/data?prefix=${encodeURIComponent(MARKUP)}`);
    expect([wrong.status, wrong.text.includes('<script>alert')]).toEqual([400, false]);
  });

  it('come in pages both ways, and none is left out or shown twice', async () => {
    const { server } = served;
    const { guest, id } = await newOwner(server);
    const keys = Array.from({ length: 120 }, (_, i) => `k${String(i).padStart(3, '0')}`);
    for (const key of keys) await writeEntry(server.core, id, key, { value: 'x' }, 'absent');
    const seen: string[][] = [];
    const shown = (text: string) => [...text.matchAll(/entry\?key=(k\d+)"/g)].map(([, key = '']) => key);
    const link = (text: string, rel: string) =>
      new RegExp(`href="([^"]*)" rel="${rel}"`).exec(text)?.[1]?.replaceAll('&amp;', '&');
    let at: string | undefined = '/data';
    let last = '';
    while (at !== undefined) {
      last = (await guest.visit(at)).text;
      seen.push(shown(last));
      at = link(last, 'next');
    }
    expect(seen.flat()).toEqual(keys);
    const back = [];
    for (at = link(last, 'prev'); at !== undefined; at = link(last, 'prev')) {
      last = (await guest.visit(at)).text;
      back.unshift(shown(last));
    }
    expect(back).toEqual(seen.slice(0, -1));
  });

  it.each([
    ['a text', 'text', 'line one\nline two\n', 'line one\nline two\n'],
    ['an empty text', 'text', '', ''],
    ['markup', 'text', MARKUP, MARKUP],
    ['lines of a browser', 'text', 'a\r\nb\r\n', 'a\nb\n'],
    ['a text that begins with an empty line', 'text', '\n\nx', '\n\nx'],
    [
      'JSON',
      'json',
      '{"b": [1, 2.50, null], "a": {"__proto__": 1}}',
      JSON.parse('{"b":[1,2.5,null],"a":{"__proto__":1}}'),
    ],
    ['a JSON text', 'json', '"a\\r\\nb\\u0000"', 'a\r\nb\0'],
  ])('written here are read by programs: %s', async (_, kind, value, read) => {
    const { server } = served;
    const owner = await newOwner(server);
    await owner.guest.visit('/data/new');
    const sent = await owner.guest.submit('/data/new', { key: 'v', kind, value });
    expect([sent.status, sent.location]).toEqual([303, '/data/entry?key=v&done=value_saved']);
    expect(await owner.read('v')).toEqual(read);
    expect((await owner.guest.visit('/data/entry?key=v')).text).not.toContain('<script>alert');
  });

  it('written by programs come back unchanged when somebody opens the form and sends it', async () => {
    const { server } = served;
    const { guest, read, write } = await newOwner(server);
    const values = [
      '',
      'text',
      '\n\nx\n',
      'a\r\nb',
      '\r',
      '\0',
      MARKUP,
      'й 🙂',
      1,
      -0.5,
      1e300,
      null,
      true,
      [],
      {},
      [[{ a: ['"\\', {}] }]],
    ];
    for (const value of values) {
      await write('v', value);
      await guest.visit('/data/edit?key=v');
      expect([value, (await guest.submit('/data/edit')).status]).toEqual([value, 303]);
      expect(await read('v')).toEqual(value);
    }
  });

  it('that were changed meanwhile are shown beside what somebody wrote, and nothing is stored until they choose', async () => {
    const { server } = served;
    const { guest, read, write } = await newOwner(server);
    await write('v', 'first');
    await guest.visit('/data/edit?key=v');
    await write('v', `theirs ${MARKUP}`);
    const conflict = await guest.submit('/data/edit', { value: 'mine' });
    expect(conflict.status).toBe(412);
    expect(conflict.text).toContain('>\nmine</textarea>');
    expect(conflict.text).toContain('<pre class="value" tabindex="0">theirs &lt;script&gt;');
    expect(conflict.text).toContain('href="/data/entry?key=v"');
    expect(await read('v')).toBe(`theirs ${MARKUP}`);
    // Once more: what was shown is not what is there.
    await write('v', 'again');
    expect((await guest.submit('/data/edit')).status).toBe(412);
    expect((await guest.submit('/data/edit')).status).toBe(303);
    expect(await read('v')).toBe('mine');
  });

  it('that were deleted meanwhile, or made, are conflicts too', async () => {
    const { server } = served;
    const { guest, id, read, write } = await newOwner(server);
    await write('v', 'first');
    await guest.visit('/data/edit?key=v');
    await server.core.storage.collection(entriesSpec).delete([id, 'v']);
    const gone = await guest.submit('/data/edit', { value: 'mine' });
    expect([gone.status, gone.text.includes('has deleted this value')]).toEqual([412, true]);
    expect((await guest.submit('/data/edit')).status).toBe(303);
    await guest.visit('/data/new');
    const made = await guest.submit('/data/new', { key: 'v', value: 'new', seen: '=x' });
    expect([made.status, made.text.includes('>\nnew</textarea>')]).toEqual([412, true]);
    expect(await read('v')).toBe('mine');
  });

  it('come back in the form with what is wrong at its field', async () => {
    const { guest } = await newOwner(served.server);
    await guest.visit('/data/new');
    for (const [fields, field, status] of [
      [{ key: 'no spaces' }, 'key', 400],
      [{ key: '' }, 'key', 400],
      [{ key: 'v', kind: 'json', value: '{"a":' }, 'value', 400],
      [{ key: 'v', kind: 'json', value: ' ' }, 'value', 400],
      [{ key: 'v', kind: 'json', value: `${'['.repeat(1001)}${']'.repeat(1001)}` }, 'value', 400],
      [{ key: 'v', value: 'x'.repeat(1_048_577) }, 'value', 413],
      [{ key: 'v', content_type: 'x y' }, 'content_type', 400],
      [{ key: 'v', expires: '2001-01-01T00:00' }, 'expires', 400],
      [{ key: 'v', expires: 'tomorrow' }, 'expires', 400],
    ] as [Record<string, string>, string, number][]) {
      const page = await guest.submit('/data/new', { value: MARKUP, kind: 'text', ...fields });
      expect([fields, page.status]).toEqual([fields, status]);
      expect([fields, page.text.includes(`id="${field}-problem"`)]).toEqual([fields, true]);
      expect(page.text).not.toContain('<script>alert');
      await guest.visit('/data/new');
    }
  });

  it('have an expiry and a content type that are set, kept and taken away', async () => {
    const { server } = served;
    const { guest, id } = await newOwner(server);
    const soon = new Date(server.clock.now() + 3 * 86_400_000);
    const expires = soon.toISOString().slice(0, 16);
    await guest.visit('/data/new');
    await guest.submit('/data/new', { key: 'v', value: 'x', expires, content_type: 'text/markdown' });
    const stored = await findEntry(server.core, id, 'v');
    expect([stored?.expires_at?.toISOString().slice(0, 16), stored?.content_type]).toEqual([expires, 'text/markdown']);
    const page = (await guest.visit('/data/entry?key=v')).text;
    expect(page).toMatch(/in (2|3) days/);
    expect(page).toContain('text/markdown');
    await guest.visit('/data/edit?key=v');
    await guest.submit('/data/edit', { value: 'y' });
    expect((await findEntry(server.core, id, 'v'))?.expires_at).toEqual(stored?.expires_at);
    await guest.visit('/data/edit?key=v');
    await guest.submit('/data/edit', { expires: '', content_type: '' });
    const after = await findEntry(server.core, id, 'v');
    expect([after?.expires_at, after?.content_type, after?.value]).toEqual([undefined, undefined, 'y']);
  });

  it('are uploaded and downloaded as files, byte for byte', async () => {
    const { server } = served;
    const { guest, id, read } = await newOwner(server);
    const text = Buffer.from(`\ufeffa\r\nb ${MARKUP}`);
    for (const [name, content] of [
      ['photo.png', PNG],
      ['note.txt', text],
      ['empty', Buffer.alloc(0)],
    ] as const) {
      await guest.visit('/data/upload?key=f.');
      const sent = await guest.upload('/data/upload', { name, content });
      expect([sent.status, sent.location]).toEqual([303, `/data/entry?key=f.${name}&done=value_saved`]);
      const Cookie = `user_session=${guest.cookies.get('/ user_session')}`;
      const file = await fetch(`${server.url}/data/download?key=f.${name}`, { headers: { Cookie } });
      expect(Buffer.from(await file.arrayBuffer())).toEqual(content);
      expect([file.headers.get('Content-Disposition'), file.headers.get('X-Content-Type-Options')]).toEqual([
        `attachment; filename="f.${name}"`,
        'nosniff',
      ]);
      expect(file.headers.get('Content-Type')).toBe('application/octet-stream');
    }
    expect(await read('f.note.txt')).toBe(text.toString());
    expect(await read('f.photo.png')).toBe(PNG.toString('base64'));
    expect((await guest.visit('/data/entry?key=f.photo.png')).text).toContain('<img class="preview"');
    const image = await guest.look('/data/image?key=f.photo.png');
    expect([image.headers.get('Content-Type'), image.headers.get('Content-Security-Policy')]).toEqual([
      'image/png',
      "default-src 'none'; sandbox",
    ]);
    expect((await guest.look('/data/image?key=f.note.txt')).status).toBe(404);
    // What is there stays as it is where only its type changes.
    await guest.visit('/data/edit?key=f.photo.png');
    expect((await guest.submit('/data/edit', { content_type: 'image/png' })).status).toBe(303);
    const kept = await findEntry(server.core, id, 'f.photo.png');
    expect([kept?.content_type, Buffer.from(kept?.value as Uint8Array).equals(PNG)]).toEqual(['image/png', true]);
  });

  it('are not replaced by an upload unless that was said', async () => {
    const { guest, read, write } = await newOwner(served.server);
    await write('v', 'old');
    await guest.visit('/data/upload');
    const file = { name: 'x', content: Buffer.from('new') };
    const asked = await guest.upload('/data/upload', file, { key: 'v' });
    expect([asked.status, asked.text.includes('There is a value under v already')]).toEqual([412, true]);
    expect(asked.text).not.toContain('changed meanwhile');
    expect(await read('v')).toBe('old');
    expect((await guest.upload('/data/upload', file)).status).toBe(303);
    expect(await read('v')).toBe('new');
  });

  it('are not uploaded too large, without a file, or by another page', async () => {
    const { guest } = await newOwner(served.server);
    await guest.visit('/data/upload');
    const large = await guest.upload('/data/upload', { name: 'x', content: Buffer.alloc(1_048_577) }, { key: 'v' });
    expect([large.status, large.text.includes('id="file-problem">This is too large')]).toEqual([413, true]);
    await guest.visit('/data/upload');
    const none = await guest.upload('/data/upload', { name: '', content: Buffer.alloc(0) });
    expect([none.status, none.text.includes('id="file-problem">Choose a file')]).toEqual([400, true]);
    await guest.visit('/data/upload');
    const foreign = await guest.upload('/data/upload', { name: 'x', content: PNG }, { csrf_token: '0'.repeat(64) });
    expect(foreign.status).toBe(403);
    await guest.visit('/data/new');
    expect((await guest.submit('/data/new', { key: 'v', value: 'x', csrf_token: '' })).status).toBe(403);
  });

  it('say how full the account is when there is no room', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, LIMITS_ACCOUNT_BYTES: '2000' } });
    const { guest } = await newOwner(server);
    await guest.visit('/data/new');
    const page = await guest.submit('/data/new', { key: 'v', value: 'x'.repeat(3000) });
    expect([page.status, page.text.includes('The account is full: 0')]).toEqual([507, true]);
    expect(page.text).toContain('xxx</textarea>');
  });

  it('are deleted after a question, and only as they were seen', async () => {
    const { guest, read, write } = await newOwner(served.server);
    await write('a.v', 'one');
    expect((await guest.visit('/data/delete?key=a.v')).text).toContain('a.v');
    await write('a.v', 'two');
    expect((await guest.submit('/data/delete')).status).toBe(412);
    expect(await read('a.v')).toBe('two');
    const deleted = await guest.submit('/data/delete');
    expect([deleted.status, deleted.location]).toEqual([303, '/data?prefix=a.&done=value_deleted']);
    expect((await guest.visit('/data?done=value_deleted')).text).toContain('The value is deleted.');
    expect(await read('a.v')).toBeUndefined();
    expect((await guest.look('/data/entry?key=a.v')).status).toBe(404);
  });

  it('are shown with a line for each member, and no longer than a page', async () => {
    const { server } = served;
    const { guest, write } = await newOwner(server);
    await write('v', { a: [1, { b: '<i>' }], c: {} });
    expect((await guest.visit('/data/entry?key=v')).text).toContain(
      '{\n  &quot;a&quot;: [\n    1,\n    {\n      &quot;b&quot;: &quot;&lt;i&gt;&quot;\n    }\n  ],\n  &quot;c&quot;: {}\n}',
    );
    for (const value of [
      '"'.repeat(500_000),
      'й🙂'.repeat(100_000),
      Array(100_000).fill([[]]),
      'x'.repeat(1_000_000),
    ]) {
      await write('v', value);
      const { text } = await guest.visit('/data/entry?key=v');
      expect(Buffer.byteLength(text)).toBeLessThan(60_000);
      expect(text).toContain('This is only the beginning');
    }
  });
});
