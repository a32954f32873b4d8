/** Collects results, prints them as they come, and renders `docs/benchmarks.md`. */

import os from 'node:os';

/**
 * @typedef {Map<string, import('./measure.js').Figures>} Figures
 * @typedef {{ of: string, over: string, bar: number }} Bar
 * @typedef {{
 *   rounds: number, count: number, mongo: string | undefined, pinned: boolean,
 *   task(title: string, figures: Map<string, import('./task.js').Cost>, bars?: { cpu?: number, each?: number, stall?: number }): void,
 *   row(title: string, figures: Figures, bar?: Bar): void,
 *   value(title: string, value: number, unit: string, bar?: number): void,
 *   least(title: string, factor: number, bar: number): void,
 *   rate(title: string, found: number, unit: string, bar: number): void,
 *   ratio(title: string, value: number, over: number, unit: string, bar: number): void,
 *   table(title: string, head: string[], rows: string[][]): void,
 *   skip(title: string, reason: string): void, log(text: string): void,
 * }} Run
 */

/** @param {{ rounds: number, count: number, mongo: string | undefined, pinned: boolean }} options */
export function collect(options) {
  /** @type {string[]} */
  const tables = [];
  /** @type {string[]} */
  const bars = [];

  /** @param {string} text */
  const print = text => console.log(text);

  /** @type {Run} */
  const run = {
    ...options,
    row(title, figures, bar) {
      const lines = [...figures].map(
        ([name, f]) =>
          `| ${name} | ${f.cpu.toFixed(1)} | ${Math.round(f.rate)} | ${f.p50.toFixed(2)} | ${f.p99.toFixed(2)} |`,
      );
      const head = ['| server | CPU µs a request | requests a second | p50 ms | p99 ms |', '|---|---:|---:|---:|---:|'];
      print('');
      if (bar) {
        const factor = (figures.get(bar.of)?.cpu ?? Number.NaN) / (figures.get(bar.over)?.cpu ?? Number.NaN);
        note(`${title}: CPU over ${bar.over}`, `${factor.toFixed(2)}×`, `≤ ${bar.bar}×`, factor <= bar.bar);
      }
      tables.push(`### ${title}`, '', ...head, ...lines, '');
      print([title, ...head, ...lines].join('\n'));
    },
    task(title, figures, { cpu: most, each = 1, stall: longest } = {}) {
      const lines = [...figures].map(
        ([name, { cpu, wall, peak, stall }]) =>
          `| ${name} | ${cpu.toFixed(0)} | ${wall.toFixed(0)} | ${peak.toFixed(0)} | ${stall.toFixed(0)} |`,
      );
      const head = [
        '| server | CPU ms | duration ms | peak memory MB | longest wait of another client ms |',
        '|---|---:|---:|---:|---:|',
      ];
      print('');
      const { cpu = Number.NaN, stall = Number.NaN } = figures.get('Keybin') ?? {};
      if (most !== undefined) {
        note(
          `${title}: CPU${each > 1 ? ' of each' : ''}`,
          `${(cpu / each).toFixed(1)} ms`,
          `≤ ${most} ms`,
          cpu / each <= most,
        );
      }
      if (longest !== undefined) {
        note(`${title}: longest wait of another client`, `${stall.toFixed(0)} ms`, `≤ ${longest} ms`, stall <= longest);
      }
      tables.push(`### ${title}`, '', ...head, ...lines, '');
      print([title, ...head, ...lines].join('\n'));
    },
    table(title, head, rows) {
      const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`;
      const lines = [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)];
      tables.push(`### ${title}`, '', ...lines, '');
      print(['', title, ...lines].join('\n'));
    },
    value(title, value, unit, bar) {
      note(
        title,
        `${value.toFixed(1)} ${unit}`,
        bar === undefined ? '' : `≤ ${bar} ${unit}`,
        bar === undefined || value <= bar,
      );
    },
    ratio(title, value, over, unit, bar) {
      const factor = value / over;
      const found = `${factor.toFixed(2)}× (${value.toFixed(2)} over ${over.toFixed(2)} ${unit})`;
      note(title, found, `≤ ${bar}×`, factor <= bar);
    },
    least(title, factor, bar) {
      note(title, `${factor.toFixed(2)}×`, `≥ ${bar.toFixed(2)}×`, factor >= bar);
    },
    rate(title, found, unit, bar) {
      const text = (/** @type {number} */ number) => `${Math.round(number).toLocaleString('en')} ${unit}`;
      note(title, text(found), `≥ ${text(bar)}`, found >= bar);
    },
    skip(title, reason) {
      note(title, `not measured: ${reason}`, '', true);
    },
    log: print,
  };

  /**
   * @param {string} title
   * @param {string} found
   * @param {string} bar
   * @param {boolean} met
   */
  function note(title, found, bar, met) {
    bars.push(`| ${title} | ${found} | ${bar}${bar && !met ? ' **missed**' : ''} |`);
    print(`${title}: ${found} ${bar && `(${bar}${met ? '' : ', missed'})`}`);
  }

  return { run, render: () => document(bars, tables, options) };
}

/**
 * @param {string[]} bars
 * @param {string[]} tables
 * @param {{ rounds: number, count: number, pinned: boolean }} options
 */
function document(bars, tables, { rounds, count, pinned }) {
  const cpu = os.cpus()[0]?.model ?? 'unknown processor';
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench -- --write`. All servers of a table are measured in one run, round by round in turn, on one',
    'machine, with the client beside them; figures are medians of the rounds. CPU is the time of the whole server process,',
    'all its threads, over the number of requests. Keybin runs with its default configuration, request log included; floors',
    'send the same bytes and headers.',
    '',
    'Tables with CPU in ms are of one large piece of work, done once a round; the peak is the most resident memory the process',
    'ever had, the part of the database file it has read included, which the kernel can take back at any time.',
    '',
    `Measured ${new Date().toISOString().slice(0, 10)}: ${os.cpus().length} cores of ${cpu}, Node ${process.version},`,
    `${rounds} rounds of ${count} requests (fewer where a request is dear).`,
    pinned
      ? 'Servers have one core and the client another, where a row does not say otherwise.'
      : 'Servers and client share the cores as the kernel likes: figures vary more than they would if pinned.',
    '',
    '## Figures and bars',
    '',
    'What was tried where a bar is missed: [0036](decisions/0036-missed-bars.md).',
    '',
    '| figure | measured | bar |',
    '|---|---|---|',
    ...bars,
    '',
    '## Tables',
    '',
    ...tables,
  ].join('\n');
}
