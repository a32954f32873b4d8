import type { Context } from 'koa';
import type { z } from 'zod';
import { InvalidInputError } from '../../base/errors.ts';
import { shape } from '../../http/body/shape.ts';

/**
 * The query of a request, checked. Throws `InvalidInputError`: code `<name>_invalid` for a parameter that is wrong or there twice,
 * `query_invalid` for one that the route does not know.
 */
export function queryOf<S extends z.ZodObject>(ctx: Context, schema: S): z.infer<S> {
  const known = Object.keys(schema.shape);
  for (const [name, value] of Object.entries(ctx.query)) {
    if (!known.includes(name)) {
      const taken = known.length === 0 ? 'nothing in its query' : known.join(', ');
      throw new InvalidInputError(`query: this route takes ${taken}, and nothing else`, { code: 'query_invalid' });
    }
    if (Array.isArray(value)) throw new InvalidInputError(`${name}: given more than once`, { code: `${name}_invalid` });
  }
  return shape(schema, { ...ctx.query }) as z.infer<S>;
}
