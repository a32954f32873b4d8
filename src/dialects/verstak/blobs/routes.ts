import { Readable } from 'node:stream';
import type { Context } from 'koa';
import { AppError, InvalidInputError, PayloadTooLargeError } from '../../../base/errors.ts';
import { blobOf, demandWhole, readBlob, storeBlob } from '../../../core/blobs/blobs.ts';
import { blobOwner } from '../../../core/vaults/vaults.ts';
import { answerNotModified, hasAlready } from '../../../http/conditional.ts';
import { allowSlowBody } from '../../../http/edge/body-time.ts';
import { drain } from '../../../http/edge/drain.ts';
import { rangeOf } from '../../../http/range.ts';
import type { Params, Route } from '../../../http/routing.ts';
import { type Caller, callerOf } from '../access.ts';
import type { Verstak } from '../context.ts';
import { deviceUnauthorized } from '../refusals.ts';
import { routesOf } from '../routes.ts';
import { onlyFile } from './multipart.ts';

/** What 405 names on every path of blobs: the contract fixes it. */
const ALLOW = 'GET, POST';

/** Milliseconds an upload may be silent for. */
const SILENCE = 60_000;

/** How much of a refused upload is read before the answer. */
const REST = { bytes: 67_108_864, ms: 15_000 };

/** Uploads and downloads (contract, section 5). */
export function blobRoutes(verstak: Verstak): Route[] {
  const { core, settings } = verstak;
  const { device } = routesOf(verstak);

  async function upload(ctx: Context, { device: own }: Caller): Promise<void> {
    allowSlowBody(ctx.req, SILENCE);
    const { blob_bytes, vault_bytes, account_bytes } = settings();
    const limits = { blob: blob_bytes, scope: vault_bytes, account: account_bytes };
    async function* content(): AsyncGenerator<Uint8Array> {
      yield* onlyFile(ctx.req);
      await callerOf(verstak, ctx); // an upload may take long: what was revoked or blocked meanwhile stores nothing
    }
    try {
      ctx.body = await storeBlob(core, blobOwner(own), content(), limits);
    } catch (error) {
      throw refusalOf(error, blob_bytes);
    }
  }

  async function download(ctx: Context, { device: own }: Caller, { sha256 = '' }: Params): Promise<void> {
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      throw new InvalidInputError('the path must end in a lower-case hex SHA-256', { code: 'invalid_blob_hash' });
    }
    const blob = await blobOf(core, blobOwner(own), sha256);
    const { size } = blob;
    const etag = `"${sha256}"`;
    if (hasAlready(ctx, etag)) return answerNotModified(ctx, etag);
    const range = rangeOf(ctx, { size, etag });
    const content = ctx.method === 'HEAD' ? await demandWhole(core, blob) : await readBlob(core, blob, range);
    ctx.status = range ? 206 : 200;
    ctx.set({
      'Content-Type': 'application/octet-stream',
      'Content-Disposition': `attachment; filename="${sha256}"`,
      'Content-Length': String(range ? range.end + 1 - range.start : size),
      'Accept-Ranges': 'bytes',
      ETag: etag,
      ...(range && { 'Content-Range': `bytes ${range.start}-${range.end}/${size}` }),
    });
    if (content) ctx.body = streamOf(content);
  }

  return [
    ...['/api/v1/blobs', '/api/v1/blobs/'].map(path => drained(device('POST', path, upload, ALLOW))),
    ...['/api/v1/blobs', '/api/v1/blobs/', '/api/v1/blobs/:sha256'].map(path => device('GET', path, download, ALLOW)),
  ];
}

/** The route, with errors that go out only when the client has sent the rest: before, it would see a broken pipe. */
function drained(route: Route): Route {
  return {
    ...route,
    async handle(ctx, params) {
      try {
        await route.handle(ctx, params);
      } catch (error) {
        if (!(await drain(ctx.req, REST))) ctx.set('Connection', 'close');
        throw error;
      }
    },
  };
}

function refusalOf(error: unknown, limit: number): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code === 'request_too_large') return new PayloadTooLargeError(limit, { code: 'blob_too_large' }, 'file');
  return error.code === 'account_not_found' ? deviceUnauthorized() : error;
}

/** A stream holds a file open, and has to be destroyed as it is: one around it that nobody read would not reach it. */
function streamOf(content: AsyncIterable<Uint8Array>): Readable {
  return content instanceof Readable ? content : Readable.from(content, { objectMode: false });
}
