/** A step of the build: what the pages need beside the compiled program. Runs with the packages for development. */

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Marked, type Tokens } from 'marked';
import { escapeHtml } from '../http/browser/page.ts';
import { documentPages } from './documents/list.ts';

const root = new URL('../../', import.meta.url);

/** Copies views and static files beside the compiled pages. */
function copy(folder: string): void {
  cpSync(new URL(`src/web/${folder}/`, root), new URL(`./${folder}/`, import.meta.url), { recursive: true });
}

/** What a heading is reached by, as GitHub makes it. */
function anchor(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-');
}

/** The HTML of a document, with places for the path and the address of the server: those differ from server to server. */
function rendered(file: string): string {
  let blocks = 0;
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading): string {
        return `<h${depth} id="${anchor(text.replace(/[`*]/g, ''))}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      code({ text }: Tokens.Code): string {
        const id = `code-${++blocks}`;
        const button = `<button class="plain copy" type="button" data-copy="${id}" data-copied="✓" hidden>Copy</button>`;
        return `<div class="code">${button}<pre id="${id}" tabindex="0"><code>${escapeHtml(text)}</code></pre></div>\n`;
      },
      link({ href, tokens }: Tokens.Link): string {
        const label = this.parser.parseInline(tokens);
        const target = targetOf(href, file);
        return target === undefined ? label : `<a href="${escapeHtml(target)}">${label}</a>`;
      },
      // Pictures are of the repository.
      image: ({ text }: Tokens.Image) => escapeHtml(text),
      html: () => '',
    },
  });
  const text = marked.parse(readFileSync(new URL(file, root), 'utf8'), { async: false });
  // A table that is wider than the window is moved by the keys as well.
  const reachable = text.replace(/<table>/g, '<table tabindex="0">');
  return reachable.replace(/(http:\/\/)?localhost:5000/g, '%ADDRESS%');
}

/** Where a link of a document leads on the server; undefined: to a file that is no page. */
function targetOf(href: string, from: string): string | undefined {
  if (/^(https?:|mailto:|#)/.test(href)) return href;
  const [path = '', hash] = new URL(href, new URL(from, root)).href.slice(root.href.length).split('#');
  const page = documentPages.find(({ file }) => file === path);
  return page && `%PATH%/docs/${page.name}${hash === undefined ? '' : `#${hash}`}`;
}

copy('views');
copy('assets');
mkdirSync(new URL('./documents/', import.meta.url), { recursive: true });
for (const page of documentPages) {
  if (page.file === undefined) continue;
  writeFileSync(new URL(`./documents/${page.name}.html`, import.meta.url), rendered(page.file));
}
