import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collections } from '../../src/app.ts';
import { testClock } from '../support/clock.ts';
import { embedded } from '../support/engines.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { PASSWORD, ROOMY } from '../web/people.ts';
import { inBrowser, type Opened, type OpenPage } from './chromium.ts';
import { live } from './life.ts';
import { type Place, places } from './places.ts';

/** A moment at which somebody is at work. */
const NOW = Date.UTC(2026, 10, 26, 15, 20);

/** Text that becomes an element, or runs, wherever it is put out as it is. */
const MARKUP = '"\'><img src=x onerror=alert(1)><script>alert(2)</script>';

/** Where pictures go, when they are wanted. */
const pictures = process.env.KEYBIN_SCREENSHOTS;

/** Pixels of a picture: what is longer is cut off. */
const TALLEST = 1_400;

/** Milliseconds: all pages, on a busy machine. */
const LONG = 400_000;

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8');

const closing: (() => Promise<void>)[] = [];

async function serve(markup = ''): Promise<TestServer> {
  const opened = await embedded.open({ specs: collections, clock: testClock(NOW) });
  const server = await startServer(opened, { options: { ...ROOMY, SECURITY_THROTTLE: 'false' } });
  closing.push(
    () => server.stop(),
    () => opened.cleanup(),
  );
  await live(server, markup);
  return server;
}

/** A browser in which those who look at these pages have signed in. */
async function visitors(open: OpenPage, server: TestServer, markup = '', options = {}) {
  const visit = async (who: Place['who']) => {
    const found = await open(server.url, options);
    if (who === 'stranger') return found;
    await found.page.goto(who === 'root' ? '/admin/login' : '/login');
    await found.page.fill('[name=username]', who === 'root' ? 'root' : `ann${markup}`);
    await found.page.fill('[name=password]', PASSWORD);
    await found.page.click('main button');
    await found.page.waitForURL(/dashboard/);
    return found;
  };
  return { stranger: await visit('stranger'), ann: await visit('ann'), root: await visit('root') };
}

/** Opens a page, by its link where it is behind one. */
async function goTo(page: Page, { path, link }: Place): Promise<void> {
  await page.goto(path);
  if (link === undefined) return;
  await page.goto((await page.locator(link).first().getAttribute('href')) ?? '');
}

/** What axe finds. */
interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What keeps people out: what axe finds, and a page that is wider than the window. */
async function barriers(page: Page, only?: readonly string[]): Promise<string[]> {
  const wider = await overflow(page);
  if (!(await page.evaluate<boolean>("'axe' in globalThis"))) await page.evaluate(axe);
  const options = JSON.stringify(only ? { runOnly: only } : {});
  const { violations } = await page.evaluate<{ violations: Violation[] }>(`axe.run(${options})`);
  const found = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`);
  return wider > 0 ? [...found, `wider than the window by ${wider}`] : found;
}

/** Always in light colours; of what is longer than the tallest picture the top. */
async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  await mkdir(pictures, { recursive: true });
  const { width = 0, height = 0 } = page.viewportSize() ?? {};
  await page.emulateMedia({ colorScheme: 'light' });
  const tall = Math.min(TALLEST, await page.evaluate<number>('document.documentElement.scrollHeight'));
  await page.setViewportSize({ width, height: Math.max(height, tall) });
  await page.screenshot({ path: `${pictures}/${name}-${width}.png` });
  await page.setViewportSize({ width, height });
}

interface Look {
  readonly options: { readonly colorScheme: 'light' | 'dark'; readonly viewport: { width: number; height: number } };
  /** Of axe; all without it. */
  readonly rules?: readonly string[];
}

const looks: readonly [Look, Look] = [
  { options: { colorScheme: 'light', viewport: { width: 1280, height: 800 } } },
  {
    options: { colorScheme: 'dark', viewport: { width: 390, height: 844 } },
    // What another width and other colours can change.
    rules: ['color-contrast', 'scrollable-region-focusable', 'link-in-text-block'],
  },
];

async function look(page: Page, { options: { colorScheme, viewport } }: Look): Promise<void> {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme });
}

/** Goes to every place, one behind the other; those who look do it at the same time. */
async function eachPlace(
  by: Readonly<Record<Place['who'], Opened>>,
  work: (place: Place, opened: Opened) => Promise<void>,
): Promise<void> {
  const go = async (who: Place['who']) => {
    for (const place of places) if (place.who === who) await work(place, by[who]);
  };
  await Promise.all([go('stranger'), go('ann'), go('root')]);
}

/** By how much the page is wider than the window. */
const overflow = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

inBrowser('every page', open => {
  let plain: TestServer;
  let wild: TestServer;
  beforeAll(async () => {
    plain = await serve();
    wild = await serve(MARKUP);
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });

  it(
    'keeps nobody out and stays within its window, wide and light as well as narrow and dark',
    async () => {
      const by = await visitors(open, plain, '', looks[0].options);
      const wrong: string[] = [];
      await eachPlace(by, async (place, { page, troubles }) => {
        await look(page, looks[0]);
        await goTo(page, place);
        // A page is loaded once: the window and the colours of who looks at it change as they do in life.
        for (const at of looks) {
          await look(page, at);
          const found = [...(await barriers(page, at.rules)), ...troubles.splice(0)];
          wrong.push(...found.map(what => `${place.path}, ${at.options.colorScheme}: ${what}`));
          await picture(page, place.name);
        }
      });
      expect(wrong).toEqual([]);
    },
    LONG,
  );

  it(
    'shows the description of the API in both colours at both widths',
    async () => {
      const { stranger } = await visitors(open, plain);
      const wrong: string[] = [];
      // The other two are among all pages.
      for (const [width, colorScheme] of [
        [1280, 'dark'],
        [390, 'light'],
      ] as const) {
        await stranger.page.emulateMedia({ colorScheme });
        await stranger.page.setViewportSize({ width, height: 844 });
        await stranger.page.goto('/docs/api');
        const found = [...(await barriers(stranger.page)), ...stranger.troubles.splice(0)];
        wrong.push(...found.map(what => `${width} ${colorScheme}: ${what}`));
      }
      expect(wrong).toEqual([]);
    },
    LONG,
  );

  it(
    'shows markup that somebody stored as the text that it is',
    async () => {
      const by = await visitors(open, wild, MARKUP);
      const wrong: string[] = [];
      let seen = 0;
      await eachPlace(by, async (place, { page, troubles }) => {
        const { path } = place;
        await goTo(page, place);
        seen += (await page.content()).split('onerror=alert(1)').length - 1;
        if ((await page.locator('img[src=x]').count()) > 0) wrong.push(`${path}: an element`);
        if ((await overflow(page)) > 0) wrong.push(`${path}: wider than the window`);
        wrong.push(...troubles.splice(0).map(trouble => `${path}: ${trouble}`));
      });
      expect(wrong).toEqual([]);
      expect(seen).toBeGreaterThan(0);
    },
    LONG,
  );
});
