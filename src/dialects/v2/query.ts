import type { Context } from 'koa';
import type { z } from 'zod';
import { InvalidInputError } from '../../base/errors.ts';
import { readInput } from './input.ts';

/** The query of a request, checked. Throws `InvalidInputError` (codes `field_unknown`, `<name>_invalid`, also for what is there twice). */
export function queryOf<S extends z.ZodObject>(ctx: Context, schema: S): z.infer<S> {
  for (const [name, value] of Object.entries(ctx.query)) {
    if (Array.isArray(value)) throw new InvalidInputError(`${name}: given more than once`, { code: `${name}_invalid` });
  }
  return readInput<z.infer<S>>(schema as never, { ...ctx.query });
}
