/** What is told of a process: families of numbers, in a form that fits into a message to another process. */

/** Nothing that is made by clients: no key, name, token, address or path. */
export type Labels = Readonly<Record<string, string | number>>;

/** A number of a counter or a gauge. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** How long things took: how many up to each bound but not up to the one before, the last ones beyond all; and the sum. */
export interface Distribution {
  readonly labels: Labels;
  readonly counts: readonly number[];
  readonly sum: number;
}

interface Described {
  /** Of a counter without the `_total` that the format puts behind it. */
  readonly name: string;
  readonly help: string;
  /** What several processes together have. */
  readonly aggregator: 'sum' | 'max' | 'min';
}

/** One name with all its numbers. */
export type Family = Described &
  (
    | { readonly type: 'counter' | 'gauge'; readonly samples: readonly Sample[] }
    | {
        readonly type: 'histogram';
        readonly bounds: readonly number[];
        readonly distributions: readonly Distribution[];
      }
  );

/** A number that counts up, of all processes together. */
export function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', aggregator: 'sum', samples };
}

/** A number of this moment. */
export function gauge(
  name: string,
  help: string,
  samples: readonly Sample[],
  aggregator: Described['aggregator'] = 'sum',
): Family {
  return { name, help, type: 'gauge', aggregator, samples };
}

/** A family with one number. */
export function one(value: number): Sample[] {
  return [{ labels: {}, value }];
}
