import { createHash } from 'node:crypto';
import { answerJson } from '../answer.ts';
import { answerNotModified, hasAlready } from '../conditional.ts';
import type { Route } from '../routing.ts';
import { openApiDocument } from './document.ts';
import type { Operation } from './operation.ts';

/** What the document is made of; `prefix` is the path in force that the server is reached below. */
export interface OpenApiOptions {
  readonly version: string;
  readonly prefix: () => string;
  readonly operations: readonly Operation[];
}

/** The document, and how it is sent. */
export interface WrittenDocument {
  readonly document: object;
  readonly text: string;
  readonly etag: string;
}

/** Gives the document: made when it is asked for first, and again when the path is another one. */
export function keptDocument({ version, prefix, operations }: OpenApiOptions): () => Promise<WrittenDocument> {
  let made: { readonly prefix: string; readonly document: Promise<WrittenDocument> } | undefined;
  return () => {
    const present = prefix();
    if (made?.prefix !== present) {
      made = { prefix: present, document: openApiDocument({ version, prefix: present, operations }).then(written) };
    }
    return made.document;
  };
}

/** `GET /openapi.json`: for everybody. */
export function openApiRoute(kept: () => Promise<WrittenDocument>): Route {
  return {
    method: 'GET',
    path: '/openapi.json',
    kind: 'open',
    handle: async ctx => {
      const { text, etag } = await kept();
      ctx.set('Cache-Control', 'no-cache'); // asked again each time, and mostly told that it is the same
      if (hasAlready(ctx, etag)) return answerNotModified(ctx, etag);
      ctx.set('ETag', etag);
      answerJson(ctx, text);
    },
  };
}

function written(document: object): WrittenDocument {
  const text = JSON.stringify(document);
  return { document, text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` };
}
