import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { BlobStore } from '../../src/storage/port.ts';
import { forEachEngine } from '../support/engines.ts';

const HOUR = 3_600_000;
const CONTENTS = ['', 'a', 'b', 'c'].map(text => Buffer.from(text));
const refusal = new Error('refused');

type Step =
  | { kind: 'put'; content: Buffer; accepted: boolean }
  | { kind: 'delete'; content: Buffer; hours: number | undefined }
  | { kind: 'wait'; hours: number }
  | { kind: 'sweep' };

const content = fc.constantFrom(...CONTENTS);
const hours = fc.integer({ min: 0, max: 4 });
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put'), content, accepted: fc.boolean() }),
  fc.record({ kind: fc.constant('delete'), content, hours: fc.option(hours, { nil: undefined }) }),
  fc.record({ kind: fc.constant('wait'), hours: fc.oneof(hours, fc.constant(25)) }),
  fc.record({ kind: fc.constant('sweep') }),
);

const addressOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** What a Map (address to when it was last stored) answers to a step. */
function play(model: Map<string, number>, step: Exclude<Step, { kind: 'wait' }>, now: number): unknown {
  if (step.kind === 'sweep') return { unfinished: 0 };
  const address = addressOf(step.content);
  if (step.kind === 'put') {
    if (!step.accepted) return refusal;
    model.set(address, now);
    return { sha256: address, size: step.content.length };
  }
  const isOld = step.hours === undefined || (model.get(address) ?? now) < now - step.hours * HOUR;
  return isOld && model.delete(address);
}

async function apply(blobs: BlobStore, step: Exclude<Step, { kind: 'wait' }>, now: number): Promise<unknown> {
  if (step.kind === 'sweep') return blobs.sweep();
  if (step.kind === 'delete') {
    const before = step.hours === undefined ? undefined : new Date(now - step.hours * HOUR);
    return blobs.delete(addressOf(step.content), before);
  }
  const accept = async () => {
    if (!step.accepted) throw refusal;
  };
  return blobs.put(once(step.content), 10, { accept }).catch(error => error);
}

forEachEngine('blob properties', engine => {
  test('a random history of blobs leaves what a Map would hold', { timeout: 120_000 }, async () => {
    const { storage, clock, another, cleanup } = await engine.open();
    onTestFinished(cleanup);
    const handles = [storage.blobs, (await another()).blobs] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(steps, fc.boolean()), { minLength: 1, maxLength: 25 }), async history => {
        const model = new Map<string, number>();
        for (const bytes of CONTENTS) await storage.blobs.delete(addressOf(bytes));
        for (const [step, first] of history) {
          if (step.kind === 'wait') clock.advance(step.hours * HOUR);
          else expect(await apply(handles[first ? 0 : 1], step, clock.now())).toEqual(play(model, step, clock.now()));
        }
        const held = (await storage.blobs.list()).items.map(({ sha256, at }) => [sha256, at.getTime()]);
        expect(held).toEqual([...model].sort());
      }),
      { numRuns: engine.name === 'embedded' ? 60 : 8 },
    );
  });
});
