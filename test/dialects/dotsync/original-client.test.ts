import { expect, test } from 'vitest';
import { exchange } from '../../http/raw-request.ts';
import { forEachEngine } from '../../support/engines.ts';
import { newUser, sharedServer } from '../../support/served.ts';
import { base64, sha256 } from './open-dotsync.ts';

forEachEngine('the eight operations of the original, as curl sends them', engine => {
  const dotsync = sharedServer(engine);

  /** `curl -X METHOD -H "Authorization: Bearer $T" $URL/PATH -d BODY`, to the byte. */
  async function curl(token: string, method: string, path: string, body?: string) {
    const form = 'application/x-www-form-urlencoded';
    const typed = body === undefined ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\nContent-Type: ${form}\r\n`;
    const { text, statuses } = await exchange(
      dotsync.server.url,
      `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:11000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n` +
        `Connection: close\r\nAuthorization: Bearer ${token}\r\n${typed}\r\n${body ?? ''}`,
    );
    const [head = '', ...rest] = text.split('\r\n\r\n');
    return { status: statuses[0], head, body: unchunked(head, rest.join('\r\n\r\n')) };
  }

  function unchunked(head: string, body: string): string {
    if (!/^transfer-encoding: chunked$/im.test(head)) return body;
    let whole = '';
    for (let at = 0; ; ) {
      const end = body.indexOf('\r\n', at);
      const size = Number.parseInt(body.slice(at, end), 16);
      if (size === 0) return whole;
      whole += body.slice(end + 2, end + 2 + size);
      at = end + 2 + size + 2;
    }
  }

  test('make, read, list, replace, look up, sync one, sync all, delete', async () => {
    const { token } = await newUser(dotsync.server);
    const git = '{"https":null,"ssh":"git@example.org:me/dots.git","branch":"main","credentials":"~/.ssh/id_ed25519"}';
    const made = await curl(token, 'POST', '/v1/config', `{"git":${git},"files":["~/.vimrc","~/.tmux.conf"]}`);
    expect([made.status, made.body]).toEqual([201, expect.stringMatching(/^\{"id":"[0-9a-f-]{36}"\}$/)]);
    const { id } = JSON.parse(made.body);
    const now = dotsync.opened.clock.now();
    const config = `{"id":"${id}","git":${git},"files":["~/.vimrc","~/.tmux.conf"],"created":${now},"updated":${now}}`;
    expect((await curl(token, 'GET', `/v1/config/${id}`)).body).toBe(config);
    expect((await curl(token, 'GET', '/v1/config')).body).toBe(`[${config}]`);
    expect((await curl(token, 'GET', '/v1/file/.vimrc')).body).toBe(`["${id}"]`);

    const pulled = await curl(token, 'POST', `/v1/sync/${id}`);
    const missing = (path: string) =>
      `{"event":"file","config":"${id}","path":"${path}","status":"missing","sha256":null,"size":null,"mode":null,"modified":null}\n`;
    expect([pulled.status, pulled.body]).toEqual([
      200,
      `${missing('~/.vimrc')}${missing('~/.tmux.conf')}{"event":"done","files":2,"stored":0,"updated":0,"unchanged":0,"conflict":0,"missing":2,"refused":0}\n`,
    ]);
    const offer = `{"files":[{"path":"~/.vimrc","content":"${base64('set nu\n')}","mode":"0644"}]}`;
    const all = await curl(token, 'POST', '/v1/sync', offer);
    expect(all.body.split('\n')[0]).toBe(
      `{"event":"file","config":"${id}","path":"~/.vimrc","status":"stored","sha256":"${sha256('set nu\n')}","size":7,"mode":"0644","modified":${now}}`,
    );
    const got = await curl(token, 'POST', '/v1/sync');
    expect(got.head).toMatch(/^content-type: application\/x-ndjson$/im);
    expect(got.body.split('\n')[0]).toBe(
      `{"event":"file","config":"${id}","path":"~/.vimrc","status":"updated","sha256":"${sha256('set nu\n')}","size":7,"mode":"0644","modified":${now},"content":"${base64('set nu\n')}"}`,
    );

    const put = await curl(token, 'PUT', `/v1/config/${id}`, config);
    expect([put.status, put.body]).toEqual([204, '']);
    const deleted = await curl(token, 'DELETE', `/v1/config/${id}`);
    expect([deleted.status, deleted.body]).toEqual([204, '']);
    expect((await curl(token, 'DELETE', `/v1/config/${id}`)).status).toBe(404);
    expect((await curl(token, 'GET', '/v1/config')).body).toBe('[]');
  });
});
