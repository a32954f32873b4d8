/** A registry of packages that gives out what lies in `node_modules`: for installations without a network. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A running one. */
export interface Registry {
  readonly url: string;
  close(): void;
}

interface Packed {
  readonly manifest: { readonly version: string };
  readonly file: Buffer;
}

/** Serves the packages that a repository's lock file names and that are installed. */
export async function serveInstalled(root: string): Promise<Registry> {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: object };
  const folders = Object.keys(packages).filter(
    folder => folder !== '' && existsSync(join(root, folder, 'package.json')),
  );
  const packed = new Map<string, Packed>();
  const pack = (folder: string): Packed => {
    const known = packed.get(folder);
    if (known) return known;
    const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const flags = ['-cz', '--exclude=./node_modules', '--transform=s,^\\.,package,', '-C', join(root, folder), '.'];
    const made = { manifest, file: execFileSync('tar', flags, { maxBuffer: 2 ** 28 }) };
    packed.set(folder, made);
    return made;
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    if (path.startsWith('/-/')) {
      response.end(pack(path.slice('/-/'.length)).file);
      return;
    }
    const name = path.slice(1);
    const found = folders.filter(
      folder => folder === `node_modules/${name}` || folder.endsWith(`/node_modules/${name}`),
    );
    if (found.length === 0) {
      response.writeHead(404).end('{}');
      return;
    }
    const versions = found.map(folder => {
      const { manifest, file } = pack(folder);
      const integrity = `sha512-${createHash('sha512').update(file).digest('base64')}`;
      return [manifest.version, { ...manifest, dist: { tarball: `${url}/-/${folder}`, integrity } }];
    });
    response.setHeader('Content-Type', 'application/json');
    response.end(
      JSON.stringify({ name, 'dist-tags': { latest: versions[0]?.[0] }, versions: Object.fromEntries(versions) }),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => server.close() };
}
