/** What a filter shows, as a file: CSV for tables, and JSON that can be uploaded again as it is. */

import { Readable } from 'node:stream';
import type { Context } from 'koa';
import type { Core } from '../../../core/context.ts';
import { type PunchView, punchTexts } from '../../../core/punches/read.ts';
import { jsonStream } from '../../../http/json-stream.ts';
import type { Asked } from './query.ts';
import type { Scene } from './scene.ts';

const COLUMNS = ['id', 'project', 'in', 'out', 'hours', 'rate', 'earned', 'comments', 'created', 'updated'];

/** Answers with a download. Without a period in the address it has all punches. */
export async function sendExport(
  core: Core,
  ctx: Context,
  accountId: string,
  { asked, period, now }: Pick<Scene, 'asked' | 'period' | 'now'>,
  format: 'csv' | 'json',
): Promise<void> {
  const pages = punchTexts(core, accountId, { ...(hasPeriod(asked) && period), project: asked.project });
  ctx.attachment(`punches.${format}`);
  if (format === 'json') {
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = await jsonStream('{"punches":[', pages, page => page.map(({ json }) => json).join(), ']}\n');
    return;
  }
  // What cannot be read at all is an error page, not a file.
  const first = await pages.next();
  async function* lines() {
    yield `${COLUMNS.join()}\r\n`;
    if (!first.done) yield linesOf(first.value, now);
    for await (const page of pages) if (page.length > 0) yield linesOf(page, now);
  }
  ctx.type = 'text/csv; charset=utf-8';
  ctx.body = Readable.from(lines(), { objectMode: false });
}

function hasPeriod({ view, date, from, to }: Asked): boolean {
  return [view, date, from, to].some(given => given !== undefined);
}

function linesOf(page: readonly { readonly punch: PunchView }[], now: number): string {
  return page.map(({ punch }) => lineOf(punch, now)).join('');
}

function lineOf({ id, project, in: start, out, rate, comments, created, updated }: PunchView, now: number): string {
  const hours = Math.max(0, (out ?? now) - start) / 3_600_000;
  const fields = [
    id,
    cell(project),
    iso(start),
    out === null ? '' : iso(out),
    hours.toFixed(4),
    rate,
    (hours * rate).toFixed(2),
    cell(comments.map(({ comment }) => comment).join('\n')),
    iso(created),
    iso(updated),
  ];
  return `${fields.join()}\r\n`;
}

function iso(moment: number): string {
  return new Date(moment).toISOString();
}

/**
 * Where a table may begin to compute: at the beginning, behind blanks, in wide characters too; and, where it takes semicolons for
 * the ends of cells and quotes for nothing, at each line and behind each semicolon.
 */
const COMPUTED = /^(?=[\t\r\n])|(?<=^|[;\t\r\n])(?=[^\S\t\r\n]*[=+\-@＝＋－＠])/g;

/** A text in quotes; one that a table would compute is made a text. */
function cell(text: string): string {
  return `"${text.replace(COMPUTED, "'").replaceAll('"', '""')}"`;
}
