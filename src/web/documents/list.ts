import type { Api } from '../deps.ts';

/** A document that is a page at `/docs/<name>`. */
export interface DocumentPage {
  readonly name: string;
  /** Its file in the repository; absent: it is made of what the server says of its APIs. */
  readonly file?: string;
  /** Of which API it tells: switched off, it is not in the list. */
  readonly api?: Api;
}

/** What people who use the server read, and after that what those who run it do. */
export const documentPages: readonly DocumentPage[] = [
  { name: 'start', file: 'README.md' },
  { name: 'keybin', file: 'docs/dialects/keybin.md', api: 'keybin' },
  { name: 'v2', file: 'docs/dialects/v2.md', api: 'v2' },
  { name: 'punch', file: 'docs/dialects/punch.md', api: 'punch' },
  { name: 'dotsync', file: 'docs/dialects/dotsync.md', api: 'dotsync' },
  { name: 'simple-sync', file: 'docs/dialects/simple-sync.md', api: 'simple-sync' },
  { name: 'verstak', file: 'docs/dialects/verstak.md', api: 'verstak' },
  { name: 'api' },
  { name: 'errors', file: 'docs/errors.md' },
  { name: 'configuration', file: 'docs/configuration.md' },
  { name: 'service', file: 'docs/service.md' },
  { name: 'mongodb', file: 'docs/mongodb.md' },
];
