/** The document of the API in the form of OpenAPI 3.1, made of what checks the requests. */

import { z } from 'zod';
import { eachInSlices } from '../../base/slices.ts';
import type { DescribedAnswer, Opening, Operation } from './operation.ts';

/** What the document is about. */
export interface About {
  readonly version: string;
  /** Path that those of the routes are below; empty when they are not. */
  readonly prefix: string;
  readonly operations: readonly Operation[];
}

const problem = z.object({
  error: z.string().describe('A sentence for people; it may change.'),
  code: z.string().describe('What to decide on: it never changes its meaning.'),
  request_id: z.string().optional().describe('Under `/v2`: what the log of the server has it under.'),
  details: z.record(z.string(), z.unknown()).optional().describe('Under `/v2`: what is known beside the code.'),
});

const PROBLEM = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };

/** The document, ready to be written as JSON; made in slices. */
export async function openApiDocument({ version, prefix, operations }: About): Promise<object> {
  const paths: Record<string, Record<string, object>> = {};
  await eachInSlices(operations, operation => {
    const path = templateOf(operation.path);
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: operationOf(operation) };
  });
  return {
    openapi: '3.1.0',
    info: { title: 'Keybin', version, description: 'Keys, values and tokens; made of what checks the requests.' },
    servers: [{ url: prefix || '/' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map(name => ({ name })),
    paths,
    components: {
      schemas: { Error: schemaOf(problem) },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token of v2 (`kb_…`), or one of `POST /token`.' },
        password: { type: 'http', scheme: 'basic', description: 'Name and password of the account.' },
      },
    },
  };
}

/** `/v2/kv/*key` as `/v2/kv/{key}`. */
function templateOf(path: string): string {
  return path.replace(/[:*](\w+)/g, '{$1}');
}

function operationOf(operation: Operation): object {
  const { method, path, tag, summary, opening, body, bodyOptional = false } = operation;
  const parameters = [...pathParameters(operation), ...queryParameters(operation), ...headerParameters(operation)];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/[^a-z0-9]+/gi, '_')}`,
    tags: [tag],
    summary,
    security: securityOf(opening),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== undefined && { requestBody: { required: !bodyOptional, content: contentOf(body) } }),
    responses: responsesOf(operation),
  };
}

function contentOf(body: z.ZodType | 'bytes'): object {
  return body === 'bytes' ? { '*/*': {} } : { 'application/json': { schema: schemaOf(body) } };
}

/** In OpenAPI each of the list opens the route, and an empty object everybody. */
function securityOf(opening: Opening): object[] {
  if (opening.by !== 'token') return [];
  return [{ token: opening.scopes }, ...(opening.password ? [{ password: [] }] : [])];
}

function pathParameters({ path, params = {} }: Operation): object[] {
  return [...path.matchAll(/[:*](\w+)/g)].map(([, name = '']) => {
    const schema = params[name] === undefined ? { type: 'string' } : schemaOf(params[name]);
    return { name, in: 'path', required: true, schema };
  });
}

function queryParameters({ query }: Operation): object[] {
  return Object.entries(query?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = schemaOf(field as z.ZodType);
    const required = !(field as z.ZodType).safeParse(undefined).success;
    return { name, in: 'query', required, ...(description !== undefined && { description }), schema };
  });
}

function headerParameters({ headers = {} }: Operation): object[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

function responsesOf({ opening, answers }: Operation): object {
  const refused =
    opening.by === 'token'
      ? {
          401: { description: 'No credential, or not a valid one; `WWW-Authenticate` says which.', content: PROBLEM },
          403: { description: 'The token may do less: `scope_insufficient` names the scope.', content: PROBLEM },
        }
      : {};
  const own = Object.entries(answers).map(([status, answer]) => [status, responseOf(Number(status), answer)]);
  return { ...refused, ...Object.fromEntries(own), default: { description: 'Any other error.', content: PROBLEM } };
}

function responseOf(status: number, { description, schema, types = [] }: DescribedAnswer): object {
  if (status >= 400 && schema === undefined && types.length === 0) return { description, content: PROBLEM };
  const content = {
    ...(schema !== undefined && { 'application/json': { schema: schemaOf(schema) } }),
    ...Object.fromEntries(types.map(type => [type, {}])),
  };
  return { description, ...(Object.keys(content).length > 0 && { content }) };
}

/** What JSON Schema cannot say is left open. */
function schemaOf(schema: z.ZodType): Record<string, unknown> {
  // As input: of answers nobody is to rely on that nothing is ever added.
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}
