import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { forEachEngine } from '../../support/engines.ts';
import { openServer, sharedServer } from '../../support/served.ts';
import type { TestServer } from '../../support/server.ts';
import { bearer, type Held, made, newHolder } from './token-holders.ts';

/** What of a document is looked at here. */
interface Document {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly operationId: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Validating {
  new (): { validate(document: object): Promise<{ readonly valid: boolean; readonly errors?: unknown }> };
}

const { Validator } = createRequire(import.meta.url)('@seriousme/openapi-schema-validator') as {
  Validator: Validating;
};

/** The routes that the document is about, as it writes them. */
const ABOUT = /^\/(?:v2\/|v2$|user\/|unregister$|password$|token$)/;

const documentOf = async (server: TestServer): Promise<Document> => (await server.request('GET', '/openapi.json')).json;

const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

const filled = (path: string) => path.replace(/\{\w+\}/g, 'a');

/** What a token has that has not this scope. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  'kv:r': ['kv:w', 'tokens', 'sync'],
  'kv:w': ['kv:r', 'tokens', 'sync'],
  tokens: ['kv:rw', 'sync'],
};

forEachEngine('the document of the API', engine => {
  const served = sharedServer(engine);

  it('is OpenAPI 3.1, with each operation under an id of its own', async () => {
    const document = await documentOf(served.server);
    expect(document.openapi).toMatch(/^3\.1\./);
    const { valid, errors } = await new Validator().validate(document);
    expect([valid, errors]).toEqual([true, undefined]);
    const ids = operationsOf(document).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every route of v2 and of the original API, and no other', async () => {
    const document = await documentOf(served.server);
    const told = operationsOf(document).map(({ method, path }) => `${method} ${path}`);
    const routes = served.server.routes.filter(({ path }) => ABOUT.test(path));
    const served2 = routes.map(({ method, path }) => `${method} ${path.replace(/[:*](\w+)/g, '{$1}')}`);
    expect(told.sort()).toEqual([...served2, 'POST /register'].sort());
    for (const { path, operation } of operationsOf(document)) {
      const inPath = operation.parameters?.filter(parameter => parameter.in === 'path') ?? [];
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
    }
  });

  it('tells who may: without a token no route of v2 opens, and none with a token that has not the scope', async () => {
    const { server } = served;
    const { headers } = await newHolder(server);
    const holders: Record<string, Held> = {};
    for (const [scope, scopes] of Object.entries(OTHERS)) holders[scope] = await made(server, headers, { scopes });
    const open: string[] = [];
    for (const { method, path, operation } of operationsOf(await documentOf(server))) {
      if (!path.startsWith('/v2/')) continue;
      const asked = `${method} ${path}`;
      const stranger = await server.request(method, filled(path));
      expect([asked, stranger.status, stranger.headers.get('WWW-Authenticate')]).toEqual([asked, 401, 'Bearer']);
      const wrong = await server.request(method, filled(path), undefined, bearer(`kb_${'A'.repeat(43)}`));
      const challenge = wrong.headers.get('WWW-Authenticate');
      expect([asked, wrong.status, challenge]).toEqual([asked, 401, 'Bearer error="invalid_token"']);
      const scopes = operation.security.flatMap(({ token }) => token ?? []);
      if (scopes.length === 0) open.push(asked);
      for (const scope of scopes) {
        const answer = await server.request(method, filled(path), undefined, holders[scope]?.headers);
        expect([asked, answer.status, answer.json?.code]).toEqual([asked, 403, 'scope_insufficient']);
        expect(answer.json.details.scope).toMatch(new RegExp(`^${scope}`));
      }
    }
    // What a token may ask about itself, and what looks at the keys that are named in the body.
    const known = ['GET /v2/limits', 'GET /v2/tokens/self', 'POST /v2/tokens/self/renew', 'DELETE /v2/tokens/self'];
    expect(open.filter(each => !known.includes(each) && each !== 'POST /v2/batch')).toEqual([]);
  });

  it('is for everybody, and told to be the same as long as it is', async () => {
    const { server } = served;
    const first = await server.request('GET', '/openapi.json', undefined, { Origin: 'https://elsewhere.example' });
    const etag = first.headers.get('ETag') ?? '';
    expect([first.status, first.headers.get('Content-Type')]).toEqual([200, 'application/json; charset=utf-8']);
    const again = await server.request('GET', '/openapi.json', undefined, { 'If-None-Match': etag });
    expect([again.status, again.text, again.headers.get('ETag')]).toEqual([304, '', etag]);
    expect((await server.request('HEAD', '/openapi.json')).status).toBe(200);
    expect((await server.request('POST', '/openapi.json')).status).toBe(405);
  });

  it('is about the APIs that are on, below the path that the server is reached at', async () => {
    const options = { APP_PUBLIC_URL: 'https://example.org/keybin', KEYBIN_ENABLED: 'false' };
    const { server } = await openServer(engine, { options });
    const document = await documentOf(server);
    expect(document.servers).toEqual([{ url: '/keybin' }]);
    expect(Object.keys(document.paths).filter(path => !path.startsWith('/v2/'))).toEqual([]);
    await server.configure({ ...options, APP_PUBLIC_URL: '' });
    expect((await documentOf(server)).servers).toEqual([{ url: '/' }]);
    const neither = await openServer(engine, { options: { KEYBIN_ENABLED: 'false', V2_ENABLED: 'false' } });
    expect((await neither.server.request('GET', '/openapi.json')).status).toBe(404);
  });
});
