/** Punches in brief, for sums and charts: a year of them is read at once, and pages of it are looked at one after the other. */

import type { Core } from '../context.ts';
import { type KeptParts, partUnlessChanged } from '../unchanged.ts';
import { punchesSpec } from './collection.ts';
import { type PunchView, punchPages, reachingInto, touches } from './read.ts';

/** Of a punch what is added up. */
export type PunchBrief = Pick<PunchView, 'id' | 'project' | 'in' | 'out' | 'rate'>;

/** What begins in so many milliseconds is kept together. */
const CHUNK_MS = 3 * 86_400_000;

const known: KeptParts<readonly PunchBrief[]> = new WeakMap();

/** The punches that touch a period, in the order of their beginnings. Those that began more than a week before it are left out. */
export async function briefsIn(
  core: Core,
  accountId: string,
  period: { readonly from: number; readonly below: number },
): Promise<PunchBrief[]> {
  const found: PunchBrief[] = [];
  const add = (briefs: readonly PunchBrief[], from: number, below: number) => {
    for (const brief of briefs) {
      if (brief.in >= from && brief.in < below && touches(brief, period)) found.push(brief);
    }
  };
  const { from, below } = reachingInto(period);
  // Without a state nothing can be kept: then all is read in one go.
  if ((await core.storage.collection(punchesSpec).state()) === undefined) {
    add(await read(core, accountId, from, below), from, below);
    return found;
  }
  for (let chunk = Math.floor(from / CHUNK_MS); chunk * CHUNK_MS < below; chunk++) {
    add(await chunkOf(core, accountId, chunk), from, below);
  }
  return found;
}

function chunkOf(core: Core, accountId: string, chunk: number): Promise<readonly PunchBrief[]> {
  const part = { name: `${accountId} ${chunk}`, sizeOf: ({ length }: readonly PunchBrief[]) => length + 1 };
  return partUnlessChanged(core.storage.collection(punchesSpec), known, part, () =>
    read(core, accountId, chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS),
  );
}

async function read(core: Core, accountId: string, from: number, below: number): Promise<PunchBrief[]> {
  const briefs: PunchBrief[] = [];
  const names = new Map<string, string>();
  for await (const page of punchPages(core, accountId, { from, below })) {
    for (const { id, project, in: start, out, rate } of page) {
      // One text for all punches of a project.
      const name = names.get(project) ?? project;
      names.set(name, name);
      briefs.push({ id, project: name, in: start, out, rate });
    }
  }
  return briefs;
}
