/** A real browser, driven by playwright-core: Debian's chromium, or the one that `CHROMIUM` names. */

import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where the browser is; undefined: there is none. */
const executable = process.env.CHROMIUM ?? PLACES.find(place => existsSync(place));

/** What a test sees while its page is open: anything here is a mistake. */
export interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of scripts, refusals of the Content-Security-Policy, requests to other hosts, and dialogs. */
  readonly troubles: string[];
}

/** Opens pages in a browser that has seen nothing yet. */
export type OpenPage = (url: string, options?: BrowserContextOptions) => Promise<Opened>;

/**
 * The tests of `body` in a real browser. Without one they are skipped, which the end of the run tells; in CI that is a failure.
 */
export function inBrowser(name: string, body: (open: OpenPage) => void): void {
  const missing = executable === undefined && !process.env.CI;
  describe.skipIf(missing)(`${name} in a browser`, () => {
    let browser: Browser | undefined;
    const contexts: BrowserContext[] = [];
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath: executable ?? '', args: ['--no-sandbox', '--disable-gpu'] });
    });
    afterAll(async () => {
      await Promise.all(contexts.map(context => context.close()));
      await browser?.close();
    });
    body(async (url, options = {}) => {
      if (browser === undefined) throw new Error('there is no browser');
      const context = await browser.newContext({
        baseURL: url,
        locale: 'en-GB',
        timezoneId: 'Europe/Berlin',
        ...options,
      });
      contexts.push(context);
      context.setDefaultTimeout(30_000);
      const page = await context.newPage();
      return { page, context, troubles: watch(page, new URL(url).origin) };
    });
  });
}

function watch(page: Page, origin: string): string[] {
  const troubles: string[] = [];
  page.on('pageerror', error => troubles.push(`script: ${error.message}`));
  page.on('console', message => {
    // A page of an error is one for the console as well.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
      troubles.push(`console: ${message.text()}`);
  });
  page.on('request', request => {
    if (new URL(request.url()).origin !== origin && !request.url().startsWith('data:'))
      troubles.push(`asks ${request.url()}`);
  });
  page.on('dialog', dialog => {
    troubles.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return troubles;
}
