import { inSlices } from '../../../base/slices.ts';
import type { Core } from '../../../core/context.ts';
import type { DeviceDoc } from '../../../core/devices/devices.ts';
import { operationsSpec } from '../collections.ts';
import { headOf } from '../log.ts';
import { sequenceOf } from './texts.ts';

/** What a page of operations may take, about, in characters: it is more than a single one. */
const PAGE_SIZE = 33_554_432;
/** The same of what is read at a time. */
const READ_SIZE = 4_194_304;
/** And of what is written at once. */
const PORTION = 524_288;

/** A page of a vault's log, as it is sent. */
export interface PulledPage {
  /** The texts of its operations. */
  readonly texts: string[];
  readonly place: {
    /** The number of the last operation in the vault. */
    readonly server_sequence: number;
    /** Where the next page begins: on an empty page, where this one began. */
    readonly page_last_sequence: number;
    readonly has_more: boolean;
  };
}

/** What is in the log of a device's vault behind the number `since`: at most `limit` operations, fewer when they are long. */
export async function pullPage(core: Core, device: DeviceDoc, since: number, limit: number): Promise<PulledPage> {
  const { texts, more } = await textsAfter(core, device, since, limit);
  const end = texts.at(-1);
  const last = end === undefined ? since : sequenceOf(end);
  const atEnd = !more && end !== undefined;
  // Read after the page, so that it is not behind it; both are settled: a client never asks again for a number it was given,
  // even if a failover gives it to another operation.
  const head = atEnd ? last : await headOf(core, device, { settled: true });
  // What came between the two is news for the next pull: the page says that there is no more.
  const server_sequence = more ? head : Math.min(head, last);
  return { texts, place: { server_sequence, page_last_sequence: last, has_more: more } };
}

/** The texts of the settled operations behind the number `since`, and whether there are more. */
async function textsAfter(
  core: Core,
  { user_id, vault }: DeviceDoc,
  since: number,
  limit: number,
): Promise<{ texts: string[]; more: boolean }> {
  const log = core.storage.collection(operationsSpec);
  const range = { prefix: [user_id, vault], bytes: READ_SIZE, settled: true };
  const slices = inSlices();
  const texts: string[] = [];
  let from = since + 1;
  let size = 0;
  for (;;) {
    const part = await log.texts({ ...range, from, limit: limit - texts.length });
    for (const text of part.texts) {
      size += text.length;
      if (texts.length > 0 && size > PAGE_SIZE) return { texts, more: true };
      texts.push(text);
    }
    const last = texts.at(-1);
    if (!part.more || texts.length === limit || last === undefined) return { texts, more: part.more };
    from = sequenceOf(last) + 1;
    await slices.pause();
  }
}

/** The texts in portions that are written one by one, between which others have their turn: a page may be very long. */
export async function* portionsOf(texts: readonly string[]): AsyncGenerator<string[]> {
  const slices = inSlices();
  let portion: string[] = [];
  let size = 0;
  for (const text of texts) {
    size += text.length;
    portion.push(text);
    if (size < PORTION) continue;
    yield portion;
    portion = [];
    size = 0;
    if (slices.over()) await slices.pause();
  }
  yield portion;
}
