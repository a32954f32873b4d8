/** A browser without scripts: it keeps cookies, and sends the forms that are on its page, as they are there. */

import type { TestServer } from '../support/server.ts';

/** What a visitor sees. */
export interface Seen {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  /** Path that the answer leads to, without the origin. */
  readonly location: string | undefined;
}

/** Somebody at a browser. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  /** Opens a page, and follows where it leads. */
  visit(path: string, headers?: Record<string, string>): Promise<Seen>;
  /** Opens a page and stays where it leads to something else. */
  look(path: string, headers?: Record<string, string>): Promise<Seen>;
  /** Sends the form of the page that goes to `action`, with these fields over those in it, and follows. Throws when there is none. */
  send(action: string, fields?: Record<string, string>, headers?: Record<string, string>): Promise<Seen>;
  /** As `send`, and stays at the answer. */
  submit(action: string, fields?: Record<string, string>, headers?: Record<string, string>): Promise<Seen>;
  /** Sends a form with a file, and stays at the answer. */
  upload(action: string, file: { name: string; content: Uint8Array }, fields?: Record<string, string>): Promise<Seen>;
  /** The page it is at. */
  page(): Seen;
}

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

/** A new browser, without cookies. */
export function newVisitor(server: Pick<TestServer, 'url'>): Visitor {
  const cookies = new Map<string, string>();
  let at: Seen | undefined;

  async function ask(path: string, init: RequestInit): Promise<Seen> {
    const jar = [...cookies].filter(([, value]) => value !== '');
    // Of two cookies with one name the one with the longer path comes first.
    const own = jar.filter(([name]) => !name.startsWith('/admin ') || path.startsWith('/admin'));
    const ordered = own.sort(([a], [b]) => Number(b.startsWith('/admin ')) - Number(a.startsWith('/admin ')));
    const Cookie = ordered.map(([name, value]) => `${name.split(' ')[1]}=${value}`).join('; ');
    const headers = { Accept: BROWSER, ...(Cookie !== '' && { Cookie }), ...(init.headers as Record<string, string>) };
    const answer = await fetch(server.url + path, { ...init, headers, redirect: 'manual' });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = '', value = '', where = '/'] = /^([^=]+)=([^;]*); Path=([^;]*)/.exec(cookie) ?? [];
      cookies.set(`${where} ${name}`, value);
    }
    const location = answer.headers.get('Location') ?? undefined;
    at = { status: answer.status, text: await answer.text(), headers: answer.headers, location };
    return at;
  }

  async function followed(seen: Seen): Promise<Seen> {
    return seen.location === undefined ? seen : followed(await ask(seen.location, {}));
  }

  function formTo(action: string): Record<string, string> {
    const form = formsOf(at?.text ?? '').find(found => found.action === action);
    if (form === undefined) throw new Error(`the page has no form that goes to ${action}`);
    return form.fields;
  }

  async function submit(action: string, fields = {}, headers = {}): Promise<Seen> {
    const body = new URLSearchParams({ ...formTo(action), ...fields });
    const origin = new URL(server.url).origin;
    return ask(action, {
      method: 'POST',
      body,
      headers: { Origin: origin, 'Sec-Fetch-Site': 'same-origin', ...headers },
    });
  }

  async function upload(action: string, file: { name: string; content: Uint8Array }, fields = {}): Promise<Seen> {
    const body = new FormData();
    const { file: _, ...own }: Record<string, string> = { ...formTo(action), ...fields };
    for (const [name, value] of Object.entries(own)) body.append(name, value);
    body.append('file', new File([Buffer.from(file.content)], file.name));
    return ask(action, { method: 'POST', body, headers: { Origin: new URL(server.url).origin } });
  }

  return {
    cookies,
    upload,
    look: (path, headers = {}) => ask(path, { headers }),
    visit: async (path, headers = {}) => followed(await ask(path, { headers })),
    submit,
    send: async (action, fields, headers) => followed(await submit(action, fields, headers)),
    page() {
      if (at === undefined) throw new Error('no page was opened');
      return at;
    },
  };
}

/** The forms of a page, with the values that stand in them. */
export function formsOf(page: string): { action: string; fields: Record<string, string> }[] {
  return [...page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, tag = '', inner = '']) => {
    const fields: Record<string, string> = {};
    for (const [, input = ''] of inner.matchAll(/<input\b([^>]*)>/g)) {
      const name = attribute(input, 'name');
      const chosen = !/type="(checkbox|radio)"/.test(input) || /\schecked\b/.test(input);
      if (name !== undefined && chosen) fields[name] = attribute(input, 'value') ?? 'on';
    }
    for (const [, area = '', text = ''] of inner.matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/g)) {
      fields[attribute(area, 'name') ?? ''] = unescaped(text.replace(/^\n/, ''));
    }
    for (const [, select = '', options = ''] of inner.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/g)) {
      const all = [...options.matchAll(/<option\b([^>]*)>/g)].map(([, option = '']) => option);
      const selected = all.find(option => /\sselected\b/.test(option)) ?? all[0] ?? '';
      fields[attribute(select, 'name') ?? ''] = attribute(selected, 'value') ?? '';
    }
    return { action: attribute(tag, 'action') ?? '', fields };
  });
}

function attribute(tag: string, name: string): string | undefined {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(` ${tag}`)?.[1];
  return found === undefined ? undefined : unescaped(found);
}

const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** Text as it was before it was escaped. */
export function unescaped(text: string): string {
  return text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => CHARACTERS[name] ?? '');
}
