import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorCodes, errorTable } from '../src/base/error-table.ts';
import { renderCommands as renderCommandLine } from '../src/cli/reference.ts';
import { optionList } from '../src/config/options.ts';
import { renderErrors } from '../src/config/render/errors.ts';
import { renderExample, renderReference } from '../src/config/render/render.ts';
import { renderCommands } from '../src/process/commands/reference.ts';
import { loadText } from './config/load-text.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

function filesUnder(folder: string, ending: RegExp): string[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return names.map(name => join(folder, name)).filter(name => ending.test(name));
}

const sources = filesUnder('src', /\.[jt]s$/);
const pages = ['README.md', ...filesUnder('docs', /\.md$/)];

/** Whether no dialect was taken away: options and error codes of its own may stay behind. */
const complete = [...readdirSync(join(ROOT, 'docs/dialects')), ...readdirSync(join(ROOT, 'test/dialects'))].every(
  name => existsSync(join(ROOT, 'src/dialects', name.replace(/\.md$/, ''))),
);

it.each([
  ['store.cfg.example', renderExample],
  ['docs/configuration.md', renderReference],
  ['docs/errors.md', renderErrors],
  ['docs/server-commands.md', renderCommands],
])('%s is what the tables say; `npm run docs` writes it', async (path, render) => {
  expect(read(path)).toBe(await render());
});

it('docs/cli.md is what the commands say; `npm run docs` writes it', async () => {
  expect(read('docs/cli.md')).toBe(await renderCommandLine());
});

describe('options', () => {
  const names = new Set(optionList.flatMap(({ name, option }) => (option.mask ? [name, `${name}_file`] : name)));
  const variables = new Set([
    'KEYBIN_CONFIG',
    'KEYBIN_BUILD_COMMIT',
    // Those of the command line for users (docs/cli.md).
    ...['URL', 'TOKEN', 'CHANGE', 'KEY', 'AT', 'ETAG'].map(name => `KEYBIN_${name}`),
    ...optionList.flatMap(({ variable, option }) => (option.mask ? [variable, `${variable}_FILE`] : variable)),
  ]);

  it.each(pages)('that %s mentions exist', page => {
    const text = read(page);
    const mentioned = [...text.matchAll(/`(\[[A-Z_]+\] [a-z_]+)/g)].map(([, name = '']) => name);
    const environment = [...text.matchAll(/\bKEYBIN_[A-Z][A-Z_]*[A-Z]\b/g)].map(([name]) => name);
    expect(mentioned.filter(name => !names.has(name))).toEqual([]);
    expect(environment.filter(name => !variables.has(name))).toEqual([]);
  });

  it.each(pages)('in the examples of %s load without a warning', async page => {
    const blocks = [...read(page).matchAll(/^```ini\n(.*?)^```$/gms)].map(([, block = '']) => block);
    for (const block of blocks.filter(text => !text.includes('[Service]'))) {
      expect((await loadText(block)).warnings, block).toEqual([]);
    }
  });

  it.runIf(complete)('are each used outside of the configuration', () => {
    const rest = sources.filter(file => !file.startsWith(join('src', 'config'))).map(read);
    const unused = optionList.filter(({ key }) => !rest.some(text => new RegExp(`\\b${key}\\b`).test(text)));
    expect(unused.map(({ name }) => name)).toEqual([]);
  });
});

describe('error codes', () => {
  const general = new Map<string, number>(Object.values(errorTable).map(({ code, status }) => [code, status]));
  const precise = new Map<string, number>(Object.entries(errorCodes).map(([code, { status }]) => [code, status]));
  const statusOf = (code: string) => precise.get(code) ?? general.get(code);
  const code = sources.filter(file => file !== join('src', 'errors.ts')).map(file => [file, read(file)] as const);

  /** `shape` makes them of the names of fields, which stand in schemas. */
  function shapedIn(text: string): string[] {
    if (!/http\/body\/shape\.ts|from 'zod'/.test(text)) return [];
    return [...text.matchAll(/\b([a-z_]+): /g)].map(([, field]) => `${field}_invalid`);
  }

  it('in the source are in the tables', () => {
    const literal =
      /code: '([a-z_]+)'|'([a-z]+(?:_[a-z]+)*_(?:invalid|missing|required|closed|exists|incomplete|mismatch))'/g;
    const unknown = code.flatMap(([file, text]) =>
      [...text.matchAll(literal)].flatMap(([, a, b]) =>
        statusOf(a ?? b ?? '') === undefined ? `${file}: ${a ?? b}` : [],
      ),
    );
    expect(unknown).toEqual([]);
  });

  it('come with the status of the class they are thrown with', () => {
    const thrown = /new (\w+Error)\((?:(?!new \w+Error\()[^;])*?code: '([a-z_]+)'/gs;
    const wrong = code.flatMap(([file, text]) =>
      [...text.matchAll(thrown)].flatMap(([, name = '', found = '']) => {
        const kind = Object.entries(errorTable).find(([known]) => known === name)?.[1];
        return kind !== undefined && kind.status !== statusOf(found) ? `${file}: ${name} with ${found}` : [];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('in the tables are in one of them only', () => {
    expect([...precise.keys()].filter(found => general.has(found))).toEqual([]);
  });

  it.runIf(complete)('in the tables are used', () => {
    const used = (found: string) =>
      code.some(([, text]) => text.includes(`'${found}'`) || shapedIn(text).includes(found));
    expect([...precise.keys()].filter(found => !used(found))).toEqual([]);
  });
});

it.each(pages)('the links of %s lead somewhere', page => {
  const targets = [...read(page).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target = '']) => target);
  const local = targets.filter(target => !/^[a-z]+:/.test(target));
  expect(local.filter(target => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
});
