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

/** `GET /openapi.json`: for everybody, made when it is asked for first. */
export function openApiRoute({ version, prefix, operations }: OpenApiOptions): Route {
  let made: { readonly prefix: string; readonly document: Promise<Written> } | undefined;
  const document = () => {
    const present = prefix();
    if (made?.prefix !== present) {
      made = { prefix: present, document: openApiDocument({ version, prefix: present, operations }).then(written) };
    }
    return made.document;
  };
  return {
    method: 'GET',
    path: '/openapi.json',
    kind: 'open',
    handle: async ctx => {
      const { text, etag } = await document();
      ctx.set('Cache-Control', 'no-cache'); // asked again each time, and mostly told that it is the same
      if (hasAlready(ctx, etag)) return answerNotModified(ctx, etag);
      ctx.set('ETag', etag);
      answerJson(ctx, text);
    },
  };
}

interface Written {
  readonly text: string;
  readonly etag: string;
}

function written(document: object): Written {
  const text = JSON.stringify(document);
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` };
}
