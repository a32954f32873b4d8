import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { eventually, type Program, test } from '../support/process.ts';

const KEY = 'f3Kx9-8sLq0-27dmQz';
const PUNCH = { id: randomUUID(), project: 'garden', rate: 1, comments: [], created: 1, updated: 2 };
const QUARTER = 900_000;

/** Writes modules and a configuration that names them; `sections` stands behind `[PLUGINS]`. */
async function configure(program: Program, modules: Record<string, string>, sections = ''): Promise<void> {
  await mkdir(join(program.folder, 'plugins'), { recursive: true });
  for (const [name, source] of Object.entries(modules)) {
    await writeFile(join(program.folder, 'plugins', `${name}.mjs`), source);
  }
  const lines = Object.keys(modules).map(name => `${name}=./plugins/${name}.mjs`);
  const text = `[PUNCH_KEYS]\nlaptop=ann:${KEY}\n[PLUGINS]\n${lines.join('\n')}\n${sections}\n`;
  await writeFile(join(program.folder, 'store.cfg'), text);
}

/** A plugin of the documents, as it is printed there. */
async function printed(name: string): Promise<string> {
  const text = await readFile(new URL('../../docs/plugins.md', import.meta.url), 'utf8');
  const source = new RegExp(`\`\`\`js\\n// ${name}\\.mjs\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];
  if (source === undefined) throw new Error(`docs/plugins.md has no plugin ${name}`);
  return source;
}

/** The requests of the original client of Punch. */
function punchClient(server: {
  request: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; json: unknown }>;
}) {
  const send = (method: string, name: string, body?: unknown) =>
    server.request(method, `/api/v1/sync/${name}`, body, { Authorization: `Bearer ${KEY}` });
  return {
    upload: (...punches: object[]) => send('POST', 'upload', { punches }),
    download: async (...ids: string[]) => (await send('POST', 'download', { ids })).json,
    manifest: async () => (await send('GET', 'manifest')).json,
  };
}

describe.concurrent('the plugins of the documents', () => {
  test('round punches to a quarter of an hour', async ({ program }) => {
    await configure(program, { rounding: await printed('rounding') }, '[PLUGIN.rounding]\nminutes=15');
    const client = punchClient(await program.start());
    const sent = { ...PUNCH, in: 10 * QUARTER + 60_000, out: 12 * QUARTER - 60_000 };
    expect((await client.upload(sent)).status).toBe(204);
    expect(await client.download(PUNCH.id)).toEqual({
      data: { punches: [{ ...PUNCH, in: 10 * QUARTER, out: 12 * QUARTER }] },
    });
  });

  test('refuse punches that overlap', async ({ program }) => {
    await configure(program, { overlaps: await printed('overlaps') });
    const client = punchClient(await program.start());
    const [one, other] = [
      { ...PUNCH, in: 1, out: 100 },
      { ...PUNCH, id: randomUUID(), in: 50, out: 200 },
    ];
    const refused = await client.upload(one, other);
    expect([refused.status, refused.json]).toEqual([
      422,
      { error: 'two of these punches overlap', code: 'punches_overlap' },
    ]);
    expect(await client.manifest()).toEqual({ data: {} });
    expect((await client.upload(one, { ...other, in: 100 })).status).toBe(204);
  });

  test('post to a webhook, with a signature', async ({ program, onTestFinished }) => {
    const posted: { body: string; signature: unknown }[] = [];
    const hook = createServer(async (req, res) => {
      const chunks = await req.toArray();
      posted.push({ body: Buffer.concat(chunks).toString(), signature: req.headers['x-signature'] });
      res.end();
    }).listen(0, '127.0.0.1');
    await once(hook, 'listening');
    onTestFinished(() => void hook.close());
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
    await configure(program, { webhook: await printed('webhook') }, `[PLUGIN.webhook]\nurl=${url}\nsecret=s3cret`);
    const client = punchClient(await program.start());
    expect((await client.upload({ ...PUNCH, in: 1, out: 2 })).status).toBe(204);
    await eventually(
      async () => posted,
      ({ length }) => length > 0,
    );
    const [{ body, signature } = { body: '', signature: '' }] = posted;
    expect(JSON.parse(body)).toMatchObject({ user: 'ann', client: 'laptop', ids: [PUNCH.id] });
    expect(signature).toBe(`sha256=${createHmac('sha256', 's3cret').update(body).digest('hex')}`);
  });

  test('mirror a key to a file, and what they keep is removed by a command', async ({ program }) => {
    const file = join(program.folder, 'mirror.json');
    await configure(program, { mirror: await printed('mirror') }, `[PLUGIN.mirror]\nuser=bob\nkey=light\nfile=${file}`);
    const server = await program.start();
    for (const name of ['bob', 'eve']) {
      await server.register(name);
      const value = { value: `of ${name}` };
      await server.request('POST', `/user/${await server.token(name)}/store/light`, value);
    }
    await eventually(
      () => readFile(file, 'utf8'),
      text => text === '"of bob"',
    );
    const purged = await program.run(['plugin', 'purge', 'mirror']);
    expect([purged.code, purged.stdout]).toEqual([0, '1 values of plugin mirror are removed\n']);
  });
});

const BAD: readonly (readonly [what: string, source: string | undefined, message: RegExp])[] = [
  ['is missing', undefined, /^keybin-server: \[PLUGINS\] bad: ".*bad\.mjs" cannot be loaded: /],
  ['is no module', 'export default {', /\[PLUGINS\] bad: ".*" cannot be loaded: /],
  ['throws', 'throw new Error("no licence")', /\[PLUGINS\] bad: ".*" cannot be loaded: no licence/],
  ['exports something else', 'export default 7', /\[PLUGINS\] bad: ".*" has no plugin as its default export/],
  [
    'refuses its options',
    'export default { setup() { throw new Error("minutes: expected a number"); } }',
    /\[PLUGINS\] bad: minutes: expected a number/,
  ],
  [
    'names a filter that there is not',
    'export default { setup: () => ({ filter: { "punches.uplaod": () => {} } }) }',
    /there is no filter punches\.uplaod; did you mean punches\.upload\?/,
  ],
  [
    'has a hook that is no function',
    'export default { setup: () => ({ action: { "entries.set": 7 } }) }',
    /action entries\.set is no function/,
  ],
];

describe.concurrent('a plugin', () => {
  for (const [what, source, message] of BAD) {
    test(`that ${what} stops the start, and the check of the configuration`, async ({ program }) => {
      await configure(program, source === undefined ? {} : { bad: source });
      if (source === undefined) await writeFile(join(program.folder, 'store.cfg'), '[PLUGINS]\nbad=./bad.mjs\n');
      for (const args of [[], ['--check-config']]) {
        const end = await program.run(args);
        expect([args, end.code]).toEqual([args, 1]);
        expect(end.stderr).toMatch(message);
      }
    });
  }

  test('that hangs at the stop is waited for five seconds, and the rest stops in order', async ({ program }) => {
    const hangs = 'export default { setup: () => ({ close: () => new Promise(() => {}) }) }';
    await configure(program, { hangs });
    const server = await program.start();
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(server.log.some(({ msg }) => msg === 'plugin hangs did not close in 5 s')).toBe(true);
  });

  test('keeps what it stores over a restart, and has its options from the environment too', async ({ program }) => {
    const counting = `import { definePlugin } from 'keybin/plugin';
      export default definePlugin({
        async setup({ options, log, store }) {
          const starts = Number((await store.get('starts')) ?? 0) + 1;
          await store.set('starts', starts);
          log.info('counted', { starts, keys: await store.list(), text: options.text });
          return {};
        },
      });`;
    await configure(program, { counting }, '[PLUGIN.counting]\ntext=of the file');
    for (const [starts, settings, text] of [
      [1, {}, 'of the file'],
      [2, { PLUGIN_COUNTING_TEXT: 'of the environment' }, 'of the environment'],
    ] as const) {
      const server = await program.start({ settings });
      expect(await server.logged(/^counted$/)).toMatchObject({ starts, keys: ['starts'], text, plugin: 'counting' });
      await server.stop();
    }
  });

  test('is tried by the check of the configuration, which prints the configuration and nothing else', async ({
    program,
  }) => {
    await configure(program, { chatty: 'export default { setup({ log }) { log.warn("hello"); return {}; } }' });
    const checked = await program.run(['--check-config']);
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/^\[APP\]\n/);
    expect(checked.stdout).not.toContain('hello');
    expect(checked.stderr).toContain('hello');
  });

  test('has its own options where the name of another begins its own', async ({ program }) => {
    const source = 'export default { setup({ options, log }) { log.info("options", { given: options }); return {}; } }';
    await configure(program, { web: source, 'web-hook': source });
    const server = await program.start({ settings: { PLUGIN_WEB_HOOK_URL: 'x', PLUGIN_WEB_PORT: '1' } });
    const told = server.log.filter(({ msg }) => msg === 'options').map(({ plugin, given }) => [plugin, given]);
    expect(told).toEqual([
      ['web', { port: '1' }],
      ['web-hook', { url: 'x' }],
    ]);
  });

  test('says at SIGHUP that its code is not loaded again', async ({ program }) => {
    await configure(program, { quiet: 'export default { setup: () => ({}) }' });
    const server = await program.start();
    server.signal('SIGHUP');
    await server.logged(/^plugins are loaded at the start only/);
  });
});
