import { NotFoundError } from '../base/errors.ts';
import { below } from '../http/browser/below.ts';
import { answerPage, escapeHtml, prefersHtml } from '../http/browser/page.ts';
import type { Route } from '../http/routing.ts';

/** `/`: what this is and where the documents are, for somebody who opens the address in a browser. Programs find nothing here. */
export const startPage: Route = {
  method: 'GET',
  path: '/',
  kind: 'browser',
  async handle(ctx) {
    if (!prefersHtml(ctx)) throw new NotFoundError('there is nothing at this path');
    const health = escapeHtml(below(ctx, '/api/v1/health'));
    const page = `<h1>Keybin</h1>
<p>This is Keybin, a key/value store and sync server. It is made for programs: they keep values, punches, dotfiles, events and
operations here.</p>
<p>The documents are with the program: <code>README.md</code> and the folder <code>docs</code>, where <code>docs/dialects</code> has a
page for each API and <code>docs/service.md</code> is for whoever runs the server.</p>
<p><a href="${health}">How the server is</a></p>`;
    answerPage(ctx, 200, 'Keybin', page);
  },
};
