import type { FileLine } from './lines.ts';
import { BadAnswer } from './lines.ts';
import type { Task } from './plan.ts';
import type { Entry } from './remote.ts';
import { planned, type RoundOptions } from './round.ts';

/** How a file stands, here and on the server. */
export interface Standing {
  readonly config: string;
  readonly path: string;
  readonly what: 'same' | 'to send' | 'to receive' | 'conflict' | 'skipped' | 'nowhere';
  /** In words. */
  readonly why: string;
  /** Of a conflict: where the server's copies lie. */
  readonly copies?: readonly string[];
}

/**
 * What a round would do: asks the server, sends no content and changes nothing. Configs that the server has not go to `lost`. Throws as
 * `syncRound` does.
 */
export async function* preview(options: RoundOptions, lost: (id: string) => void): AsyncGenerator<Standing> {
  const { remote, signal } = options;
  for (const id of options.configs) {
    const config = await remote.config(id, signal);
    if (config === undefined) {
      lost(id);
      continue;
    }
    const tasks = new Map(config.files.map(path => [path, planned({ ...options, config: id }, path)]));
    let done = false;
    for await (const line of remote.sync(id, [...tasks.values()].map(question), signal)) {
      if (line.event === 'error') throw new BadAnswer(line.error);
      done ||= line.event === 'done';
      const task = line.event === 'file' ? tasks.get(line.path) : undefined;
      if (task !== undefined && line.event === 'file') {
        yield { config: id, path: task.path, ...standing(task, line), ...copiesOf(task) };
      }
    }
    if (!done) throw new BadAnswer('the answer of the server was cut off; run it again');
  }
}

/** What the server has of one file; undefined: nothing. Throws as `syncRound` does. */
export async function contentOf(options: RoundOptions, id: string, path: string): Promise<Uint8Array | undefined> {
  const { remote, signal } = options;
  const config = await remote.config(id, signal);
  const others = (config?.files ?? []).filter(other => other !== path);
  const entries = others.map(other => question(planned({ ...options, config: id }, other)));
  let content: Uint8Array | undefined;
  for await (const line of remote.sync(id, entries, signal)) {
    if (line.event === 'error') throw new BadAnswer(line.error);
    if (line.event === 'file' && line.path === path && line.content !== undefined) {
      content = Buffer.from(line.content, 'base64');
    }
  }
  return content;
}

/** Asks about a file so that nothing is stored, and its content comes only when it is another one. */
function question({ path, base, look }: Task): Entry {
  const known = base ?? (look.kind === 'file' ? look.sha256 : undefined);
  return { path, ...(known !== undefined && { base: known }) };
}

function copiesOf({ known }: Task): Pick<Standing, 'copies'> {
  return known.conflict === undefined ? {} : { copies: known.conflict.copies };
}

function standing({ look, known, base, waits, take, send }: Task, line: FileLine): Pick<Standing, 'what' | 'why'> {
  if (line.status === 'refused') return { what: 'skipped', why: 'was taken out of the config just now' };
  if (take === 'copy') return { what: 'conflict', why: 'changed here and on another machine' };
  if (look.kind === 'blocked') return { what: 'skipped', why: waits ?? look.reason };
  if (look.kind === 'absent') {
    if (line.status === 'missing') return { what: 'nowhere', why: 'no machine has sent it yet' };
    return { what: 'to receive', why: known.base === undefined ? 'new from another machine' : 'deleted here' };
  }
  if (line.status === 'missing') return { what: 'to send', why: 'the server has none' };
  if (line.sha256 === look.sha256) {
    if (send === 'mode') return { what: 'to send', why: `the mode is ${look.mode} here` };
    const other = line.mode !== null && line.mode !== known.served && line.mode !== look.mode;
    return other
      ? { what: 'to receive', why: `the mode became ${line.mode} on another machine` }
      : { what: 'same', why: '' };
  }
  if (line.status === 'unchanged') return { what: 'to send', why: 'changed here' };
  if (look.sha256 === base) return { what: 'to receive', why: 'changed on another machine' };
  const never = base === undefined;
  return {
    what: 'conflict',
    why: never ? 'differs, and was never synced here' : 'changed here and on another machine',
  };
}
