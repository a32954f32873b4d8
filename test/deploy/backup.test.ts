import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { type Program, type ServerProcess, test } from '../support/process.ts';

const SCRIPT = fileURLToPath(new URL('../../deploy/backup.mjs', import.meta.url));

async function backup({ folder: cwd }: Program, ...args: string[]) {
  const child = spawn(process.execPath, [SCRIPT, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
  const [code] = await once(child, 'exit');
  return { code, stderr };
}

/** Uploads a file; returns its address. */
async function uploadFile(server: ServerProcess, headers: Record<string, string>, content: string): Promise<string> {
  const body = `--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n${content}\r\n--x--\r\n`;
  const type = { 'Content-Type': 'multipart/form-data; boundary=x' };
  const { json } = await server.request('POST', '/api/v1/blobs/', body, { ...headers, ...type });
  return `/api/v1/blobs/${json.sha256}`;
}

describe('deploy/backup.mjs', () => {
  test('copies data while it is written to, again and again, and a server starts on the copy', async ({ program }) => {
    const server = await program.start();
    await server.register('ann');
    const token = await server.token('ann');
    const pair = { login: 'ann', password: 's3cret', device_name: 'desk', vault_id: 'notes' };
    const paired = await server.request('POST', '/api/client/pair', pair);
    const device = { Authorization: `Bearer ${paired.json.device_token}` };
    let stored = 0;
    let writing = true;
    const writer = (async () => {
      for (; writing; stored++) {
        const value = randomBytes(2_000).toString('hex');
        await server.request('POST', `/user/${token}/store/k${stored}`, { value });
      }
    })();
    const me = { Authorization: `Bearer ${token}` };
    const { json: present } = await server.request('GET', '/v2/changes', undefined, me);
    for (const round of ['first', 'second']) {
      const file = await uploadFile(server, device, round);
      const before = stored;
      expect(await backup(program, 'data', 'copies/latest')).toEqual({ code: 0, stderr: '' });
      const copy = await program.start({ settings: { STORE_HOST: 'file:./copies/latest' } });
      const { json } = await copy.request('GET', `/user/${token}/keys`);
      expect(json.keys.length).toBeGreaterThanOrEqual(before);
      for (const key of json.keys) expect((await copy.request('GET', `/user/${token}/store/${key}`)).status).toBe(200);
      expect((await copy.request('GET', file, undefined, device)).text).toBe(round);
      const followed = await copy.request('GET', `/v2/changes?since=${present.cursor}`, undefined, me);
      expect([followed.status, followed.json.code]).toEqual([410, 'cursor_gone']); // its history goes on otherwise
      await copy.stop();
    }
    writing = false;
    await writer;
    const { mode } = await stat(join(program.folder, 'copies/latest/keybin.mdb'));
    expect((mode & 0o777).toString(8)).toBe('600');
  });

  test('says what is wrong, and leaves what is there', async ({ program }) => {
    expect(await backup(program)).toMatchObject({ code: 1, stderr: expect.stringContaining('usage:') });
    await mkdir(join(program.folder, 'empty'));
    expect(await backup(program, 'empty', 'copy')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no keybin.mdb'),
    });
    expect(await backup(program, 'empty', './empty')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('one folder'),
    });
  });
});
