import { expect, it } from 'vitest';
import { accountsSpec, auditSpec, entriesSpec } from '../../src/core/collections.ts';
import { devicesSpec } from '../../src/core/devices/devices.ts';
import { configsSpec, filesSpec } from '../../src/core/dotfiles/collection.ts';
import { storeEvents } from '../../src/core/events/history/store.ts';
import { newId, sha256Hex } from '../../src/core/ids.ts';
import { punchesSpec } from '../../src/core/punches/collection.ts';
import { stretchesSpec, stretchOf } from '../../src/core/punches/stretches.ts';
import { vaultsSpec } from '../../src/core/vaults/vaults.ts';
import type { CollectionSpec } from '../../src/storage/port.ts';
import { forEachEngine } from '../support/engines.ts';
import { openServer } from '../support/served.ts';
import type { TestServer } from '../support/server.ts';
import { newAdminGuest, newGuest, ROOMY } from './people.ts';

/** Bytes that a page may have. */
const MOST = 60_000;

const MANY = 110;
const HOUR = 3_600_000;
/** The pages are asked for October 2100, which is long. */
const BEGIN = Date.UTC(2100, 9, 1);

const OWN = [
  '/dashboard',
  '/data',
  '/data?prefix=keys.',
  '/punches?view=month&date=2100-10-05',
  '/punches?view=week&date=2100-10-05',
  '/punches?from=2100-01-01&to=2100-12-31',
  '/dotfiles',
  '/dotfiles?q=tool',
  '/events',
  '/tokens',
];
const ADMIN = ['users', 'devices', 'vaults', 'storage', 'audit', 'members'].map(name => `/admin/${name}?per_page=100`);

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));

/** What fills every list to its largest page: ordinary names, the longer ones among them. */
async function fill({ core }: TestServer, accountId: string): Promise<void> {
  const add = <T extends object>(to: CollectionSpec<T>, docs: readonly T[]) =>
    core.storage.commit(docs.map(insert => ({ in: to, insert })));
  const at = new Date(core.clock.now());
  const others = times(MANY, i => {
    const username = `ekaterina.${i}.smirnova`;
    return { user_id: newId(), username, email: `${username}@mail.example.org`, created_at: at, last_seen: at };
  });
  await add(accountsSpec, others);
  const owners = [...others.map(({ user_id }) => user_id), ...times(30, () => accountId)];
  const devices = owners.map((user_id, i) => ({
    user_id,
    device_id: `dev_${sha256Hex(`${i}`).slice(0, 24)}`,
    hash: sha256Hex(`device ${i}`),
    token_hint: 'vst_0123…cdef',
    vault: `notes and photos ${i}`,
    name: `Workstation at home ${i}`,
    client_version: '1.12.103',
    address: '198.51.100.123',
    created_at: at,
    last_seen: at,
  }));
  await add(devicesSpec, devices);
  await add(
    vaultsSpec,
    devices.map(({ user_id, vault }) => ({ user_id, vault, created_at: at, operations: 1_234_567, last_activity: at })),
  );
  await add(
    auditSpec,
    devices.map(({ user_id, device_id, address }) => {
      const about = { user_id, device_id, address };
      return {
        id: newId(),
        at,
        event: 'user_password_reset',
        severity: 'warning' as const,
        message: 'by admin',
        ...about,
      };
    }),
  );
  await add(
    entriesSpec,
    times(MANY, i => {
      const key = `${i % 2 === 0 ? 'keys' : `folder-${i}`}.of-some-program.${i}`;
      return { user_id: accountId, key, value: 'v', etag: newId(), size: 1, created_at: at, updated_at: at };
    }),
  );
  await add(
    punchesSpec,
    times(31 * 24, i => {
      const [start, id, project] = [BEGIN + i * HOUR, newId(), `project number ${i % 50}`];
      const comments = [{ comment: 'talked about what is next', timestamp: start }];
      const punch = {
        id,
        project,
        in: start,
        out: start + HOUR - 1,
        rate: 80,
        comments,
        created: start,
        updated: start,
      };
      const figures = { start, out: punch.out, project, rate: 80 };
      return { user_id: accountId, id, updated: start, body: JSON.stringify(punch), size: 1, ...figures };
    }),
  );
  const [first, last] = [BEGIN, BEGIN + 31 * 24 * HOUR].map(stretchOf) as [number, number];
  await add(
    stretchesSpec,
    times(last - first + 1, i => {
      return { user_id: accountId, stretch: first + i, version: newId(), writers: 0, until: 0 };
    }),
  );
  const paths = times(MANY, i => `~/.config/tool/part/file-${i}.conf`);
  const config = { user_id: accountId, id: newId(), seq: 1, created: BEGIN, updated: BEGIN, revision: 1 };
  await add(configsSpec, [{ ...config, files: JSON.stringify(paths), epochs: JSON.stringify(paths.map(() => 1)) }]);
  await add(
    filesSpec,
    paths.map(path => {
      const state = { epoch: 1, sha256: sha256Hex(path), size: 12_345, mode: '0644', modified: BEGIN };
      return { user_id: accountId, config: config.id, path, content: new Uint8Array(1), ...state };
    }),
  );
  const events = times(MANY, i => {
    return { uuid: newId(), timestamp: BEGIN / 1000 + i, itemUuid: newId(), action: 'task.update', payload: '{"a":1}' };
  });
  await storeEvents(core, accountId, events);
}

forEachEngine('every list at its largest page', engine => {
  it('is a page of less than 60 KB, in each language', async () => {
    const { server } = await openServer(engine, { options: { ...ROOMY, SIMPLE_SYNC_OPEN_TO: 'all' } });
    const [guest, admin] = [await newGuest(server), await newAdminGuest(server)];
    await fill(server, guest.account.user_id);
    for (const language of ['en', 'ru']) {
      for (const path of [...OWN, ...ADMIN]) {
        const { status, text } = await (OWN.includes(path) ? guest : admin).visit(path, {
          'Accept-Language': language,
        });
        expect([path, status, text.includes(`<html lang="${language}">`)]).toEqual([path, 200, true]);
        const size = Buffer.byteLength(text);
        expect([path, language, size < MOST]).toEqual([path, language, true]);
      }
    }
  });
});
