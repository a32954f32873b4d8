import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  ConflictError,
  InvalidInputError,
  PayloadTooLargeError,
  StorageUnavailableError,
} from '../../../src/base/errors.ts';
import type { Engine } from '../../support/engines.ts';
import { addresses, chunksOf, MIB, moment, paused, read, sha256 } from './contents.ts';
import { failures, open, things } from './things.ts';

/** More ticks of an engine's timers, in milliseconds, than any single call may take. */
const LONG_MS = 2500;
const TICK_MS = 100;

/** What a caller decides when it knows the content. */
export function blobAcceptContract(engine: Engine): void {
  describe('accepting a blob', () => {
    test('is asked for once, when all was read, with address and size, before anything is kept', async () => {
      const { storage, another } = await open(engine);
      const other = (await another()).blobs;
      const bytes = randomBytes(600_000);
      let ended = false;
      async function* content() {
        yield* chunksOf(bytes);
        ended = true;
      }
      const asked: unknown[] = [];
      const accept = async (blob: { sha256: string; size: number }) => {
        asked.push({ ...blob }, ended, await other.stat(blob.sha256), await addresses(other));
        blob.size = 0; // the caller's own
      };
      const blob = { sha256: sha256(bytes), size: bytes.length };
      expect(await storage.blobs.put(content(), MIB, { expected: blob.sha256, accept })).toEqual(blob);
      expect(asked).toEqual([blob, true, undefined, []]);
      expect((await read(other, blob.sha256))?.equals(bytes)).toBe(true);
    });

    test('is not asked for where the content is too large, another than expected, or breaks off', async () => {
      const { blobs } = (await open(engine)).storage;
      let asked = 0;
      const accept = async () => {
        asked++;
      };
      const bytes = randomBytes(1000);
      const broken = paused(bytes);
      broken.goOn(new Error('gone'));
      const expected = sha256(Buffer.from('another'));
      await expect(blobs.put(chunksOf(bytes), 999, { accept })).rejects.toBeInstanceOf(PayloadTooLargeError);
      await expect(blobs.put(chunksOf(bytes), MIB, { expected, accept })).rejects.toBeInstanceOf(InvalidInputError);
      await expect(blobs.put(broken.content, MIB, { accept })).rejects.toThrow('gone');
      expect(asked).toBe(0);
    });

    test.each([
      ['of ours', new ConflictError('quota')],
      ['of its own', new TypeError('quota')],
      ['that looks like one of the engine', Object.assign(new Error('quota'), { code: 'ENOSPC', syscall: 'write' })],
      ['that is no error', 'quota'],
    ])('refused with an error %s, nothing is kept and it comes through as it is', async (_, failure) => {
      const { storage, another } = await open(engine);
      const refuse = async () => {
        throw failure;
      };
      const refuseAtOnce = () => {
        throw failure;
      };
      for (const accept of [refuse, refuseAtOnce]) {
        expect(await storage.blobs.put(chunksOf(randomBytes(600_000)), MIB, { accept }).catch(e => e)).toBe(failure);
      }
      for (const { blobs } of [storage, await another()]) {
        expect(await addresses(blobs)).toEqual([]);
        expect(await blobs.sweep()).toEqual({ unfinished: 0 });
      }
    });

    test('refused, a blob that is there already stays as it was', async () => {
      const { storage, clock } = await open(engine);
      const { blobs } = storage;
      const bytes = randomBytes(300_000);
      await blobs.put(chunksOf(bytes), MIB);
      const before = await blobs.list();
      clock.advance(5000);
      const failure = new ConflictError('quota');
      const accept = () => Promise.reject(failure);
      const refused = Array.from({ length: 3 }, () => blobs.put(chunksOf(bytes), MIB, { accept }).catch(e => e));
      expect(await Promise.all(refused)).toEqual(refused.map(() => failure));
      expect(await blobs.list()).toEqual(before);
      expect((await read(blobs, sha256(bytes)))?.equals(bytes)).toBe(true);
      expect(await blobs.sweep()).toEqual({ unfinished: 0 });
    });

    test('may use the storage: of 8 uploads at once, as many are kept as the quota has room for', async () => {
      const { storage } = await open(engine);
      const collection = storage.collection(things);
      await collection.insert({ space: 's', id: 'quota', total: 0 });
      const contents = Array.from({ length: 8 }, () => randomBytes(10_000));
      const change = { add: { total: 10_000 }, bounds: { total: { max: 30_000 } } };
      const accept = async () => {
        expect(await collection.get(['s', 'quota'])).toBeDefined();
        await storage.commit([{ in: things, update: ['s', 'quota'], change }]);
      };
      const results = await Promise.allSettled(
        contents.map(bytes => storage.blobs.put(chunksOf(bytes), MIB, { accept })),
      );
      expect(failures(results)).toEqual(Array.from({ length: 5 }, () => expect.any(ConflictError)));
      const kept = contents.filter((_, i) => results[i]?.status === 'fulfilled').map(sha256);
      expect(await addresses(storage.blobs)).toEqual(kept.toSorted());
      expect(await collection.get(['s', 'quota'])).toMatchObject({ total: 30_000 });
    });

    test('and the content itself may take longer than any call of the engine', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      onTestFinished(() => {
        vi.useRealTimers();
      });
      const { storage, another } = await open(engine);
      const other = await another();
      const passTime = async () => {
        for (let passed = 0; passed < LONG_MS; passed += TICK_MS) {
          vi.advanceTimersByTime(TICK_MS);
          await other.ping(); // by then the server has answered what the first handle asked
        }
      };
      const bytes = randomBytes(600_000);
      const slow = paused(bytes);
      const asked = moment();
      const decided = moment();
      const accept = () => {
        asked.now();
        return decided.come;
      };
      const stored = storage.blobs.put(slow.content, MIB, { accept });
      await slow.halfRead;
      await passTime();
      slow.goOn();
      await asked.come;
      await passTime();
      decided.now();
      expect(await stored).toEqual({ sha256: sha256(bytes), size: bytes.length });
      expect((await read(storage.blobs, sha256(bytes)))?.equals(bytes)).toBe(true);
    });

    test('under way when the storage is closed, it is refused the storage, and nothing is kept', async () => {
      const { storage, reopen } = await open(engine);
      const asked = moment();
      const goOn = moment();
      const accept = async () => {
        asked.now();
        await goOn.come;
        await storage.collection(things).count({});
      };
      const refused = storage.blobs.put(chunksOf(randomBytes(600_000)), MIB, { accept }).catch(e => e);
      await asked.come;
      const closed = storage.close();
      goOn.now();
      expect(await refused).toBeInstanceOf(StorageUnavailableError);
      await closed;
      const { blobs } = await reopen();
      expect(await addresses(blobs)).toEqual([]);
      expect(await blobs.sweep()).toEqual({ unfinished: 0 });
    });
  });
}
