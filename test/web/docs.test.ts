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
    for (const { name } of documentPages) {
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
