/** What a soak says: a line while it runs, a table at its end, and the same table in docs/reliability.md. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PAGE = path.join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');
const BEGIN = '<!-- soak: begin -->';
const END = '<!-- soak: end -->';

/**
 * @typedef {{ asked: number, p50: number, p99: number, p999: number, longest: number }} Waits milliseconds
 * @typedef {{ minutes: number, engine: string, kills: number, stops: string[], reloads: number, waits: Waits, during: string[],
 *   memory: { first: number, peak: number, last: number }, tally: import('./tally.js').Tally }} Result
 */

/** @param {number} bytes */
const megabytes = bytes => `${Math.round(bytes / 1_048_576)} MiB`;
/** @param {number} n */
const count = n => n.toLocaleString('en');
/** @param {number} ms */
const milliseconds = ms => `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/**
 * The end of a soak, in Markdown.
 * @param {Result} result
 */
export function table({ minutes, engine, kills, stops, reloads, waits, during, memory, tally }) {
  const statuses = [...tally.statuses].sort(([a], [b]) => a - b);
  const rows = [
    ['Acknowledged writes', count(tally.acknowledged)],
    ['Comparisons of what was acknowledged with what is there', count(tally.checked)],
    ['Lost', count(tally.lost)],
    ['`kill -9` and start', count(kills)],
    ['SIGTERM', stops.join('; ') || 'none'],
    ['SIGHUP', count(reloads)],
    [
      'Longest stall of an honest client',
      `${milliseconds(waits.longest)}${during.length > 0 ? ` (beside: ${during.join(', ')})` : ''}`,
    ],
    ['Half, 99 %, 99.9 % of its reads took at most', [waits.p50, waits.p99, waits.p999].map(milliseconds).join(', ')],
    ['Reads it made', count(waits.asked)],
    [
      'Memory after warming up, at most, at the end',
      [memory.first, memory.peak, memory.last].map(megabytes).join(', '),
    ],
    ['Answers by status', statuses.map(([status, n]) => `${status}: ${count(n)}`).join(', ')],
  ];
  const attacks = [...tally.attacks].sort(([a], [b]) => a.localeCompare(b));
  const faults = [...tally.faults].map(
    ([what, { count: n, sample }]) => `- ${what}, ${n} times: \`${printable(sample)}\``,
  );
  return [
    `${minutes} minutes on ${engine}, ${os.availableParallelism()} cores, Node.js ${process.version}, ${built()}.`,
    '',
    '| What | Result |',
    '|---|---|',
    ...rows.map(row => `| ${row.join(' | ')} |`),
    '',
    '| Sent by strangers and broken clients | Times |',
    '|---|---|',
    ...attacks.map(([kind, n]) => `| ${kind} | ${count(n)} |`),
    '',
    ...(faults.length > 0 ? ['What went wrong:', '', ...faults] : ['Nothing went wrong.']),
  ].join('\n');
}

/**
 * Puts the table between the two marks of the page.
 * @param {string} text
 */
export function writePage(text) {
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = [page.slice(0, page.indexOf(BEGIN) + BEGIN.length), page.slice(page.indexOf(END))];
  writeFileSync(PAGE, `${before}\n\n${text}\n\n${rest}`);
}

/**
 * One line of how things are.
 * @param {number} seconds
 * @param {import('./tally.js').Tally} tally
 * @param {number} rss
 * @param {number} longest milliseconds
 */
export function progress(seconds, tally, rss, longest) {
  const answers = [...tally.statuses.values()].reduce((a, b) => a + b, 0);
  const parts = [`${count(answers)} answers`, `${count(tally.checked)} checked`, `${tally.lost} lost`, megabytes(rss)];
  return `${Math.round(seconds)} s: ${parts.join(', ')}, longest stall ${milliseconds(longest)}, ${tally.faults.size} kinds of fault`;
}

/** @param {string} text */
const printable = text =>
  text
    .replace(/[^ -~]/g, '.')
    .replace(/[`|]/g, "'")
    .slice(0, 300);

function built() {
  try {
    return `commit ${execFileSync('git', ['rev-parse', '--short', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()}`;
  } catch {
    return 'no commit known';
  }
}
