/** The text of a scrape, in the form of OpenMetrics. */

import { setImmediate as others } from 'node:timers/promises';
import type { RegistryContentType, Registry as RegistryOf } from 'prom-client';
import type { Distribution, Family } from './family.ts';

/** What the text is. */
export const CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Numbers made or written before others have their turn: a millisecond or two. */
const PORTION = 200;

/** A family as prom-client has it. */
export interface Told {
  readonly name: string;
  readonly help: string;
  readonly type: Family['type'];
  readonly aggregator: Family['aggregator'];
  readonly values: readonly { labels: Record<string, string | number>; value: number; metricName?: string }[];
}

/** Families as prom-client has them: of durations every bound has a number of its own. Others have their turn meanwhile. */
export async function toldOf(families: readonly Family[]): Promise<Told[]> {
  const all: Told[] = [];
  for (const family of families) {
    const { name, help, type, aggregator } = family;
    const values: Told['values'][number][] = [];
    if (family.type !== 'histogram') values.push(...family.samples);
    else {
      for (const [i, one] of family.distributions.entries()) {
        values.push(...numbersOf(name, family.bounds, one));
        if (i % PORTION === 0) await others();
      }
    }
    all.push({ name, help, type, aggregator, values });
  }
  return all;
}

function numbersOf(name: string, bounds: readonly number[], { labels, counts, sum }: Distribution): Told['values'] {
  let count = 0;
  const buckets = counts.map((more, i) => {
    count += more;
    return { labels: { ...labels, le: bounds[i] ?? '+Inf' }, value: count, metricName: `${name}_bucket` };
  });
  return [
    ...buckets,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: count, metricName: `${name}_count` },
  ];
}

/** Loads what writes the text: that would hold up requests if the first scrape did it. */
export async function prepareToRender(): Promise<void> {
  await import('prom-client');
}

/** What several processes tell, as one. */
export async function merged(all: readonly (readonly Told[])[]): Promise<Told[]> {
  const { AggregatorRegistry } = await import('prom-client');
  const registry = AggregatorRegistry.aggregate(all.map(told => [...told]));
  return (await registry.getMetricsAsJSON()) as unknown as Told[];
}

/** The text. Others have their turn meanwhile. */
export async function render(told: readonly Told[]): Promise<string> {
  const { Registry } = await import('prom-client');
  const registry: RegistryOf<RegistryContentType> = new Registry();
  registry.setContentType(CONTENT_TYPE);
  const parts: string[] = [];
  for (const family of told) {
    for (let at = 0; at < family.values.length; at += PORTION) {
      const portion = { ...family, values: family.values.slice(at, at + PORTION) };
      registry.clear();
      registry.registerMetric({ ...portion, get: async () => portion } as never);
      const text = await registry.getSingleMetricAsString(family.name);
      // What the family is stands before its first number only.
      parts.push(at === 0 ? text : text.split('\n').slice(2).join('\n'));
      if (family.values.length >= PORTION) await others();
    }
  }
  return `${parts.join('\n')}\n# EOF\n`;
}
