/** Punches in brief, for sums and charts: a year of them is read for one page. */

import { inSlices } from '../../base/slices.ts';
import type { Storage } from '../../storage/port.ts';
import type { Core } from '../context.ts';
import { pagesOf } from '../pages.ts';
import { fromText, toText } from './brief-text.ts';
import { punchesSpec } from './collection.ts';
import { type PunchBrief, reachingInto, touches } from './read.ts';
import { punchesOf, type StretchDoc, stretchesSpec, stretchOf } from './stretches.ts';

/** Index entries, and stretches, read at once. */
const PAGE = 1000;
const STRETCHES = 16;

/** Most punches that are remembered, and those of a stretch that are stored in brief: a document has 16 MB at most. */
const MOST = 100_000;
const MOST_STORED = 50_000;

/** What is remembered of a storage: stretches by account and number, in a version of theirs. */
interface Remembered {
  readonly stretches: Map<string, { readonly version: string; readonly briefs: readonly PunchBrief[] }>;
  punches: number;
}

const remembered = new WeakMap<Storage, Remembered>();

/** The punches that touch a period, in the order of their beginnings. Those that began more than a week before it are left out. */
export async function briefsIn(
  core: Core,
  accountId: string,
  period: { readonly from: number; readonly below: number },
): Promise<PunchBrief[]> {
  const { from, below } = reachingInto(period);
  const found: PunchBrief[] = [];
  const slices = inSlices();
  const range = { prefix: [accountId], from: stretchOf(from), below: stretchOf(below) + 1 };
  const scan = { ...range, index: 'versions', covered: true, limit: PAGE };
  const stretches = core.storage.collection(stretchesSpec);
  for await (const page of pagesOf(after => stretches.scan({ ...scan, ...after }))) {
    for (let at = 0; at < page.length; at += STRETCHES) {
      for (const briefs of await briefsOf(core, page.slice(at, at + STRETCHES))) {
        for (const brief of briefs) {
          if (brief.in >= from && brief.in < below && touches(brief, period)) found.push(brief);
        }
      }
      if (slices.over()) await slices.pause();
    }
  }
  return found;
}

/** The punches of each of these stretches, of which an index told the versions. */
async function briefsOf(core: Core, seen: readonly StretchDoc[]): Promise<(readonly PunchBrief[])[]> {
  const { stretches } = memoryOf(core);
  const known = new Map<number, readonly PunchBrief[]>();
  for (const { user_id, stretch, version } of seen) {
    const kept = stretches.get(nameOf(user_id, stretch));
    if (kept?.version === version) known.set(stretch, kept.briefs);
  }
  const missing = seen.filter(({ stretch }) => !known.has(stretch));
  const docs = await core.storage
    .collection(stretchesSpec)
    .getMany(missing.map(({ user_id, stretch }) => [user_id, stretch]));
  for (const doc of docs) if (doc !== undefined) known.set(doc.stretch, await briefsIfStored(core, doc));
  return seen.map(({ stretch }) => known.get(stretch) ?? []);
}

async function briefsIfStored(core: Core, doc: StretchDoc): Promise<readonly PunchBrief[]> {
  if (doc.text !== undefined) return remember(core, doc, fromText(doc.text));
  const briefs = await read(core, doc);
  const isFree = doc.writers <= 0 || doc.until < core.clock.now();
  if (isFree && briefs.length <= MOST_STORED) core.background.run(() => keep(core, doc, briefs));
  return briefs;
}

/** Keeps what was read, if nobody has begun to write meanwhile. Writers that died before they ended are forgotten with it. */
async function keep(core: Core, doc: StretchDoc, briefs: readonly PunchBrief[]): Promise<void> {
  const { user_id, stretch, version, writers } = doc;
  const change = { set: { text: toText(briefs), writers: 0 } };
  const kept = await core.storage.collection(stretchesSpec).update([user_id, stretch], change, { version, writers });
  if (kept !== undefined) remember(core, doc, briefs);
}

/** Reads them from their index alone. */
async function read(core: Core, { user_id, stretch }: StretchDoc): Promise<PunchBrief[]> {
  const punches = core.storage.collection(punchesSpec);
  const scan = { ...punchesOf(user_id, stretch), covered: true, limit: PAGE };
  const briefs: PunchBrief[] = [];
  for await (const page of pagesOf(after => punches.scan({ ...scan, ...after }))) {
    for (const { id, project = '', start = 0, out = null, rate = 0 } of page) {
      briefs.push({ id, project, in: start, out, rate });
    }
  }
  return briefs;
}

function remember(core: Core, doc: StretchDoc, briefs: readonly PunchBrief[]): readonly PunchBrief[] {
  const memory = memoryOf(core);
  const name = nameOf(doc.user_id, doc.stretch);
  const before = memory.stretches.get(name)?.briefs.length ?? 0;
  if (memory.punches - before + briefs.length > MOST) {
    memory.stretches.clear();
    memory.punches = 0;
  } else memory.punches -= before;
  if (briefs.length > MOST) return briefs;
  memory.stretches.set(name, { version: doc.version, briefs });
  memory.punches += briefs.length;
  return briefs;
}

function memoryOf({ storage }: Core): Remembered {
  let memory = remembered.get(storage);
  if (memory === undefined) {
    memory = { stretches: new Map(), punches: 0 };
    remembered.set(storage, memory);
  }
  return memory;
}

function nameOf(accountId: string, stretch: number): string {
  return `${stretch} ${accountId}`;
}
