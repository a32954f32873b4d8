import type { Range } from '../port.ts';
import { inRange, notEnded } from './filters.ts';
import { indexOf, type Table } from './table.ts';

/**
 * How many documents of a range have not ended, and the sums of some of their fields, counted by the server; it reads no
 * document where the index has the fields. Each number is asked for by itself, which every server that speaks the protocol
 * answers alike.
 */
export async function sumOf(
  table: Table,
  range: Range,
  fields: readonly string[],
  now: number,
): Promise<{ documents: number; sums: number[] }> {
  const index = indexOf(table, range.index);
  const matching = { $match: { $and: [inRange(index, range), ...notEnded(table, now)] } };
  const total = async (summand: unknown) => {
    const pipeline = [matching, { $group: { _id: null, total: { $sum: summand } } }];
    const [group] = await table.rows.aggregate(pipeline, { hint: index.name }).toArray();
    return Number(group?.total ?? 0);
  };
  const [documents = 0, ...sums] = await Promise.all([1, ...fields.map(field => `$${field}`)].map(total));
  return { documents, sums };
}
