/** A program that compiles only when the types of the client library are those of the API's document. */

interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content>>;
}

/** What of the document is looked at. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const HEAD = `import type * as client from 'keybin/client';
type Plain<T> = T extends Date | Uint8Array | string | number | boolean | null | undefined ? T
  : T extends readonly (infer E)[] ? Plain<E>[] : { -readonly [K in keyof T]: Plain<T[K]> };
type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends (<T>() => T extends Plain<B> ? 1 : 2) ? true : false;
type Op<O, K = client.BatchOp> = K extends { readonly op: string } ? O extends K['op'] ? Omit<K, 'op'> : never : never;
type Asked<T> = keyof Omit<T, 'signal'>;
`;

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The text of a type, in the spelling of JavaScript: moments are a `Date`, base64 is bytes. */
function typeOf(schema: Schema): string {
  const { type, properties } = schema;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeOf).join(' | ');
  const values = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
  if (values) return values.map(value => JSON.stringify(value)).join(' | ');
  if (Array.isArray(type)) return type.map(one => typeOf({ ...schema, type: one })).join(' | ');
  if (schema.format === 'date-time') return 'Date';
  if (type === 'array') return `(${typeOf(schema.items ?? {})})[]`;
  if (properties) return objectOf(properties, schema.required ?? []);
  if (type === 'object') return `Record<string, ${typeOf(schema.additionalProperties as Schema)}>`;
  if (type === 'integer') return 'number';
  return typeof type === 'string' ? type : 'unknown';
}

function objectOf(properties: Readonly<Record<string, Schema>>, required: readonly string[]): string {
  const fields = Object.entries(properties).filter(([name]) => name !== 'value_base64');
  const texts = fields.map(([name, schema]) => {
    const isBytes = name === 'value' && 'value_base64' in properties;
    return `${camel(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}${isBytes ? ' | Uint8Array' : ''}`;
  });
  return `{ ${texts.join('; ')} }`;
}

const jsonOf = ({ content }: Content = {}): Schema => content?.['application/json']?.schema ?? {};

/** The program. Throws when the document lacks what it is about. */
export function proofOf({ paths }: Document): string {
  const operation = (method: string, path: string): Operation => {
    const found = paths[path]?.[method];
    if (found === undefined) throw new Error(`the document has no ${method} ${path}`);
    return found;
  };
  const answer = (method: string, path: string, status = 200) => jsonOf(operation(method, path).responses[status]);
  const asked = (method: string, path: string) =>
    (operation(method, path).parameters ?? [])
      .filter(parameter => parameter.in === 'query')
      .map(({ name }) => `'${camel(name)}'`)
      .join(' | ');
  const ops = jsonOf(operation('post', '/v2/batch').requestBody).properties?.ops?.items?.oneOf ?? [];

  const same = [
    ['client.Info', typeOf(answer('get', '/v2/info/{key}'))],
    ['client.Info', typeOf(answer('post', '/v2/touch/{key}'))],
    ['client.Info & { value: number }', typeOf(answer('post', '/v2/incr/{key}'))],
    ['client.Page', typeOf(answer('get', '/v2/kv'))],
    ['{ results: client.BatchResult[] }', typeOf(answer('post', '/v2/batch'))],
    ['client.Changes', typeOf(answer('get', '/v2/changes'))],
    ['client.Limits', typeOf(answer('get', '/v2/limits'))],
    ['client.CreatedToken', typeOf(answer('post', '/v2/tokens', 201))],
    ['client.TokenPage', typeOf(answer('get', '/v2/tokens'))],
    ['client.TokenInfo', typeOf(answer('get', '/v2/tokens/self'))],
    ['client.RenewedToken', typeOf(answer('post', '/v2/tokens/self/renew'))],
    ...ops.map(({ properties = {}, required = [] }) => {
      const { op, ...rest } = properties;
      const own = op?.const === 'put' ? { ...rest, if_absent: { type: 'boolean' } } : rest;
      return [`Op<'${op?.const}'>`, objectOf(own, required)];
    }),
    ['Asked<client.ListOptions>', asked('get', '/v2/kv')],
    ['Asked<client.ChangesOptions>', asked('get', '/v2/changes')],
    ["'ttl' | 'expiresAt'", asked('put', '/v2/kv/{key}')],
    ["Asked<NonNullable<Parameters<client.Tokens['list']>[0]>>", asked('get', '/v2/tokens')],
    ['Asked<client.TokenOptions>', `keyof ${typeOf(jsonOf(operation('post', '/v2/tokens').requestBody))}`],
  ];
  const lines = same.map(([ours, theirs], i) => `export const same${i}: Same<${ours}, ${theirs}> = true;`);
  return `${HEAD}${lines.join('\n')}\n`;
}
