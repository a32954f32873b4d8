import { expect, it } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { sharedServer } from '../support/served.ts';
import { newGuest, ROOMY } from './people.ts';

forEachEngine('the commands on a page', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  it('name the server as the browser does, where the configuration does not say', async () => {
    const { server } = served;
    const url = server.url.replace('127.0.0.1', 'localhost');
    const guest = await newGuest({ ...server, url });
    const pages = [await guest.visit('/dashboard'), await guest.visit('/data'), await guest.visit('/punches')];
    await guest.visit('/tokens');
    pages.push(await guest.submit('/tokens', { name: 'laptop' }));
    for (const { text } of pages) {
      expect(text).toContain(url);
      expect(text).not.toContain(server.url);
    }
  });
});
