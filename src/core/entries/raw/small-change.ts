import type { Write } from '../../../storage/port.ts';
import type { Conditions } from './conditions.ts';
import type { Outcome } from './steps.ts';

/** What became of an entry that is still there. */
export type Touched = Required<Pick<Outcome, 'status' | 'entry'>>;

/** Which entry is changed, and under which conditions; `also` is written in the same commit. */
export interface SmallChange<R> {
  readonly key: string;
  readonly conditions: Conditions;
  readonly also: (outcome: R) => Write | undefined;
}
