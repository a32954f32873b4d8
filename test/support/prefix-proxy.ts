/** A proxy that has the server below a path, and a browser in front of it. */

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What the proxy has below its path. */
export interface PrefixProxy {
  /** `http://127.0.0.1:1234/keybin`. */
  readonly url: string;
  /** Where requests go from now on. */
  leadTo(server: string): void;
}

/** Starts a proxy for the running test. `strip` takes the path off; whatever is not below it is 404 of the proxy. */
export async function prefixProxy(prefix: string, { strip = true } = {}): Promise<PrefixProxy> {
  let port = 0;
  const proxy = http.createServer((req, res) => {
    const url = req.url ?? '';
    if (!url.startsWith(`${prefix}/`)) {
      res.writeHead(404).end('outside');
      return;
    }
    const path = strip ? url.slice(prefix.length) : url;
    const onward = http.request({ port, host: '127.0.0.1', path, method: req.method, headers: req.headers }, answer => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${prefix}`,
    leadTo(server) {
      port = Number(new URL(server).port);
    },
  };
}

/** A page as the browser shows it. */
export interface Page {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

/** Opens pages and sends forms, follows redirects, keeps cookies and sends those whose path fits (RFC 6265, section 5.1.4). */
export class Browser {
  readonly #jar = new Map<string, { pair: string; path: string }>();

  /** Opens a page, or sends the fields of a form. */
  async go(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    const { pathname, origin } = new URL(url);
    const headers = { Accept: 'text/html', Cookie: this.#cookiesFor(pathname), ...(form && { Origin: origin }) };
    const sent = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
    const answer = await fetch(url, { ...sent, headers, redirect: 'manual' });
    for (const text of answer.headers.getSetCookie()) this.#keep(text);
    const to = answer.headers.get('Location');
    const text = await answer.text();
    return to === null ? { url, status: answer.status, text } : this.go(new URL(to, url).href);
  }

  /** Sends the only form of a page with these fields and its hidden ones. */
  submit({ url, text }: Page, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const action = /<form method="post" action="([^"]*)">/.exec(text)?.[1] ?? '';
    const hidden = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
    const form = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]));
    return this.go(new URL(action, url).href, { ...form, ...fields });
  }

  /** The paths of the cookies it has, by their names. */
  get paths(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#jar].map(([name, { path }]) => [name, path]));
  }

  #keep(text: string): void {
    const [pair = '', ...attributes] = text.split('; ');
    const path = attributes.find(attribute => attribute.startsWith('Path='))?.slice(5) ?? '/';
    this.#jar.set(pair.split('=')[0] ?? '', { pair, path });
  }

  #cookiesFor(pathname: string): string {
    const fits = (path: string) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
    return [...this.#jar.values()].flatMap(({ pair, path }) => (fits(path) ? pair : [])).join('; ');
  }
}
