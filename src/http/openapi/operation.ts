/** What is told of a route in the document of the API (v2.md, section 6). */

import type { z } from 'zod';
import type { Method } from '../routing.ts';

/** What is told of an answer. */
export interface DescribedAnswer {
  readonly description: string;
  /** Of a JSON body. */
  readonly schema?: z.ZodType | undefined;
  /** Types of a body that is not JSON. */
  readonly types?: readonly string[] | undefined;
}

/**
 * What opens a route. `token`: a bearer token; `scopes` are those that it needs one of, none for those that any token opens.
 * `password`: a name and a password do as well. `inPath`: the token stands in the path.
 */
export type Opening =
  | { readonly by: 'anybody' | 'inPath' }
  | { readonly by: 'token'; readonly scopes: readonly string[]; readonly password?: boolean | undefined };

/** A route, as the document has it. */
export interface Operation {
  readonly method: Method;
  /** As @koa/router has it. */
  readonly path: string;
  /** Which part of the document it stands in. */
  readonly tag: string;
  /** A sentence. */
  readonly summary: string;
  readonly opening: Opening;
  /** Of the parameters of the path, by their names. */
  readonly params?: Readonly<Record<string, z.ZodType>> | undefined;
  readonly query?: z.ZodObject | undefined;
  /** Headers beside those that every request has, with what they are. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A JSON body; or `bytes` of any type. */
  readonly body?: z.ZodType | 'bytes' | undefined;
  /** Whether the body may be left out. */
  readonly bodyOptional?: boolean | undefined;
  readonly answers: Readonly<Record<number, DescribedAnswer>>;
}
