/** The alerts and the dashboard ask for what a server really tells. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { embedded } from '../support/engines.ts';
import { type MetricsText, readMetrics } from '../support/open-metrics.ts';
import { startServer } from '../support/server.ts';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

const TOKEN = 'a-token-of-the-scraper-0123456789';

/** Everything that a server can tell: one with a plugin, after housekeeping, that was asked something. */
async function toldByServer(): Promise<MetricsText> {
  const opened = await embedded.open();
  const plugins = { mine: { filter: { 'entries.set': () => undefined } } };
  const server = await startServer(opened, { options: { METRICS_TOKEN: TOKEN }, plugins });
  onTestFinished(async () => {
    await server.stop();
    await opened.cleanup();
  });
  await server.request('POST', '/register', { username: 'ann', password: 'right' });
  await server.request('POST', '/token', { username: 'ann', password: 'right' });
  await server.tidy('atStart');
  const { text } = await server.request('GET', '/metrics', undefined, { Authorization: `Bearer ${TOKEN}` });
  return readMetrics(text);
}

/** Names of metrics, and the labels asked for, in an expression of PromQL. */
const namesIn = (expr: string) => [...expr.matchAll(/\b(?:keybin|process)_[a-z_]+\b/g)].map(([name]) => name);
const labelsIn = (expr: string) =>
  [
    ...[...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner = '']) => [...inner.matchAll(/([a-z_]+)(?==|!)/g)]),
    ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, inner = '']) => [...inner.matchAll(/([a-z_]+)/g)]),
  ].map(([, label = '']) => label);

function expectTold(expressions: readonly string[], { samples }: MetricsText): void {
  const names = new Set(samples.map(({ name }) => name));
  const labels = new Set(['job', 'instance', ...samples.flatMap(sample => Object.keys(sample.labels))]);
  expect(expressions.flatMap(namesIn).filter(name => !names.has(name))).toEqual([]);
  expect(expressions.flatMap(labelsIn).filter(label => !labels.has(label))).toEqual([]);
}

/** The alerts, by their names; a `>-` text goes on over lines that are further in. */
function alerts(): Map<string, { expr: string; severity: string; summary: string }> {
  const blocks = read('deploy/prometheus/alerts.yaml')
    .split(/^ {6}- alert: /m)
    .slice(1);
  return new Map(
    blocks.map(block => {
      const [name = ''] = block.split('\n', 1);
      const field = (key: string) =>
        new RegExp(`^ +${key}: (?:>-\\n((?: {10}.*\\n)+)|(.*)\\n)`, 'm').exec(block)?.slice(1).join('').trim() ?? '';
      return [name, { expr: field('expr'), severity: field('severity'), summary: field('summary') }];
    }),
  );
}

describe('the alerts', () => {
  test('are each whole: an expression, how urgent it is, and a sentence', () => {
    expect(alerts().size).toBeGreaterThan(10);
    for (const [name, { expr, severity, summary }] of alerts()) {
      expect(name).toMatch(/^Keybin[A-Za-z]+$/);
      expect([...expr.matchAll(/\(/g)].length, name).toBe([...expr.matchAll(/\)/g)].length);
      expect(expr, name).toMatch(/ (==|<|>) |> \d/);
      expect(severity, name).toMatch(/^(page|ticket)$/);
      expect(summary, name).toMatch(/^"[^"]*\{\{ \$labels\.[^"]+"$/);
    }
  });

  test('ask only for what a server tells', async () => {
    expectTold(
      [...alerts().values()].map(({ expr }) => expr),
      await toldByServer(),
    );
  });

  test('are each explained, with what to do, and so is every metric', async () => {
    const page = read('docs/service.md');
    expect([...alerts().keys()].filter(name => !page.includes(`\`${name}\``))).toEqual([]);
    const { samples } = await toldByServer();
    const names = new Set(samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
    expect([...names].filter(name => !page.includes(`\`${name}`))).toEqual([]);
  });
});

describe('the dashboard', () => {
  interface Panel {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }
  const { panels, uid } = JSON.parse(read('deploy/grafana/keybin.json')) as { panels: Panel[]; uid: string };

  test('has panels that stand beside each other, each with its own id', () => {
    expect(uid).toBe('keybin');
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(places).size).toBe(places.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });

  test('asks only for what a server tells', async () => {
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(expressions.length).toBeGreaterThan(20);
    expectTold(expressions, await toldByServer());
  });
});
