import type { Disk } from './disk.ts';
import { sha256Of } from './hash.ts';
import { FILE_BYTES, reasonOf } from './look.ts';
import type { Task } from './plan.ts';
import type { Entry } from './remote.ts';
import type { State } from './state.ts';

/** Most bytes of a request: the server takes 16 MiB. */
const BODY_BYTES = 15_728_640;

/** Bytes of an entry without its content and path, at most. */
const ENTRY_BYTES = 250;

/** A request of a round. */
export interface Batch {
  readonly entries: Entry[];
  /** What is dealt with by it, by path, and the hash of what is there. */
  readonly tasks: Map<string, { task: Task; sent: string | undefined }>;
}

/**
 * The requests of a round over a config, no larger than the server takes. Each names all files, since one without an entry would be
 * received. Contents are read when their request is made, so that only those of one are held; a file that has changed since it was looked
 * at is sent as it is now. `failed` gets files that cannot be read any more.
 */
export function* batchesOf(
  disk: Disk,
  tasks: readonly Task[],
  known: { state: State; config: string },
  failed: (task: Task, reason: string) => void,
): Generator<Batch> {
  const base = tasks.reduce((sum, { path }) => sum + 2 * Buffer.byteLength(path) + ENTRY_BYTES, 0);
  let open = new Set(tasks);
  while (open.size > 0) {
    const batch: Batch = { entries: [], tasks: new Map() };
    let bytes = base;
    const later = new Set<Task>();
    for (const task of tasks) {
      const fits = open.has(task) && (task.send === 'nothing' || bytes < BODY_BYTES - (FILE_BYTES * 4) / 3);
      if (open.has(task) && !fits) later.add(task);
      const entry = fits ? entryOf(disk, task, failed) : undefined;
      batch.entries.push(entry ?? reminder(task, known.state.get(known.config, task.path).base));
      if (entry === undefined) continue;
      bytes += entry.content?.length ?? 0;
      batch.tasks.set(task.path, { task, sent: sentBy(task, entry) });
    }
    open = later;
    yield batch;
  }
}

function entryOf(disk: Disk, task: Task, failed: (task: Task, reason: string) => void): Entry | undefined {
  const { path, send, base, look } = task;
  const entry: Entry = { path, ...(base !== undefined && { base }) };
  if (send === 'nothing' || look.kind !== 'file') return entry;
  try {
    const content = Buffer.from(disk.read(look.target, FILE_BYTES, true)).toString('base64');
    return { ...entry, content, ...(send === 'mode' && { mode: look.mode }) };
  } catch (error) {
    failed(task, reasonOf(error));
    return undefined;
  }
}

function sentBy({ look }: Task, { content }: Entry): string | undefined {
  if (content !== undefined) return sha256Of(Buffer.from(content, 'base64'));
  return look.kind === 'file' ? look.sha256 : undefined;
}

/** What keeps the server from sending a file that is not the matter of this request. */
function reminder({ path, look }: Task, base: string | undefined): Entry {
  const here = base ?? (look.kind === 'file' ? look.sha256 : undefined);
  return { path, ...(here !== undefined && { base: here }) };
}
