import { createHash } from 'node:crypto';
import { oneTimeSecretsSpec } from '../core/access/one-time-secrets.ts';
import { auditSpec, blobRefsSpec, sessionsSpec } from '../core/collections.ts';
import type { AnyDoc, Snapshot, Storage } from '../storage/port.ts';
import { HashList } from './hash-list.ts';
import { type Item, type Items, type Spec, UnsoundContent } from './items.ts';

/** What may be left out, and the collections that are left out with it. */
export const EXCLUDABLE = {
  sessions: [sessionsSpec.name, oneTimeSecretsSpec.name],
  audit: [auditSpec.name],
  /** The contents; what refers to them stays. */
  blobs: [],
} as const;

/** Something that may be left out. */
export type Excluded = keyof typeof EXCLUDABLE;

/** By it, positions in the changes are known as such of the same data: a copy gets another one. */
const OF_THIS_DATA = 'changes';

/** How a storage is read. */
export interface ReadOptions {
  readonly exclude?: readonly Excluded[];
  /** The clock, in milliseconds. */
  readonly now: () => number;
  /** A content that documents refer to is not there. */
  readonly missing: (sha256: string) => void;
  /** A part begins, of about so many records. */
  readonly begins?: (part: 'contents' | 'documents', total: number) => void;
}

/** The collections that are read. */
export function collectionsRead(specs: readonly Spec[], exclude: readonly Excluded[] = []): Spec[] {
  const left: readonly string[] = exclude.flatMap(name => EXCLUDABLE[name]);
  return specs.filter(({ name }) => !left.includes(name));
}

/**
 * Everything in a storage. First the contents, which take long and never change; then the documents as they are at one moment, then
 * the contents that came meanwhile: so the moment has to be kept for the documents only.
 */
export async function* readStore(
  storage: Storage,
  specs: readonly Spec[],
  options: ReadOptions,
): Items & AsyncGenerator<Item> {
  const { exclude = [], now, begins } = options;
  const isWhole = !exclude.includes('blobs');
  const known = new HashList();
  if (isWhole) {
    begins?.('contents', await storage.blobs.count());
    yield* allContents(storage, known);
  }
  const late = new Set<string>();
  const snapshot = await storage.snapshot();
  try {
    const moment = new Date(now());
    begins?.('documents', await snapshot.about());
    yield { moment, oneMoment: snapshot.oneMoment };
    yield* namedOnes(snapshot);
    for (const spec of collectionsRead(specs, exclude)) {
      for await (const docs of liveDocuments(snapshot, spec, moment)) {
        if (isWhole && spec.name === blobRefsSpec.name) noteUnknown(docs, known, late);
        yield { in: spec.name, docs };
      }
    }
  } finally {
    await snapshot.close();
  }
  yield* lateContents(storage, late, options);
}

async function* allContents(storage: Storage, known: HashList): AsyncGenerator<Item> {
  for await (const { sha256, size } of listed(storage)) {
    const item = await blobItem(storage, sha256, size);
    if (item === undefined) continue;
    known.add(sha256);
    yield item;
  }
}

async function* namedOnes(snapshot: Snapshot): AsyncGenerator<Item> {
  for (const { name, value } of await snapshot.counters()) yield { counter: name, value };
  for (const { name, value } of await snapshot.secrets()) if (name !== OF_THIS_DATA) yield { secret: name, value };
}

/** Without those that have ended: they are not there any more, and nobody waits for them. */
async function* liveDocuments(snapshot: Snapshot, spec: Spec, moment: Date): AsyncGenerator<readonly AnyDoc[]> {
  const isLive = (doc: AnyDoc) => {
    const end = doc[spec.expires ?? ''];
    return !(end instanceof Date && end <= moment);
  };
  for await (const portion of snapshot.documents(spec.name)) {
    const docs = spec.expires === undefined || spec.kept ? portion : portion.filter(isLive);
    if (docs.length > 0) yield docs;
  }
}

function noteUnknown(refs: readonly AnyDoc[], known: HashList, late: Set<string>): void {
  for (const { hash } of refs) if (!known.has(String(hash))) late.add(String(hash));
}

async function* lateContents(storage: Storage, late: Set<string>, { missing }: ReadOptions): AsyncGenerator<Item> {
  for (const sha256 of [...late].sort()) {
    const found = await storage.blobs.stat(sha256);
    const item = found && (await blobItem(storage, sha256, found.size));
    if (item === undefined) missing(sha256);
    else yield item;
  }
}

async function* listed({ blobs }: Storage): AsyncGenerator<{ sha256: string; size: number }> {
  for (let cursor: string | undefined; ; ) {
    const page = await blobs.list(cursor);
    yield* page.items;
    cursor = page.next;
    if (cursor === undefined) return;
  }
}

/** Undefined when it is gone. */
async function blobItem(storage: Storage, sha256: string, size: number): Promise<Item | undefined> {
  const content = await storage.blobs.open(sha256);
  return content && { blob: sha256, size, content: demandSound(content, sha256) };
}

/** The content as it is. Throws {@link UnsoundContent} at its end when it is another one. */
async function* demandSound(content: AsyncIterable<Uint8Array>, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of content) {
    hash.update(piece);
    yield piece;
  }
  if (hash.digest('hex') !== sha256) throw new UnsoundContent(sha256);
}
