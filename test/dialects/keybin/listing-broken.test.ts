import { expect, onTestFinished, test, vi } from 'vitest';
import { StorageUnavailableError } from '../../../src/base/errors.ts';
import { accountsSpec, entriesSpec } from '../../../src/core/collections.ts';
import { forEachEngine } from '../../support/engines.ts';
import { sharedServer } from '../../support/served.ts';
import { sharedUser } from './open-keybin.ts';

/** More than are read before the answer begins: two pages. */
const KEYS = 2001;

forEachEngine(
  'a complete listing',
  engine => {
    const keybin = sharedServer(engine);
    const user = sharedUser(keybin);

    test('that breaks off in the middle does not look complete', async () => {
      const { core, url } = keybin.server;
      const [account] = (await core.storage.collection(accountsSpec).scan({ limit: 1 })).items;
      const entries = core.storage.collection(entriesSpec);
      const entry = (i: number) => ({ user_id: account?.user_id ?? '', key: `k${i}`, value: '' });
      await Promise.all(Array.from({ length: KEYS }, (_, i) => entries.put(entry(i))));
      const scan = entries.scan.bind(entries);
      const spy = vi
        .spyOn(entries, 'scan')
        .mockImplementationOnce(scan)
        .mockImplementationOnce(scan)
        .mockRejectedValue(new StorageUnavailableError());
      onTestFinished(() => spy.mockRestore());

      const answer = await fetch(`${url}${user.path}/keys`);
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow('terminated');
    });
  },
  ['embedded'],
);
