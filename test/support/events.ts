/** A client of server-sent events, as tests need one. */

import http from 'node:http';

/** One event. */
export interface Told {
  readonly event: string;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
  readonly data: any;
}

/** A stream that is read. */
export interface Stream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** What came so far. */
  readonly events: Told[];
  readonly comments: number;
  /** The last `id:`. */
  readonly id: string;
  /** Resolves when so many events are there, or it fails. */
  until(count: number): Promise<Told[]>;
  /** Resolves with whether it ended as a whole answer. */
  readonly over: Promise<boolean>;
  /** Reads nothing any more. */
  pause(): void;
  /** Reads again. */
  resume(): void;
  close(): void;
}

/** Opens a stream. */
export function openStream(url: string, headers: Record<string, string>): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const req = http.get(url, { headers: { Accept: 'text/event-stream', ...headers }, agent: false });
    req.on('error', reject);
    req.on('response', res => resolve(streamOf(res, req)));
  });
}

function streamOf(res: http.IncomingMessage, req: http.ClientRequest): Stream {
  const events: Told[] = [];
  const waiting: { count: number; resolve: (events: Told[]) => void; reject: (error: Error) => void }[] = [];
  const state = { id: '', comments: 0, rest: '' };
  const settle = () => {
    for (const one of [...waiting]) {
      if (events.length < one.count) continue;
      waiting.splice(waiting.indexOf(one), 1);
      one.resolve(events);
    }
  };
  res.setEncoding('utf8');
  res.on('data', (text: string) => {
    const blocks = (state.rest + text).split('\n\n');
    state.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      if (block.startsWith(':')) state.comments++;
      state.id = fields.get('id') ?? state.id;
      const data = fields.get('data');
      if (data !== undefined) events.push({ event: fields.get('event') ?? '', id: state.id, data: JSON.parse(data) });
    }
    settle();
  });
  const over = new Promise<boolean>(resolve => {
    res.on('end', () => resolve(res.complete));
    res.on('error', () => resolve(false));
    res.on('close', () => {
      resolve(false);
      for (const one of waiting) one.reject(new Error(`the stream is over after ${events.length} events`));
    });
  });
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    events,
    get comments() {
      return state.comments;
    },
    get id() {
      return state.id;
    },
    until: count =>
      new Promise((resolve, reject) => {
        waiting.push({ count, resolve, reject });
        settle();
      }),
    over,
    pause: () => void res.pause(),
    resume: () => void res.resume(),
    close: () => void req.destroy(),
  };
}
