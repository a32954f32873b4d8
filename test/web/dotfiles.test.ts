import { expect, it } from 'vitest';
import { issueToken } from '../../src/core/access/tokens.ts';
import { forEachEngine } from '../support/engines.ts';
import { sharedServer } from '../support/served.ts';
import { newGuest, ROOMY } from './people.ts';
import { newVisitor, unescaped } from './visitor.ts';

forEachEngine('the page of dotfiles', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  /** Somebody with a browser, and a dotsync client of the same account. */
  async function newOwner() {
    const { server } = served;
    const guest = await newGuest(server);
    const { token } = await issueToken(server.core, guest.account);
    const headers = { Authorization: `Bearer ${token}` };
    const call = async (method: string, path: string, body: unknown) => {
      const answer = await server.request(method, path, body, headers);
      if (answer.status >= 300) throw new Error(answer.text);
      return answer;
    };
    return {
      guest,
      make: async (files: string[], git?: object): Promise<string> =>
        (await call('POST', '/v1/config', { files, git })).json.id,
      put: (id: string, files: string[]) => call('PUT', `/v1/config/${id}`, { files }),
      push: (id: string, path: string, content: Uint8Array | string, mode?: string) =>
        call('POST', `/v1/sync/${id}`, {
          files: [{ path, content: Buffer.from(content).toString('base64'), ...(mode && { mode }) }],
        }),
    };
  }

  const linksOf = (text: string) =>
    [...text.matchAll(/href="(\/dotfiles\/file[^"]*)"/g)].map(([, href = '']) => unescaped(href));

  it('teaches on an empty page, with commands that name this server and this account', async () => {
    const { guest } = await newOwner();
    const { status, text } = await guest.visit('/dotfiles');
    expect(status).toBe(200);
    expect(unescaped(text)).toContain(`"username":"${guest.account.username}"`);
    expect(unescaped(text)).toContain('/v1/config -d');
    expect((await guest.visit('/dotfiles?set=x&path=y&index=1')).text).toContain('No dotfiles yet');
  });

  it('lists each set with its files: size, mode, hash, and those that no machine has sent', async () => {
    const { guest, make, push } = await newOwner();
    const id = await make(['~/.vimrc', '~/.zshrc'], { ssh: 'git@example.org:ann/dots.git' });
    await make([]);
    await push(id, '~/.vimrc', 'set number\n', '0644');
    const { text } = await guest.visit('/dotfiles');
    expect(text).toContain('Set 1: 2 files');
    expect(text).toContain('This set has no files.');
    expect(text).toContain('<code>git@example.org:ann/dots.git</code> (<bdi>main</bdi>)');
    expect(text).toMatch(/>~\/\.vimrc<\/a>.*11\u00a0B.*0644.*title="[0-9a-f]{64}">[0-9a-f]{12}</);
    expect(text).toMatch(/>~\/\.zshrc<\/td>.*not sent yet/);
    expect(linksOf(text)).toHaveLength(1);
    const found = await guest.visit('/dotfiles?q=zsh');
    expect([found.text.includes('.zshrc'), found.text.includes('.vimrc')]).toEqual([true, false]);
    expect((await guest.visit('/dotfiles?q=nowhere')).text).toContain('Nothing matches.');
  });

  it('shows text as text, anything else as its bytes, and gives either as a file', async () => {
    const { guest, make, push } = await newOwner();
    const evil = '~/<img src=x onerror=alert(1)>.html';
    const files: Record<string, Uint8Array | string> = {
      [evil]: '<script>alert(1)</script>\n',
      '~/.картинка': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 255),
      '~/.empty': '',
      '~/.long': '"'.repeat(1_000_000),
      '~/.blob': new Uint8Array(100_000),
    };
    const id = await make(Object.keys(files));
    for (const [path, content] of Object.entries(files)) await push(id, path, content);
    const list = await guest.visit('/dotfiles');
    expect(list.text).not.toContain('<img');
    for (const [i, link] of linksOf(list.text).entries()) {
      const [path = '', content = ''] = Object.entries(files)[i] ?? [];
      const page = await guest.visit(link);
      expect([path, page.status, /<img|<script>/.exec(page.text)?.[0]]).toEqual([path, 200, undefined]);
      expect(page.text.length).toBeLessThan(60_000);
      const file = await guest.look(unescaped(/href="(\/dotfiles\/download[^"]*)"/.exec(page.text)?.[1] ?? ''));
      expect([file.status, Buffer.byteLength(file.text) > 0]).toEqual([200, content.length > 0]);
      expect(file.headers.get('Content-Type')).toBe('application/octet-stream');
      expect(file.headers.get('Content-Disposition')).toMatch(/^attachment; filename/);
      expect([file.headers.get('X-Content-Type-Options'), file.headers.get('Cache-Control')]).toEqual([
        'nosniff',
        'no-store',
      ]);
      expect(file.headers.get('Content-Length')).toBe(String(Buffer.from(content).length));
    }
    const picture = await guest.visit(linksOf(list.text)[1] ?? '');
    expect(picture.text).toContain('00000000  89 50 4e 47 00 ff                                |.PNG..|');
    expect((await guest.visit(linksOf(list.text)[0] ?? '')).text).toContain('&lt;script&gt;alert(1)');
  });

  it('shows nothing of others, of what is not there, and of what left its set', async () => {
    const { guest, make, push, put } = await newOwner();
    const { guest: thief } = await newOwner();
    const id = await make(['~/.a', '~/.b']);
    await push(id, '~/.a', 'secret');
    const own = `?set=${id}&path=${encodeURIComponent('~/.a')}`;
    expect((await guest.look(`/dotfiles/file${own}`)).status).toBe(200);
    for (const page of ['file', 'download']) {
      expect((await thief.look(`/dotfiles/${page}${own}`)).status).toBe(404);
      for (const query of [
        '',
        `?set=${id}`,
        `?set=${id}&path=~/.b`,
        '?set=x&path=y',
        `${own}&path=z`,
        '?set=%00&path=%00',
        `?set=${id}&path=${'x'.repeat(3000)}`,
      ]) {
        expect([query, (await guest.look(`/dotfiles/${page}${query}`)).status]).toEqual([query, 404]);
      }
    }
    await put(id, ['~/.b']);
    expect((await guest.look(`/dotfiles/download${own}`)).status).toBe(404);
    const stranger = await newVisitor(served.server).look(`/dotfiles/download${own}`);
    expect([stranger.status, stranger.location]).toEqual([302, '/login']);
  });

  it('pages through all files of all sets without skipping or repeating one, also when sets change meanwhile', async () => {
    const { guest, make, put } = await newOwner();
    const names = (set: number, count: number) => Array.from({ length: count }, (_, i) => `~/${set}/${i}`);
    await make(names(1, 99));
    const second = await make(names(2, 150));
    await make([]);
    await make([`/${'ж'.repeat(500)}`, `/${'я'.repeat(500)}`, ...names(4, 30)]);
    const seen: string[] = [];
    let next: string | undefined = '/dotfiles';
    let pages = 0;
    while (next !== undefined) {
      const { text } = await guest.visit(next);
      expect(text.length).toBeLessThan(60_000);
      seen.push(
        ...[...text.matchAll(/<td class="mono">([^<]+)<\/td><td class="num"><\/td>/g)].map(([, path = '']) => path),
      );
      next = /href="([^"]*)" rel="next"/.exec(text)?.[1];
      if (next !== undefined) next = unescaped(next);
      // What the second page ended with leaves its set.
      if (++pages === 2)
        await put(
          second,
          names(2, 150).filter(name => name !== seen.at(-1)),
        );
    }
    expect(seen).toHaveLength(99 + 150 + 32);
    expect(new Set(seen).size).toBe(seen.length);
    for (const wrong of [
      '?set=x&path=y&index=1',
      '?set=x',
      '?index=-1',
      '?q=a&q=b',
      `?set=${second}&index=999999&path=x`,
    ]) {
      expect((await guest.visit(`/dotfiles${wrong}`)).status).toBe(200);
    }
  });
});
