import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { tokensSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, openServer } from '../../support/served.ts';
import { apiOf, punchOf } from './open-punch.ts';

forEachEngine('a refused upload', engine => {
  test('stands in the log with its place and account, and without what was sent', async () => {
    const lines: Record<string, unknown>[] = [];
    const note = (fields: object, message: string) => void lines.push({ ...fields, message });
    const { server } = await openServer(engine, { log: { debug: note, info: note, warn: note, error: note } });
    const { account, headers, token } = await newUser(server);
    const api = apiOf(server, headers);
    await api.upload(punchOf());
    const before = lines.length;
    await api.send('POST', 'upload', { punches: [punchOf(), { ...punchOf(), project: 'garden-plot', out: -5 }] });
    await api.send('POST', 'delete', { ids: [{ 'garden-plot': 1 }] });
    await api.send('POST', 'upload', '{"punches":[garden-plot');
    const refused = lines.slice(before).filter(({ message }) => message === 'punches refused');
    expect(refused).toMatchObject([
      { route: '/api/v1/punches/upload', account: account.user_id, code: 'punches_invalid', id: expect.any(String) },
      { route: '/api/v1/punches/delete', reason: 'ids[0]: expected a string', code: 'ids_invalid' },
      { route: '/api/v1/punches/upload', code: 'json_invalid' },
    ]);
    expect(refused[0]?.reason).toMatch(/^punches\[1\]\.out: /);
    const text = JSON.stringify(lines);
    for (const hidden of ['garden-plot', token, account.username as string]) expect(text).not.toContain(hidden);
  });

  test('because the client hung up while its credential was checked is no fault of the server', async () => {
    const lines: Record<string, unknown>[] = [];
    const note = (fields: object, message: string) => void lines.push({ ...fields, message });
    const { server } = await openServer(engine, { log: { debug: note, info: note, warn: note, error: note } });
    const { headers } = await newUser(server);
    const { hostname, port } = new URL(server.url);
    const client = connect(Number(port), hostname);
    const tokens = server.core.storage.collection(tokensSpec);
    const find = tokens.find.bind(tokens);
    vi.spyOn(tokens, 'find').mockImplementationOnce(async (...which) => {
      client.destroy();
      await server.request('GET', '/livez'); // by then the server has noticed
      return find(...which);
    });
    client.write(
      `POST /api/v1/punches/upload HTTP/1.1\r\nHost: x\r\nAuthorization: ${headers.Authorization}\r\nContent-Length: 100\r\n\r\n{`,
    );
    const refused = () => lines.find(({ message }) => message === 'punches refused');
    await vi.waitFor(() => expect(refused()).toMatchObject({ code: 'body_incomplete' }));
    expect(lines.map(({ message }) => message)).not.toContain('unexpected error');
  });
});
