import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { SECURITY_HEADERS } from './edge/security-headers.ts';

/** What can be written to many streams: made once, sent as it is. */
export interface StreamPiece {
  readonly bytes: Buffer;
  /** The same with what stands around it in an answer of unknown length (RFC 9112, section 7.1). */
  readonly chunk: Buffer;
}

/** A stream of server-sent events (the HTML standard, section 9.2) under way. */
export interface EventStream {
  /** Writes a piece. Returns false when `onReady` is to be waited for. */
  write(piece: StreamPiece): boolean;
  /** Ends it as a whole answer. */
  end(): void;
  /** Cuts the connection, whatever is still on its way. */
  cut(): void;
  /** Resolves when it is over, whoever ended it. */
  readonly over: Promise<void>;
}

/** Begins the answer. `onReady` is called when the client has taken what was written. Proxies are asked not to hold it back. */
export function openEventStream(ctx: Context, onReady: () => void): EventStream {
  const { req, res } = ctx;
  ctx.respond = false;
  const isChunked = req.httpVersionMajor === 1 && req.httpVersionMinor >= 1;
  const headers = ['Content-Type', 'text/event-stream; charset=utf-8', 'X-Accel-Buffering', 'no'];
  if (isChunked) headers.push('Transfer-Encoding', 'chunked');
  res.writeHead(200, [...headers, 'X-Request-Id', ctx.state.id, ...SECURITY_HEADERS]);
  res.on('drain', onReady);
  req.socket.on('drain', onReady);
  const over = closed(res).then(() => void req.socket.off('drain', onReady));
  let isBegun = false;
  return {
    write({ bytes, chunk }) {
      // Past `res.write`, which sends the frame of each chunk apart: of a thousand streams that is a third of the work.
      if (isBegun && isChunked && res.socket !== null && !res.writableEnded) return res.socket.write(chunk);
      isBegun = true; // the headers leave with the first
      return res.write(bytes);
    },
    end: () => res.end(),
    cut: () => res.destroy(),
    over,
  };
}

function closed(res: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    res.once('close', resolve);
    if (res.destroyed) resolve();
  });
}

/** Text as it is written to streams. */
export function pieceOf(text: string): StreamPiece {
  const bytes = Buffer.from(text);
  const head = `${bytes.byteLength.toString(16)}\r\n`;
  const chunk = Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n')]);
  return { chunk, bytes: chunk.subarray(head.length, -2) };
}

/** One event; neither text has a line break. */
export function eventText(event: string, data: string, id: string): string {
  return `event: ${event}\ndata: ${data}\nid: ${id}\n\n`;
}

/** Where to go on, without an event. */
export function idText(id: string): string {
  return `id: ${id}\n\n`;
}

/** What nobody is told, for proxies that close what is silent. */
export const COMMENT = pieceOf(':\n\n');
