import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import { SECURITY_HEADERS } from './edge/security-headers.ts';

/** A stream of server-sent events (the HTML standard, section 9.2) under way. */
export interface EventStream {
  /** Writes what {@link eventText} and the like make. Returns false when it is to be waited for `onReady`. */
  write(text: string | Uint8Array): boolean;
  /** Ends it as a whole answer. */
  end(): void;
  /** Cuts the connection, whatever is still on its way. */
  cut(): void;
  /** Resolves when it is over, whoever ended it. */
  readonly over: Promise<void>;
}

/** Begins the answer. `onReady` is called when the client has taken what was written. Proxies are asked not to hold it back. */
export function openEventStream(ctx: Context, onReady: () => void): EventStream {
  const { res } = ctx;
  ctx.respond = false;
  const headers = ['Content-Type', 'text/event-stream; charset=utf-8', 'X-Accel-Buffering', 'no'];
  res.writeHead(200, [...headers, 'X-Request-Id', ctx.state.id, ...SECURITY_HEADERS]);
  res.on('drain', onReady);
  return {
    write: text => res.write(text),
    end: () => res.end(),
    cut: () => res.destroy(),
    over: closed(res),
  };
}

function closed(res: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    res.once('close', resolve);
    if (res.destroyed) resolve();
  });
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
export const COMMENT = ':\n\n';
