import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Program, test } from '../support/process.ts';
import { certificateFiles, deployed, freePort, listening, need, send } from './proxy.ts';
import { throughProxy } from './through-proxy.ts';

async function start(program: Program, upstream: number) {
  const { cert, key } = await certificateFiles(program.folder);
  const [port, plain] = [await freePort(), await freePort()];
  const file = join(program.folder, 'Caddyfile');
  const text = deployed('Caddyfile', {
    'reverse_proxy 127.0.0.1:5000': `reverse_proxy 127.0.0.1:${upstream}`,
    '\nkeybin.example.org {': `\nlocalhost:${port} {\n\tbind 127.0.0.1\n\ttls ${cert} ${key}`,
    '\n\tlog {': `\n\tadmin off\n\thttp_port ${plain}\n\tauto_https disable_redirects\n\tlog {`,
  });
  await writeFile(file, text);
  const command = ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'];
  return { port, prefix: '', said: await listening(program, port, command, program.folder) };
}

const needs = ['caddy', 'version'] as const;

throughProxy('Caddy with Caddyfile', { needs, settings: { APP_PUBLIC_URL: 'https://keybin.example.org' }, start });

test('Caddy with Caddyfile writes down no path, also when the server is away', async ({ program, skip }) => {
  need(...needs, skip);
  const proxy = await start(program, await freePort());
  expect((await send(proxy, { path: '/user/0b7c6a9e-secret/keys' })).status).toBe(502);
  await expect.poll(proxy.said).toMatch(/connection refused/);
  expect(proxy.said()).not.toContain('secret');
});
