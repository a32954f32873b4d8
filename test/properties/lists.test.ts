import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newFilled } from '../dialects/v2/filled.ts';
import { scopedHeaders } from '../dialects/v2/scoped.ts';
import { forEachEngine } from '../support/engines.ts';
import { sharedServer } from '../support/served.ts';

const segment = fc.constantFrom('a', 'b', 'ab', 'a-', '~', '0', 'Z');
const key = fc.array(segment, { minLength: 1, maxLength: 3 }).map(segments => segments.join('/'));
const write = fc.record({ key, isDelete: fc.boolean() });
const query = fc.record({
  prefix: fc.constantFrom('', 'a', 'a/', 'b/', 'a/b/'),
  separator: fc.constantFrom('', '/', 'b'),
  limit: fc.integer({ min: 1, max: 5 }),
  scopes: fc.constantFrom(['kv:r'], ['kv:r:a/', 'kv:r:b'], ['kv:r:a/b', 'kv:r:a/a', 'kv:w']),
});

interface Listed {
  readonly keys: readonly { readonly key: string }[];
  readonly prefixes: readonly string[];
  readonly cursor?: string;
}

/** The names that a list of these keys has. */
function namesOf(
  keys: Iterable<string>,
  { prefix, separator, scopes }: { prefix: string; separator: string; scopes: readonly string[] },
) {
  const readable = scopes.flatMap(scope => (scope.startsWith('kv:r') ? [scope.slice('kv:r:'.length)] : []));
  const names = [...keys]
    .filter(one => one.startsWith(prefix) && readable.some(beginning => one.startsWith(beginning)))
    .map(one => {
      const at = separator === '' ? -1 : one.indexOf(separator, prefix.length);
      return at < 0 ? one : one.slice(0, at + separator.length);
    });
  return [...new Set(names)].sort();
}

forEachEngine('lists of v2', engine => {
  const served = sharedServer(engine);
  const numRuns = engine.name === 'embedded' ? 40 : 6;

  test('page by page have each name that was there all the while once, in order, whatever is written meanwhile', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(key, { maxLength: 25 }),
        fc.array(write, { maxLength: 25 }),
        query,
        async (keys, writes, wanted) => {
          const { server } = served;
          const { headers, accountId } = await newFilled(server, keys);
          const reading = await scopedHeaders(server, accountId, wanted.scopes);
          const always = new Set(keys);
          const ever = new Set(keys);
          const rest = [...writes];
          const play = async (next: { key: string; isDelete: boolean } | undefined) => {
            if (next === undefined) return;
            if (next.isDelete) always.delete(next.key);
            else ever.add(next.key);
            await server.request(
              next.isDelete ? 'DELETE' : 'PUT',
              `/v2/kv/${next.key}`,
              next.isDelete ? undefined : 'x',
              headers,
            );
          };
          const parts = [`prefix=${wanted.prefix}`, `limit=${wanted.limit}`];
          if (wanted.separator !== '') parts.push(`separator=${wanted.separator}`);
          const found: string[] = [];
          let place = '';
          for (;;) {
            const asked = server.request('GET', `/v2/kv?${parts.join('&')}${place}`, undefined, reading);
            await play(rest.shift());
            const json: Listed = (await asked).json;
            const names = [...json.keys.map(one => one.key), ...json.prefixes].sort();
            expect(names.length).toBeLessThanOrEqual(wanted.limit);
            found.push(...names);
            if (json.cursor === undefined) break;
            place = `&cursor=${json.cursor}`;
          }
          expect(found).toEqual([...new Set(found)].sort());
          const must = namesOf(always, wanted);
          const may = new Set(namesOf(ever, wanted));
          expect(must.filter(name => !found.includes(name))).toEqual([]);
          expect(found.filter(name => !may.has(name))).toEqual([]);
        },
      ),
      { numRuns },
    );
  });
});
