import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { forEachEngine } from '../support/engines.ts';
import { openServer, sharedServer } from '../support/served.ts';
import { newGuest, ROOMY } from './people.ts';
import { newVisitor, unescaped } from './visitor.ts';

const run = promisify(execFile);

forEachEngine('the address of the server alone', engine => {
  const served = sharedServer(engine, { options: ROOMY });

  test('tells a browser what this is, how it is, which APIs it speaks, and where to sign in', async () => {
    const page = await newVisitor(served.server).visit('/');
    expect([page.status, page.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const told of [
      'Version 0.0.0-test',
      'Ready',
      '/docs/punch',
      '/docs/verstak',
      '/register',
      '/login',
      '/docs',
    ]) {
      expect(page.text).toContain(told);
    }
  });

  test('has first steps that a terminal takes as they stand there', async () => {
    const page = await newVisitor(served.server).visit('/');
    const steps = unescaped(/<pre id="first-steps"[^>]*><code>([\s\S]*?)<\/code>/.exec(page.text)?.[1] ?? '');
    const { stdout } = await run('bash', ['--norc', '-euo', 'pipefail', '-c', steps]);
    expect(stdout).toMatch(/\{"value":"hello"\}$/);
  });

  test('leads who is signed in to the overview', async () => {
    const page = await (await newGuest(served.server)).visit('/');
    expect(page.text).toContain('href="/dashboard"');
    expect(page.text).toContain('action="/logout"');
  });

  test('has nothing for programs', async () => {
    const answer = await served.server.request('GET', '/');
    expect([answer.status, answer.json.code]).toEqual([404, 'not_found']);
  });

  test('names no API that is switched off', async () => {
    const { server } = await openServer(engine, { options: { KEYBIN_ENABLED: 'false', PUNCH_ENABLED: 'false' } });
    const page = await newVisitor(server).visit('/');
    expect(page.text).not.toMatch(/docs\/punch|docs\/keybin|curl/);
    expect(page.text).toContain('docs/dotsync');
  });
});
