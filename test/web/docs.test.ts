import { expect, it } from 'vitest';
import { documentPages } from '../../src/web/documents/list.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import { newVisitor } from './visitor.ts';

forEachEngine('the documents', engine => {
  const served = sharedServer(engine);

  it('are pages, with this server in their examples and no link that leads nowhere', async () => {
    const visitor = newVisitor(served.server);
    expect((await visitor.look('/docs')).location).toBe('/docs/start');
    for (const { name } of documentPages.filter(({ file }) => file !== undefined)) {
      const { status, text } = await visitor.visit(`/docs/${name}`);
      expect([name, status]).toEqual([name, 200]);
      expect(text).not.toMatch(/localhost:5000|%PATH%|%ADDRESS%/);
      const article = /<article[\s\S]*<\/article>/.exec(text)?.[0] ?? '';
      expect(article).toMatch(/<h1 id=/);
      for (const [, hash = ''] of article.matchAll(/href="#([^"]*)"/g)) expect(article).toContain(`id="${hash}"`);
      for (const [, path = ''] of article.matchAll(/href="(\/[^"#]*)/g)) {
        expect((await newVisitor(served.server).look(path)).status).toBe(200);
      }
    }
    expect((await visitor.visit('/docs/keybin')).text).toContain(`curl -X POST ${served.server.url}/register`);
  });

  it('have every request that is described, each with a command that the server understands', async () => {
    const { server } = served;
    const { status, text } = await newVisitor(server).visit('/docs/api');
    expect([status, text.length < 60_000]).toEqual([200, true]);
    const { json } = await server.request('GET', '/openapi.json');
    const operations = Object.values<object>(json.paths).flatMap(methods => Object.values(methods));
    const commands = [...text.matchAll(/<pre id="curl-(\w+)"[^>]*><code>([^<]*)</g)];
    expect(commands.map(([, id]) => id)).toEqual(operations.map(({ operationId }) => operationId));
    for (const { operationId } of operations) expect(text).toContain(`<a href="#${operationId}">`);
    const bob = { username: 'bob', password: 'right' };
    await server.request('POST', '/register', bob);
    const basic = { Authorization: `Basic ${Buffer.from('bob:right').toString('base64')}` };
    for (const [, id, escaped = ''] of commands) {
      const made = await server.request('POST', '/v2/tokens', {}, basic);
      const command = escaped.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('$TOKEN', made.json.token);
      const [, method = 'GET', path = ''] = /^curl(?: -X (\w+))? "http:\/\/[^/]+(\/[^"]*)"/.exec(command) ?? [];
      const [, body] = /(?:-d|--data-binary) ['"](.*)['"]$/.exec(command) ?? [];
      const headers = [...command.matchAll(/-H "([^:]+): ([^"]*)"/g)].map(([, name, value]) => [name, value]);
      const answer = await server.request(method, path, body, Object.fromEntries(headers));
      expect([id, answer.text, answer.json?.error === 'there is nothing at this path']).toEqual([
        id,
        answer.text,
        false,
      ]);
      expect([200, 201, 204, 403, 404, 409, 501], `${id} ${answer.text}`).toContain(answer.status);
    }
  });

  it('tell of no request where none is described', async () => {
    const { server } = await openServer(engine, { options: { KEYBIN_ENABLED: 'false', V2_ENABLED: 'false' } });
    expect((await newVisitor(server).visit('/docs/api')).status).toBe(404);
    expect((await newVisitor(server).visit('/docs/errors')).text).not.toContain('href="/docs/api"');
  });

  it('of an API that is switched off are not there, nor is what is none', async () => {
    const { server } = await openServer(engine, { options: { PUNCH_ENABLED: 'false' } });
    const visitor = newVisitor(server);
    const list = /<nav aria-label="Documents">[\s\S]*?<\/nav>/.exec((await visitor.visit('/docs/start')).text)?.[0];
    expect(list).toContain('href="/docs/keybin"');
    expect(list).not.toContain('href="/docs/punch"');
    for (const name of ['punch', 'nothing', '..%2f..%2fpackage.json', 'list.js']) {
      expect((await visitor.visit(`/docs/${name}`)).status).toBe(404);
    }
  });

  it('name the public URL where there is one, and stay below its path', async () => {
    const options = { APP_PUBLIC_URL: 'https://example.org/keybin', APP_KEEP_PREFIX: 'true' };
    const { server } = await openServer(engine, { options });
    const { text } = await newVisitor(server).visit('/keybin/docs/keybin');
    expect(text).toContain('curl -X POST https://example.org/keybin/register');
    expect(text).toContain('href="/keybin/docs/errors"');
  });
});
