import { inSlices } from '../../../base/slices.ts';
import type { Doc } from '../../change.ts';
import { demandWhole } from '../../recalled.ts';
import type { Environment } from '../environment.ts';
import { EVERYTHING, type Tuple } from '../keys.ts';
import type { Table } from '../table.ts';

/** Documents between two looks at the clock. */
const LOOK_AFTER = 100;

/** Every document as the spec tells it as a whole: what has not changed since the last time is not decoded. */
export async function allOf(env: Environment, table: Table): Promise<readonly Doc[]> {
  demandWhole(table.spec);
  const whole = table.whole as NonNullable<Table['whole']>;
  const slices = inSlices();
  const walk = whole.recalled.walk();
  let start: Tuple = EVERYTHING.start;
  for (let isOver = false; !isOver; ) {
    env.beginRead();
    isOver = true;
    let seen = 0;
    for (const { key, value } of whole.raw.getRange({ ...EVERYTHING, start })) {
      if (++seen % LOOK_AFTER === 0 && slices.over()) {
        // The next slice begins with this one.
        start = key;
        isOver = false;
        break;
      }
      walk.next(value.bytes, value.size, bytes => whole.decode(bytes, key));
    }
    if (!isOver) await slices.pause();
  }
  return walk.end();
}
