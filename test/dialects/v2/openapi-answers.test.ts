/** Every request that the document of the API describes is sent, and its answer compared with what the document says. */

import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { can, forEachEngine } from '../../support/engines.ts';
import type { Answer } from '../../support/request.ts';
import { sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';

interface Content {
  readonly schema?: object;
}

interface Operation {
  readonly security: readonly object[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, Content>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}

type Validate = ((value: unknown) => boolean) & { readonly errors?: unknown };

// The validator of documents brings a validator of values along.
const require = createRequire(createRequire(import.meta.url).resolve('@seriousme/openapi-schema-validator'));
const { default: Ajv } = require('ajv/dist/2020.js') as {
  default: new (options: object) => { compile(schema: object): Validate };
};
const ajv = new Ajv({ strict: false, validateFormats: false });

/** What was described, and compares with it. */
class Described {
  readonly #document: Document;
  /** Operations that were answered with success, and with an error. */
  readonly done = new Set<string>();
  readonly refused = new Set<string>();

  constructor(document: Document) {
    this.#document = document;
  }

  /** Names of all operations: `GET /v2/kv`. */
  get names(): string[] {
    return Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
    );
  }

  operation(name: string): Operation {
    const [method = '', path = ''] = name.split(' ');
    const found = this.#document.paths[path]?.[method.toLowerCase()];
    if (found === undefined) throw new Error(`not described: ${name}`);
    return found;
  }

  /** Throws unless status, type and body are as described; errors in their common form. */
  compare(name: string, { status, headers, text, json }: Answer): void {
    const { responses } = this.operation(name);
    const told = `${name} ${status} ${text.slice(0, 300)}`;
    const response = responses[status] ?? responses.default;
    expect(status < 400 ? responses[status] : response, told).toBeDefined();
    (status < 400 ? this.done : this.refused).add(name);
    const type = headers.get('Content-Type')?.split(';', 1)[0] ?? '';
    const content = response?.content;
    if (content === undefined) {
      expect([told, text]).toEqual([told, '']);
      return;
    }
    expect(
      Object.keys(content).some(known => known === type || known === '*/*'),
      `${told} is ${type}`,
    ).toBe(true);
    const schema = content[type]?.schema;
    if (schema === undefined) return;
    const validate = ajv.compile({ ...schema, components: this.#document.components });
    expect([told, validate(json), validate.errors]).toEqual([told, true, null]);
    if (status === 401) expect(headers.get('WWW-Authenticate')).toMatch(/^(Bearer|Basic)/);
  }
}

/** A request: which operation it is of, where that is sent, and with what. */
type Sent = readonly [name: string, path: string, body?: unknown, headers?: Record<string, string>];

/** Every operation in an order in which each has something to work on. */
async function conversation(server: TestServer, describe: Described, transactions: boolean): Promise<void> {
  const ann = { username: 'ann', password: 'right' };
  const basic = { Authorization: `Basic ${Buffer.from('ann:other').toString('base64')}` };
  const send = async ([name, path, body, headers]: Sent, success = true) => {
    const [method = ''] = name.split(' ');
    const answer = await server.request(method, path, body, headers);
    describe.compare(name, answer);
    expect([name, answer.text, answer.status < 400]).toEqual([name, answer.text, success]);
    return answer;
  };
  await send(['POST /register', '/register', ann]);
  await send(['POST /register', '/register', ann], false);
  await send(['POST /password', '/password', { ...ann, new_password: 'other' }]);
  const { json } = await send(['POST /token', '/token', { ...ann, password: 'other' }]);
  const user = `/user/${json.token.token}`;
  await send(['POST /user/{token}/store/{key}', `${user}/store/a`, { value: { any: ['thing'] } }]);
  await send(['GET /user/{token}/store/{key}', `${user}/store/a`]);
  await send(['GET /user/{token}/keys', `${user}/keys`]);
  await send(['GET /user/{token}/keys', `${user}/keys?limit=1&prefix=a`]);
  await send(['GET /user/{token}', user]);
  await send(['POST /user/{token}/renew', `${user}/renew`]);
  await send(['DELETE /user/{token}/store/{key}', `${user}/store/a`]);
  await send(['DELETE /user/{token}/store/{key}', `${user}/store/a`], false);

  const made = await send(['POST /v2/tokens', '/v2/tokens', { name: 'laptop', ttl: 3600 }, basic]);
  const bearer = { Authorization: `Bearer ${made.json.token}` };
  const put = await send(['PUT /v2/kv/{key}', '/v2/kv/a/b', 'text', { ...bearer, 'Content-Type': 'text/plain' }]);
  expect(put.headers.get('ETag')).toMatch(/^"/);
  const etag = put.headers.get('ETag') ?? '';
  await send(['PUT /v2/kv/{key}', '/v2/kv/a/b?ttl=60', 'other', { ...bearer, 'If-Match': etag }]);
  await send(['PUT /v2/kv/{key}', '/v2/kv/a/b', 'third', { ...bearer, 'If-Match': etag }], false);
  const read = await send(['GET /v2/kv/{key}', '/v2/kv/a/b', undefined, bearer]);
  await send(['GET /v2/kv/{key}', '/v2/kv/a/b', undefined, { ...bearer, Range: 'bytes=0-1' }]);
  const same = { ...bearer, 'If-None-Match': read.headers.get('ETag') ?? '' };
  await send(['GET /v2/kv/{key}', '/v2/kv/a/b', undefined, same]);
  await send(['GET /v2/kv/{key}', '/v2/kv/a/b', undefined, { ...bearer, Range: 'bytes=90-' }], false);
  await send(['GET /v2/kv/{key}', '/v2/kv/none', undefined, bearer], false);
  await send(['GET /v2/info/{key}', '/v2/info/a/b', undefined, bearer]);
  await send(['POST /v2/touch/{key}', '/v2/touch/a/b', { ttl: null }, bearer]);
  await send(['POST /v2/incr/{key}', '/v2/incr/count', { by: 2 }, bearer]);
  await send(['POST /v2/incr/{key}', '/v2/incr/a/b', { by: 2 }, bearer], false);
  await send(['GET /v2/kv', '/v2/kv?prefix=a&values=1', undefined, bearer]);
  await send(['GET /v2/kv', '/v2/kv', undefined, { ...bearer, Accept: 'application/x-ndjson' }]);
  const ops = [
    { op: 'get', key: 'a/b' },
    { op: 'incr', key: 'count' },
    { op: 'put', key: 'c', json: { x: 1 } },
  ];
  await send(['POST /v2/batch', '/v2/batch', { ops }, bearer], transactions);
  const failing = [{ op: 'check', key: 'a/b', if_match: '"no"' }];
  await send(['POST /v2/batch', '/v2/batch', { ops: failing }, bearer], false);
  await send(['GET /v2/changes', '/v2/changes', undefined, bearer], transactions);
  await send(['GET /v2/changes', '/v2/changes?since=nonsense', undefined, bearer], false);
  await send(['GET /v2/limits', '/v2/limits', undefined, bearer]);
  await send(['DELETE /v2/kv/{key}', '/v2/kv/a/b', undefined, bearer]);
  await send(['DELETE /v2/kv', '/v2/kv?prefix=c', undefined, bearer]);
  const other = await send(['POST /v2/tokens', '/v2/tokens', {}, bearer]);
  await send(['GET /v2/tokens', '/v2/tokens', undefined, bearer]);
  await send(['GET /v2/tokens/self', '/v2/tokens/self', undefined, bearer]);
  await send(['POST /v2/tokens/self/renew', '/v2/tokens/self/renew', {}, bearer]);
  await send(['DELETE /v2/tokens/{id}', `/v2/tokens/${other.json.id}`, undefined, bearer]);
  await send(['DELETE /v2/tokens/{id}', `/v2/tokens/${other.json.id}`, undefined, bearer], false);
  await send(['DELETE /v2/tokens/self', '/v2/tokens/self', undefined, bearer]);
  await send(['DELETE /user/{token}', user]);
  await send(['DELETE /unregister', '/unregister', { ...ann, password: 'other' }]);
}

forEachEngine('what the document of the API describes', engine => {
  const served = sharedServer(engine);
  const described = async () => new Described((await served.server.request('GET', '/openapi.json')).json);

  it('is what happens: each request is answered with a status, a type and a body that stand in it', async () => {
    const describe = await described();
    const transactions = can(engine, 'transactions');
    await conversation(served.server, describe, transactions);
    const unsupported = transactions ? [] : ['POST /v2/batch', 'GET /v2/changes'];
    expect(describe.names.filter(name => !describe.done.has(name))).toEqual(unsupported);
  });

  it('is what happens to requests that are wrong: each is refused with an error that stands in it', async () => {
    const { server } = served;
    const describe = await described();
    const bob = { username: 'bob', password: 'right' };
    await server.request('POST', '/register', bob);
    const basic = { Authorization: `Basic ${Buffer.from('bob:right').toString('base64')}` };
    const { json } = await server.request('POST', '/v2/tokens', {}, basic);
    const bearer = { Authorization: `Bearer ${json.token}` };
    for (const name of describe.names) {
      const [method = '', path = ''] = name.split(' ');
      const { security, requestBody, responses } = describe.operation(name);
      const refuse = async (target: string, body?: unknown, headers?: Record<string, string>) => {
        const answer = await server.request(method, target, body, headers);
        describe.compare(name, answer);
        expect([name, target, answer.text, answer.status >= 400]).toEqual([name, target, answer.text, true]);
        expect(
          Object.keys(responses).includes(`${answer.status}`) || answer.status === 400,
          `${name} ${answer.text}`,
        ).toBe(true);
      };
      const target = path.replace('{token}', 'no-token').replace(/\{\w+\}/, 'a');
      const isJson = requestBody?.content['application/json'] !== undefined;
      if (security.length > 0 || path.includes('{token}')) await refuse(target);
      if (security.length > 0 && isJson) await refuse(target, '{"ops": 1, "ttl": "x", "by": "x"', bearer);
      if (security.length === 0 && isJson && !path.includes('{token}')) {
        await refuse(target, '{');
        await refuse(target, { username: 5, password: [] });
      }
      if (path.includes('{key}') && path.startsWith('/v2/'))
        await refuse(path.replace('{key}', '%00'), undefined, bearer);
    }
    expect(describe.names.filter(name => !describe.refused.has(name))).toEqual([]);
  });
});
