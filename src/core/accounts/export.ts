/** Everything that an account has, as one JSON text. */

import { liveCredentials } from '../access/live.ts';
import { type AccountDoc, type EntryDoc, entriesSpec } from '../collections.ts';
import type { Core } from '../context.ts';
import { devicesOf } from '../devices/devices.ts';
import { dotfileSets, readDotfile, trackedSets } from '../dotfiles/read.ts';
import { base64Of } from '../entries/base64.ts';
import { bytesOf, contentOf, type LongContent, openLong } from '../entries/content.ts';
import { eventsOf } from '../events/newest.ts';
import { pagesOf } from '../pages.ts';
import { punchPages } from '../punches/read.ts';
import { vaultsSpec } from '../vaults/vaults.ts';
import { publicId } from './accounts.ts';

/** Characters that are given out together. */
const CHUNK = 65_536;
/** Keys read at once, and bytes of values that are read together. */
const PAGE = 500;
const TOGETHER = 1_048_576;

/**
 * All that an account has, in pieces of one JSON text: read as they are asked for, so that memory stays flat. No secret is in it, and
 * of Verstak's vaults only what they are called and hold. Not all of one moment.
 */
export async function* exportOf(core: Core, account: AccountDoc): AsyncGenerator<string> {
  let text = '';
  for await (const piece of pieces(core, account)) {
    text += piece;
    if (text.length < CHUNK) continue;
    yield text;
    text = '';
  }
  yield text;
}

async function* pieces(core: Core, account: AccountDoc): AsyncGenerator<string> {
  const { user_id, username, email, created_at } = account;
  const about = { id: publicId(account), username, email, created_at };
  const exported_at = new Date(core.clock.now());
  yield `{"format":"keybin-export-1","exported_at":${JSON.stringify(exported_at)},"account":${JSON.stringify(about)}`;
  const lists = {
    entries: entriesOf(core, user_id),
    access: accessOf(core, user_id),
    devices: devicesIn(core, user_id),
    punches: punchesOf(core, user_id),
    dotfile_sets: setsOf(core, user_id),
    dotfiles: filesOf(core, user_id),
    vaults: vaultsOf(core, user_id),
    events: eventsBy(core, user_id),
  };
  for (const [name, items] of Object.entries(lists)) {
    yield `,\n${JSON.stringify(name)}:[`;
    let before = '\n';
    for await (const item of items) {
      yield before;
      if (typeof item === 'string') yield item;
      else yield* item;
      before = ',\n';
    }
    yield ']';
  }
  yield '}\n';
}

async function* entriesOf(core: Core, accountId: string): AsyncGenerator<string | AsyncGenerator<string>> {
  const entries = core.storage.collection(entriesSpec);
  const scan = { index: 'listing', prefix: [accountId], covered: true, limit: PAGE };
  for await (const page of pagesOf(after => entries.scan({ ...scan, ...after }))) {
    let keys: string[] = [];
    let bytes = 0;
    for (const { key, size = 0 } of page) {
      keys.push(key);
      bytes += size;
      if (bytes < TOGETHER && key !== page.at(-1)?.key) continue;
      for (const entry of await entries.getMany(keys.map(each => [accountId, each]))) {
        if (entry) yield entryJson(core, entry);
      }
      keys = [];
      bytes = 0;
    }
  }
}

/** The value stands in it as it is stored, in pieces where it is long. */
function entryJson(core: Core, entry: EntryDoc): string | AsyncGenerator<string> {
  const { key, content_type, content_encoding, meta, created_at, updated_at, expires_at } = entry;
  const content = contentOf(entry);
  const metadata = meta === undefined ? {} : { meta: JSON.parse(meta) };
  const about = { key, content_type, content_encoding, ...metadata, created_at, updated_at, expires_at };
  const begin = JSON.stringify(about).slice(0, -1);
  if (content.kind === 'bytes') return `${begin},"base64":"${bytesOf(content).toString('base64')}"}`;
  if (content.kind !== 'long')
    return `${begin},"value":${content.kind === 'json' ? content.text : JSON.stringify(content.text)}}`;
  return longJson(core, begin, content);
}

/** Nothing is opened before it is asked for; of a value that went meanwhile there is no more than what is known of it. */
async function* longJson(core: Core, begin: string, content: LongContent): AsyncGenerator<string> {
  yield `${begin},"base64":"`;
  const bytes = await openLong(core, content).catch(() => undefined);
  if (bytes !== undefined) yield* base64Of(bytes);
  yield '"}';
}

async function* accessOf(core: Core, accountId: string): AsyncGenerator<string> {
  for (const { kind, name, scopes, created_at, expires_at } of await liveCredentials(core, accountId)) {
    if (kind !== 'device') yield JSON.stringify({ kind, name, scopes, created_at, expires_at });
  }
}

async function* devicesIn(core: Core, accountId: string): AsyncGenerator<string> {
  for (const { device_id, name, vault, client_version, created_at, last_seen, revoked_at } of await devicesOf(
    core,
    accountId,
  )) {
    yield JSON.stringify({ id: device_id, name, vault, client_version, created_at, last_seen, revoked_at });
  }
}

async function* punchesOf(core: Core, accountId: string): AsyncGenerator<string> {
  for await (const page of punchPages(core, accountId, {})) for (const punch of page) yield JSON.stringify(punch);
}

async function* setsOf(core: Core, accountId: string): AsyncGenerator<string> {
  for await (const { id, git, created, updated, tracked } of trackedSets(core, accountId)) {
    const files = [...tracked.keys()];
    yield JSON.stringify({ id, git: git === undefined ? null : JSON.parse(git), created, updated, files });
  }
}

async function* filesOf(core: Core, accountId: string): AsyncGenerator<string> {
  for await (const { files } of dotfileSets(core, accountId)) {
    for (const { config, path, copy } of files) {
      if (copy === undefined) continue;
      // One that went meanwhile is left out.
      const file = await readDotfile(core, accountId, config, path).catch(() => undefined);
      if (file === undefined) continue;
      const { content, mode, sha256, size, modified } = file;
      const base64 = Buffer.from(content).toString('base64');
      yield JSON.stringify({ set: config, path, mode, sha256, size, modified, base64 });
    }
  }
}

async function* vaultsOf(core: Core, accountId: string): AsyncGenerator<string> {
  const vaults = core.storage.collection(vaultsSpec);
  for await (const page of pagesOf(after => vaults.scan({ prefix: [accountId], limit: PAGE, ...after }))) {
    for (const { vault, created_at, operations, last_activity } of page) {
      yield JSON.stringify({ vault, created_at, operations, last_activity });
    }
  }
}

async function* eventsBy(core: Core, accountId: string): AsyncGenerator<string> {
  for await (const event of eventsOf(core, accountId)) yield JSON.stringify(event);
}
