import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What is in the repository or about to be: everything that git does not ignore. */
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  .toString()
  .split('\n')
  .filter(path => path !== '' && existsSync(join(ROOT, path)));

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Source files, by their path in src/. */
const sources = tracked.filter(path => /^src\/.*\.[jt]s$/.test(path)).map(path => path.slice('src/'.length));

interface Import {
  from: string;
  /** Path in src/, or the name of a package. */
  to: string;
  ours: boolean;
  typeOnly: boolean;
  /** Loaded when the program gets there, not with the file. */
  late: boolean;
}

const SPECIFIER = /^\s*(import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\b(import)\(\s*'([^']+)'\s*\)/gm;

function importsOf(from: string): Import[] {
  return [...read(`src/${from}`).matchAll(SPECIFIER)].map(([, , type, specifier, , dynamic]) => {
    const to = specifier ?? dynamic ?? '';
    const ours = to.startsWith('.');
    return {
      from,
      to: ours ? join(dirname(from), to) : packageOf(to),
      ours,
      typeOnly: type !== undefined,
      late: dynamic !== undefined,
    };
  });
}

function packageOf(specifier: string): string {
  return specifier.startsWith('node:') ? specifier : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

const imports = sources.flatMap(importsOf);

/**
 * What the files of a folder may import of ours: a file, or with `/` at the end a folder; `own/` is the first two folders of
 * the importing file. `types` may be imported as types only. `packages` beside those of Node itself.
 */
interface Rule {
  files: RegExp;
  ours: string[];
  types?: string[];
  packages?: string[];
}

/** The storage's face: the contract, its types, and what both engines share. */
const PORT = [
  'port',
  'blob',
  'cursor',
  'change',
  'conflict',
  'options',
  'schema',
  'secret',
  'follows',
  'position-gone',
  'recalled',
].map(name => `storage/${name}.ts`);

const DIALECT = { ours: ['base/', 'own/', 'core/', 'http/'], types: ['dialects/dialect.ts', 'storage/port.ts'] };

/** The floors of the house, from the ground up. The first rule that fits a file counts. */
const rules: Rule[] = [
  { files: /^base\//, ours: ['base/'] },
  { files: /^storage\/mongo\//, ours: ['base/', 'own/', ...PORT], packages: ['mongodb'] },
  { files: /^storage\/embedded\//, ours: ['base/', 'own/', ...PORT], packages: ['lmdb'] },
  { files: /^storage\/open\.ts$/, ours: ['base/', 'storage/'] },
  { files: /^storage\/[^/]+$/, ours: ['base/', ...PORT] },
  { files: /^config\//, ours: ['base/', 'config/'], packages: ['ini'] },
  { files: /^mail\//, ours: ['base/', 'mail/'], packages: ['nodemailer'] },
  {
    files: /^http\//,
    ours: ['base/', 'http/'],
    packages: ['@fastify/busboy', 'koa', '@koa/router', 'koa-bodyparser', 'zod'],
  },
  {
    files: /^core\//,
    ours: ['base/', 'core/'],
    types: ['storage/port.ts'],
    packages: ['bcryptjs', 'piscina', 'uuid'],
  },
  { files: /^dialects\/dialect\.ts$/, ours: [], types: ['base/', 'core/', 'http/', 'storage/port.ts'] },
  { files: /^dialects\/index\.ts$/, ours: ['dialects/'], types: ['config/options.ts'] },
  { files: /^dialects\/simple-sync\//, ...DIALECT, packages: ['jose', 'koa', 'zod'] },
  { files: /^dialects\/verstak\//, ...DIALECT, packages: ['@fastify/busboy', 'koa', 'zod'] },
  { files: /^dialects\/[^/]+\//, ...DIALECT, packages: ['koa', 'zod'] },
  // A part of the build, which has the packages for development.
  { files: /^web\/build\.ts$/, ours: ['web/', 'http/browser/page.ts'], packages: ['marked'] },
  { files: /^web\//, ours: ['base/', 'web/', 'core/', 'http/'], packages: ['d3-scale', 'd3-shape', 'eta', 'koa'] },
  { files: /^plugin\//, ours: ['core/plugins/hooks.ts'], types: ['core/plugins/store.ts'] },
  { files: /^terminal\//, ours: ['terminal/'], packages: ['cli-progress'] },
  { files: /^client\//, ours: ['client/'] },
  {
    files: /^cli\/dotsync\//,
    ours: ['cli/', 'client/', 'terminal/'],
    packages: ['chokidar', 'ignore', 'diff', 'commander'],
  },
  { files: /^cli\//, ours: ['cli/', 'client/', 'terminal/'], packages: ['commander', 'diff'] },
  {
    files: /^keep\//,
    ours: ['base/', 'core/', 'dialects/index.ts', 'keep/', 'storage/schema.ts', 'storage/cursor.ts', 'terminal/'],
    types: ['storage/port.ts', 'dialects/dialect.ts', 'config/options.ts'],
  },
  { files: /^process\/metrics\//, ours: [''], packages: ['prom-client'] },
  {
    files: /^app\.ts$/,
    ours: ['base/', 'core/', 'http/', 'dialects/index.ts', 'storage/schema.ts', 'web/'],
    types: ['config/options.ts', 'storage/port.ts'],
    packages: ['koa'],
  },
  { files: /^process\//, ours: [''], packages: ['commander', 'pino', 'pino-pretty'] },
  { files: /^main\.ts$/, ours: ['base/ending.ts', 'process/'] },
];

function allows(rule: Rule, { from, to, ours, typeOnly }: Import): boolean {
  if (!ours) return to.startsWith('node:') || (rule.packages ?? []).includes(to);
  const own = `${from.split('/').slice(0, 2).join('/')}/`;
  const targets = [...rule.ours, ...(typeOnly ? (rule.types ?? []) : [])].map(target =>
    target === 'own/' ? own : target,
  );
  return targets.some(target => to === target || ((target === '' || target.endsWith('/')) && to.startsWith(target)));
}

/** What can be reached from itself, by steps of which one is given for each pair. */
function circles(steps: readonly (readonly [string, string])[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of steps) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reachable = (start: string) => {
    const seen = new Set<string>();
    const open = [...(next.get(start) ?? [])];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      open.push(...(next.get(at) ?? []));
    }
    return seen;
  };
  return [...next.keys()].filter(place => reachable(place).has(place));
}

describe('the dependency rule', () => {
  it('finds imports in every form', () => {
    expect(imports.length).toBeGreaterThan(100);
    const text =
      "import a from 'a';\nimport type {\n  b,\n} from './b.ts';\nimport 'c';\nexport * from 'd';\nvoid import('e/f');";
    expect([...text.matchAll(SPECIFIER)].map(match => match[3] ?? match[5])).toEqual(['a', './b.ts', 'c', 'd', 'e/f']);
  });

  it('has a line for every source file', () => {
    expect(sources.filter(file => !rules.some(rule => rule.files.test(file)))).toEqual([]);
  });

  it('is kept by every import', () => {
    const broken = imports.filter(found => {
      const rule = rules.find(({ files }) => files.test(found.from));
      return rule !== undefined && !allows(rule, found);
    });
    expect(broken.map(({ from, to, typeOnly }) => `${from} -> ${to}${typeOnly ? ' (type)' : ''}`)).toEqual([]);
  });

  it.each([
    ['bcryptjs', /^core\/hashing\/(passwords\.ts|[a-z-]*worker\.js)$/],
    ['lmdb', /^storage\/embedded\//],
    ['mongodb', /^storage\/mongo\//],
    ['ini', /^config\/ini-file\.ts$/],
    ['nodemailer', /^mail\//],
    ['prom-client', /^process\/metrics\//],
  ])('%s is imported in one place only', (name, place) => {
    const users = imports.filter(({ to }) => to === name).map(({ from }) => from);
    expect(users.length).toBeGreaterThan(0);
    expect(users.filter(from => !place.test(from))).toEqual([]);
  });

  it('has no circle of files, of types neither', () => {
    expect(circles(imports.filter(({ ours }) => ours).map(({ from, to }) => [from, to]))).toEqual([]);
  });

  it.each(['core', 'http', 'dialects/verstak'])('has no circle of rooms in %s', floor => {
    const roomOf = (file: string) => new RegExp(`^${floor}/([^/]+)/`).exec(file)?.[1];
    const doors = imports.flatMap(({ from, to }) => {
      const [room, next] = [roomOf(from), roomOf(to)];
      return room === undefined || next === undefined || room === next ? [] : [[room, next] as const];
    });
    expect(doors.length).toBeGreaterThan(0);
    expect(circles(doors)).toEqual([]);
  });

  it('only storage/open.ts imports the engines', () => {
    const outside = imports.filter(({ from, to }) => {
      const engine = /^storage\/(mongo|embedded)\//.exec(to)?.[0];
      return engine !== undefined && !from.startsWith(engine);
    });
    expect(outside.map(({ from, to }) => `${from} -> ${to}`).sort()).toEqual([
      'storage/open.ts -> storage/embedded/index.ts',
      'storage/open.ts -> storage/mongo/index.ts',
    ]);
  });

  it.each(['nodemailer', 'jose', '@fastify/busboy', 'koa-bodyparser', 'piscina', 'pino-pretty', 'prom-client'])(
    '%s is loaded by the first who needs it, not at the start',
    name => {
      const users = imports.filter(({ to, typeOnly }) => to === name && !typeOnly);
      expect(users.length).toBeGreaterThan(0);
      expect(users.filter(({ late }) => !late).map(({ from }) => from)).toEqual([]);
    },
  );

  it('pages are loaded by the first who opens one', () => {
    const next = new Map<string, string[]>();
    for (const { from, to, ours, typeOnly, late } of imports) {
      if (ours && !typeOnly && !late) next.set(from, [...(next.get(from) ?? []), to]);
    }
    const loaded = new Set(['main.ts', 'process/serve.ts']);
    for (const file of loaded) for (const to of next.get(file) ?? []) loaded.add(to);
    expect(loaded).toContain('web/mount/open.ts');
    expect([...loaded].filter(file => /^web\/(index|view|pages|charts|i18n)/.test(file))).toEqual([]);
  });

  it('what observes the server is loaded only where it is on', () => {
    const doors = imports.filter(({ from, to }) => /^process\/metrics\//.test(to) && !/^process\/metrics\//.test(from));
    expect(doors.map(({ late }) => late)).toEqual([true, true]);
  });

  it('only the engine that is used is loaded', () => {
    const engines = imports.filter(({ from, to }) => from === 'storage/open.ts' && /\/(mongo|embedded)\//.test(to));
    expect(engines.map(({ late }) => late)).toEqual([true, true]);
  });

  it('no test imports a dialect: its folder can be taken away', () => {
    const tests = tracked.filter(path => /^test\/.*\.ts$/.test(path));
    const files = tests.filter(path => /^import .*\/src\/dialects\//m.test(read(path)));
    expect(files).toEqual([]);
  });

  it('only packages that package.json names are imported, and each of them is', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const program = imports.filter(({ from }) => from !== 'web/build.ts');
    const used = program.filter(({ ours, to }) => !ours && !to.startsWith('node:')).map(({ to }) => to);
    // Packages of a dialect whose folder was taken away may stay behind.
    const gone = rules
      .filter(rule => !sources.some(file => rule.files.test(file)))
      .flatMap(rule => rule.packages ?? []);
    const named = Object.keys(dependencies).filter(name => used.includes(name) || !gone.includes(name));
    expect([...new Set(used)].sort()).toEqual(named.sort());
  });
});

describe('sizes', () => {
  const lines = new Map(sources.map(file => [file, read(`src/${file}`).trimEnd().split('\n').length]));
  const over = (limit: number) =>
    [...lines].filter(([, count]) => count > limit).map(([file, count]) => `${file}: ${count}`);

  it('no source file is longer than 400 lines', () => {
    if (over(250).length > 0) console.warn(`longer than the 250 lines that are meant:\n${over(250).join('\n')}`);
    expect(over(400)).toEqual([]);
  });

  it('no room has more files than one can look over', () => {
    const rooms = new Map<string, number>();
    for (const file of sources) rooms.set(dirname(file), (rooms.get(dirname(file)) ?? 0) + 1);
    expect([...rooms].filter(([, files]) => files > 16)).toEqual([]);
  });

  it('half of the source files have at most 90 lines', () => {
    const sorted = [...lines.values()].sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(90);
  });
});

describe('the source', () => {
  function linesWith(
    pattern: RegExp,
    files: string[],
    allowed: (line: string, before: string) => boolean = () => false,
  ) {
    return files.flatMap(file => {
      const lines = read(file).split('\n');
      return lines.flatMap((line, i) =>
        pattern.test(line) && !allowed(line, lines[i - 1] ?? '') ? `${file}:${i + 1}: ${line.trim()}` : [],
      );
    });
  }

  const src = sources.map(file => `src/${file}`);
  const code = tracked.filter(path => /\.[cm]?[jt]s$/.test(path) && basename(path) !== 'architecture.test.ts');

  it('ends the process in the main.ts of each program only', () => {
    expect(
      linesWith(
        /\bprocess\.(exit\b|abort\b|reallyExit\b)/,
        src.filter(file => !['src/main.ts', 'src/cli/main.ts'].includes(file)),
      ),
    ).toEqual([]);
  });

  it('uses `any` only where a comment says why', () => {
    const any = /(?:[:<,|&=]|\bas)\s*any(?=\s*(?:[\]>);,=|&{[]|$))/;
    const explained = /biome-ignore lint\/suspicious\/noExplicitAny: \S/;
    const comment = /^\s*(\*|\/\/|\/\*)/;
    expect(linesWith(any, src, (line, before) => explained.test(before) || comment.test(line))).toEqual([]);
  });

  it('switches no check off but that one', () => {
    expect(
      linesWith(/@ts-(ignore|expect-error|nocheck)|biome-ignore(?! lint\/suspicious\/noExplicitAny: )/, src),
    ).toEqual([]);
  });

  it('leaves nothing to do later', () => {
    expect(linesWith(/\b(TODO|FIXME|XXX|HACK)\b/, code)).toEqual([]);
  });

  it('has no file without a subject, and names in kebab-case', () => {
    const names = tracked.filter(path => /^(src|test|bench|docs)\//.test(path));
    expect(names.filter(path => /(^|\/)(utils?|helpers?|misc|common)(\.|\/)/.test(path))).toEqual([]);
    expect(sources.filter(path => !/^([a-z0-9-]+\/)*[a-z0-9-]+\.[jt]s$/.test(path))).toEqual([]);
  });
});

it('nothing else is at the top of the repository', () => {
  const known = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'biome.json',
    'bundle.js',
    'src',
    'test',
    'bench',
    'deploy',
    'docs',
    '.ci',
  ];
  const files = [
    '.dockerignore',
    'store.cfg.example',
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    '.gitignore',
    '.editorconfig',
    '.npmrc',
  ];
  const top = new Set(tracked.map(path => path.split('/')[0] ?? ''));
  expect([...top].filter(entry => ![...known, ...files].includes(entry))).toEqual([]);
});
