import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test } from '../support/process.ts';
import { certificateFiles, deployed, freePort, need, send, startNginx } from './proxy.ts';
import { type Kind, throughProxy } from './through-proxy.ts';

const nginx: Kind = {
  needs: ['nginx', '-v'],
  settings: { APP_PUBLIC_URL: 'https://keybin.example.org' },
  async start(program, upstream) {
    const { cert, key } = await certificateFiles(program.folder);
    const [port, plain] = [await freePort(), await freePort()];
    const site = deployed('nginx.conf', {
      '127.0.0.1:5000': `127.0.0.1:${upstream}`,
      'listen 80;': `listen 127.0.0.1:${plain};`,
      'listen [::]:80;': '',
      'listen 443 ssl http2;': `listen 127.0.0.1:${port} ssl http2;`,
      'listen [::]:443 ssl http2;': '',
      '/etc/ssl/keybin.pem': cert,
      '/etc/ssl/keybin.key': key,
      '/var/log/nginx/keybin.error.log': join(program.folder, 'keybin.error.log'),
    });
    await startNginx(program, port, site);
    return { port, prefix: '' };
  },
};

const belowPath: Kind = {
  needs: ['nginx', '-v'],
  settings: { APP_PUBLIC_URL: 'https://example.org/keybin', APP_KEEP_PREFIX: 'true' },
  async start(program, upstream) {
    const { cert, key } = await certificateFiles(program.folder);
    const port = await freePort();
    const locations = deployed('nginx-path.conf', {
      '127.0.0.1:5000': `127.0.0.1:${upstream}`,
      '/var/log/nginx/keybin.error.log': join(program.folder, 'keybin.error.log'),
    });
    const tls = `ssl_certificate ${cert}; ssl_certificate_key ${key};`;
    await startNginx(program, port, `server { listen 127.0.0.1:${port} ssl; ${tls}\n${locations} }`);
    return { port, prefix: '/keybin' };
  },
};

throughProxy('nginx with nginx.conf', nginx);
throughProxy('nginx with nginx-path.conf', belowPath);

for (const [file, kind] of [
  ['nginx.conf', nginx],
  ['nginx-path.conf', belowPath],
] as const) {
  test(`nginx with ${file} writes down no path, also when the server is away`, async ({ program, skip }) => {
    need(...kind.needs, skip);
    const proxy = await kind.start(program, await freePort());
    expect((await send(proxy, { path: '/user/0b7c6a9e-secret/keys' })).status).toBe(502);
    const logs = [program.folder, join(program.folder, 'nginx')].flatMap(folder =>
      readdirSync(folder)
        .filter(name => name.endsWith('.log'))
        .map(name => readFileSync(join(folder, name), 'utf8')),
    );
    expect(logs.length).toBeGreaterThan(1);
    expect(logs.join('')).not.toContain('secret');
  });
}
