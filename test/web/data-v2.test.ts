import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { issueToken } from '../../src/core/access/tokens.ts';
import { exportOf } from '../../src/core/accounts/export.ts';
import { forEachEngine } from '../support/engines.ts';
import { sharedServer } from '../support/served.ts';
import { newGuest, ROOMY } from './people.ts';

const MIB = 1_048_576;

forEachEngine(
  'the values of an account that v2 stored',
  engine => {
    const served = sharedServer(engine, { options: ROOMY });

    it('are listed and shown, whatever their keys are and however long they are', async () => {
      const { server } = served;
      const guest = await newGuest(server);
      const { token } = await issueToken(server.core, guest.account);
      const put = (key: string, body: Uint8Array, headers = {}) =>
        fetch(`${server.url}/v2/kv/${key}`, {
          method: 'PUT',
          body: Buffer.from(body),
          headers: { Authorization: `Bearer ${token}`, ...headers },
        });
      const long = randomBytes(MIB + 100);
      await put('photos/long+1=x', long, { 'Content-Type': 'image/png', 'Keybin-Meta-A': 'b' });
      await put('a:b@c~', Buffer.from('short'));
      const list = (await guest.visit('/data')).text;
      const link = `/data/entry?key=${encodeURIComponent('photos/long+1=x')}`;
      expect(list).toContain(`href="${link}"`);
      expect(list).toContain(`key=${encodeURIComponent('a:b@c~')}"`);
      expect((await guest.visit('/data?prefix=photos/')).text).toContain('long+1=x');
      expect((await guest.visit(link)).status).toBe(200);
      const file = await guest.visit(link.replace('entry', 'download'));
      expect([file.status, file.headers.get('content-length')]).toEqual([200, String(long.length)]);
      expect((await guest.visit(link.replace('entry', 'edit'))).status).toBe(200);
      expect((await guest.visit(link.replace('entry', 'delete'))).status).toBe(200);
      expect((await guest.look(link.replace('entry', 'image'))).status).toBe(404);
      expect((await guest.visit('/data/entry?key=a%3Ab%40c~')).status).toBe(200);
      // The form sends no value: it stays, with another moment to end.
      await guest.visit(link.replace('entry', 'edit'));
      expect((await guest.send('/data/edit', { expires: '2999-01-01T00:00' })).status).toBe(200);
      const got = await fetch(`${server.url}/v2/kv/photos/long%2B1=x`, {
        headers: { Authorization: `Bearer ${token}` },
      });
      expect(Buffer.from(await got.arrayBuffer()).equals(long)).toBe(true);
      expect([got.headers.get('keybin-meta-a'), got.headers.get('keybin-expires-at')]).toEqual([
        'b',
        '2999-01-01T00:00:00.000Z',
      ]);
      let text = '';
      for await (const piece of exportOf(server.core, guest.account)) text += piece;
      const { entries } = JSON.parse(text);
      expect(entries.map(({ key, base64 }: { key: string; base64: string }) => [key, base64.length])).toEqual([
        ['a:b@c~', 8],
        ['photos/long+1=x', long.toString('base64').length],
      ]);
      expect(entries[1].meta).toEqual({ a: 'b' });
    });
  },
  ['embedded'],
);
