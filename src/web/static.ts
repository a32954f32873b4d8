/** Files that pages load: their names hold a hash of the content, so that browsers keep them. */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Context } from 'koa';
import { NotFoundError } from '../base/errors.ts';
import { languages } from '../base/language.ts';
import { CODE } from '../base/place.ts';
import { setBrowserHeaders } from '../http/browser/page.ts';
import { labelSheet } from './columns.ts';

const FOLDER = new URL('web/assets/', CODE);

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Static files, and the paths that pages name them by. */
export interface Assets {
  /** `/static/style.3f2a9c….css` of `style.css`. Throws `TypeError` for a file that there is not: that is a bug. */
  path(name: string): string;
  /** Throws `NotFoundError`. */
  send(ctx: Context, name: string): void;
}

/** Reads every static file, and makes the labels of lists. */
export function loadAssets(): Assets {
  const paths = new Map<string, string>();
  const files = new Map<string, { type: string; content: Buffer }>();
  function add(name: string, content: Buffer): void {
    const type = TYPES[extname(name)];
    if (type === undefined) return;
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
    const hashed = name.replace(/(\.\w+)$/, `.${hash}$1`);
    paths.set(name, `/static/${hashed}`);
    files.set(hashed, { type, content });
  }
  for (const name of readdirSync(FOLDER)) add(name, readFileSync(new URL(name, FOLDER)));
  for (const language of languages) add(`labels.${language}.css`, Buffer.from(labelSheet(language)));
  return {
    path(name) {
      const path = paths.get(name);
      if (path === undefined) throw new TypeError(`there is no asset ${name}`);
      return path;
    },
    send(ctx, name) {
      const file = files.get(name);
      if (file === undefined) throw new NotFoundError('there is no such file');
      setBrowserHeaders(ctx);
      ctx.set('Cache-Control', 'public, max-age=31536000, immutable');
      ctx.type = file.type;
      ctx.body = file.content;
    },
  };
}
