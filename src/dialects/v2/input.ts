import type { z } from 'zod';
import { InvalidInputError } from '../../base/errors.ts';
import { shape } from '../../http/body/shape.ts';

/** Characters of a name that messages repeat. */
const SHOWN = 64;

/**
 * The typed value of a body or a query; what it has beside the fields of the schema is refused, for a field with a typing error
 * would count as absent. Throws `InvalidInputError` (codes `field_unknown`, `<field>_invalid`).
 */
export function readInput<T>(schema: z.ZodType<T> & { readonly shape: object }, given: object): T {
  const names = Object.keys(schema.shape);
  const stranger = Object.keys(given).find(name => !names.includes(name));
  if (stranger !== undefined) {
    throw new InvalidInputError(`${stranger.slice(0, SHOWN)}: not taken here; what is: ${names.join(', ')}`, {
      code: 'field_unknown',
    });
  }
  return shape(schema, given);
}
