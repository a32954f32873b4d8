import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { atServer } from './at-server.ts';

forEachEngine('editing a value', engine => {
  const at = atServer(engine);

  it('stores what was changed, and on a conflict shows the difference and keeps the edit', async () => {
    const ann = await at.account();
    await ann.done('set', 'note', 'one\ntwo\n', '--type', 'text/markdown', '--meta', 'a=b');
    const edit = (script: string) => ann.run(['edit', 'note'], { environment: { EDITOR: script } });
    expect(await edit("sed -i 's/two/three/'")).toMatchObject({ code: 0, stderr: 'stored note\n' });
    expect(JSON.parse(await ann.done('get', 'note', '--json'))).toMatchObject({
      value: 'one\nthree\n',
      content_type: 'text/markdown',
      meta: { a: 'b' },
    });
    expect(await edit('true')).toMatchObject({ code: 0, stderr: 'nothing was changed\n' });
    expect(await edit('false')).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing was stored') });
    // Somebody else is faster: the editor itself.
    const [Authorization, url] = [`Authorization: Bearer ${ann.token}`, `${at.url}/v2/kv/note`];
    const script = `sed -i s/one/mine/ "$1"\ncurl -sX PUT -H "${Authorization}" -H 'Content-Type: text/plain' -d theirs ${url}\n`;
    await writeFile(join(ann.folder, 'editor'), script);
    const conflict = await edit('sh editor');
    expect(conflict.code).toBe(3);
    expect(conflict.stderr).toContain('-theirs');
    expect(conflict.stderr).toContain('+mine');
    const [, file = ''] = /your edit is in (\S+):/.exec(conflict.stderr) ?? [];
    expect(await readFile(file, 'utf8')).toBe('mine\nthree\n');
    expect(await ann.done('get', 'note')).toBe('theirs');
  });
});
