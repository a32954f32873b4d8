import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { rawRequest } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { apiOf, punchOf, REFUSED } from './open-punch.ts';

const KEY = 'laptop-key-0123456789';

forEachEngine('the Punch client', engine => {
  const punch = sharedServer(engine, { options: { PUNCH_KEYS_LAPTOP: `ann:${KEY}` } });

  /** What its HTTP library sends. */
  async function send(method: string, path: string, credential: string, json?: unknown) {
    const headers = {
      Accept: 'application/json, text/plain, */*',
      Authorization: `Bearer ${credential}`,
      'User-Agent': 'axios/0.18.0',
      ...(json !== undefined && { 'Content-Type': 'application/json;charset=utf-8' }),
    };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    return rawRequest(punch.server.url, { method, path, headers, ...body });
  }

  test('syncs: manifest, uploads, downloads; a second time transfers nothing', async () => {
    const path = '/api/v1/punches';
    const mine = [punchOf({ project: 'mine' }), punchOf({ project: 'Übung 😀', out: null })];
    const theirs = punchOf({ project: 'theirs' });
    await apiOf(punch.server, { 'X-API-Key': KEY }).upload(theirs);

    const before = (await send('GET', `${path}/manifest`, KEY)).json;
    expect(before).toEqual({ [theirs.id]: theirs.updated });
    const toUpload = mine.filter(({ id, updated }) => !(before[id] >= updated));
    const uploaded = await send('POST', `${path}/upload`, KEY, { punches: toUpload });
    expect([uploaded.status, uploaded.text]).toEqual([204, '']);
    for (const name of ['content-length', 'content-type', 'transfer-encoding']) {
      expect(uploaded.headers).not.toHaveProperty(name);
    }
    const toDownload = Object.keys(before).filter(id => mine.every(one => one.id !== id));
    const downloaded = await send('POST', `${path}/download`, KEY, { ids: toDownload });
    expect(downloaded.json).toEqual({ punches: [theirs] });

    const after = (await send('GET', `${path}/manifest`, KEY)).json;
    expect(after).toEqual(Object.fromEntries([...mine, theirs].map(({ id, updated }) => [id, updated])));
  });

  test('is told in JSON that its key is none', async () => {
    const { status, headers, json } = await send('GET', '/api/v1/punches/manifest', 'not-a-key-of-anybody');
    expect([status, json]).toEqual([401, REFUSED]);
    expect(headers['content-type']).toMatch(/^application\/json/);
    expect(headers).not.toHaveProperty('location');
  });

  test('in its released form finds the same punches at /api/v1/sync, in an envelope', async () => {
    const { headers, token } = await newUser(punch.server);
    const api = apiOf(punch.server, headers);
    const [one, two] = [punchOf(), punchOf()];
    const manifest = async (query = '') => (await send('GET', `/api/v1/sync/manifest${query}`, token)).text;
    const download = async (...ids: string[]) => (await send('POST', '/api/v1/sync/download', token, { ids })).text;
    expect([await manifest(), await download()]).toEqual(['{"data":{}}', '{"data":{"punches":[]}}']);

    const uploaded = await send('POST', '/api/v1/sync/upload', token, { punches: [one, two] });
    expect([uploaded.status, uploaded.text]).toEqual([204, '']);
    expect(JSON.parse(await manifest())).toEqual({ data: { [one.id]: one.updated, [two.id]: two.updated } });
    expect(JSON.parse(await download(two.id, randomUUID(), one.id))).toEqual({ data: { punches: [two, one] } });
    expect(await api.download(one.id, two.id)).toEqual([one, two]);

    const deleted = await send('POST', '/api/v1/sync/delete', token, { ids: [one.id] });
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    expect(JSON.parse(await manifest())).toEqual({ data: { [two.id]: two.updated } });
    expect(JSON.parse(await manifest('?deleted=1'))).toEqual({ data: { [one.id]: null, [two.id]: two.updated } });
    expect(await api.manifest()).toEqual({ [two.id]: two.updated });
  });

  test('in its released form gets errors without an envelope', async () => {
    const { token } = await newUser(punch.server);
    const { status, json } = await send('POST', '/api/v1/sync/upload', token, { punches: [{}] });
    expect([status, json.error]).toEqual([400, 'punches[0].id: expected a UUID']);
  });

  test('finds nothing at other paths', async () => {
    for (const path of [
      '/api/v1/punches',
      '/api/v1/punches/',
      '/api/v1/punches/Manifest',
      '/api/v1/punches/manifest/',
    ]) {
      const { status, json } = await send('GET', path, KEY);
      expect([path, status, json.code]).toEqual([path, 404, 'not_found']);
    }
  });
});
