/** A strict reader of the text of OpenMetrics 1.0. */

/** A line with a number. */
export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What was told. */
export interface MetricsText {
  /** By name of the family. */
  readonly types: ReadonlyMap<string, string>;
  readonly samples: readonly MetricSample[];
  /** The sum of the numbers of that name whose labels are as given. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
};

/** Throws when it is not what the format wants: families one after another, each told once, with fitting names, and an end. */
export function readMetrics(text: string): MetricsText {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.pop() !== '# EOF') throw new Error('it does not end as it should');
  const types = new Map<string, string>();
  const samples: MetricSample[] = [];
  let family = '';
  for (const line of lines) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (keyword === undefined) samples.push(sampleOf(line, family, types.get(family)));
    else if (keyword === 'HELP' ? types.has(name) : name !== family) throw new Error(`out of place: ${line}`);
    else if (keyword === 'HELP') family = name;
    else types.set(name, rest);
  }
  const places = samples.map(({ name, labels }) => JSON.stringify([name, labels]));
  const twice = places.find((place, i) => places.indexOf(place) !== i);
  if (twice !== undefined) throw new Error(`told twice: ${twice}`);
  return { types, samples, sum: (name, labels = {}) => sumOf(samples, name, Object.entries(labels)) };
}

function sumOf(samples: readonly MetricSample[], name: string, wanted: readonly [string, string][]): number {
  const fits = ({ labels }: MetricSample) => wanted.every(([label, value]) => labels[label] === value);
  return samples.filter(sample => sample.name === name && fits(sample)).reduce((sum, { value }) => sum + value, 0);
}

function sampleOf(line: string, family: string, type = ''): MetricSample {
  const [, name = '', inner = '', value = ''] =
    /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+)\})? (-?[\d.e+-]+)$/.exec(line) ?? [];
  if (!SUFFIXES[type]?.some(suffix => name === family + suffix)) throw new Error(`no number of ${family}: ${line}`);
  const labels = [...inner.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label, text]);
  return { name, labels: Object.fromEntries(labels), value: Number(value) };
}
