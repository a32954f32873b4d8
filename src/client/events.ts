/** Server-sent events (the HTML standard, section 9.2), of a stream that must not be silent. */

import { KeybinError } from './errors.ts';

/** What lies between two empty lines. */
export interface ServerEvent {
  readonly data: string;
  /** Where to go on behind it. */
  readonly id: string | undefined;
}

/**
 * The events of a stream, and an empty one for each sign of life. Throws `KeybinError` (code `timeout`) after `silence` milliseconds without
 * a byte: a connection may be dead and nobody told.
 */
export async function* eventsOf(
  stream: ReadableStream<Uint8Array>,
  silence: number,
): AsyncGenerator<ServerEvent, void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await within(silence, reader.read());
      if (done) return;
      const blocks = (text + decoder.decode(value, { stream: true })).split(/\r?\n\r?\n/);
      text = blocks.pop() ?? '';
      for (const block of blocks) yield eventOf(block);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function eventOf(block: string): ServerEvent {
  const fields: { data?: string; id?: string } = {};
  for (const line of block.split(/\r?\n/)) {
    const [, name, value = ''] = /^(data|id): ?(.*)$/.exec(line) ?? [];
    if (name === 'id') fields.id = value;
    if (name === 'data') fields.data = fields.data === undefined ? value : `${fields.data}\n${value}`;
  }
  return { data: fields.data ?? '', id: fields.id };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silent = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KeybinError('the stream is silent', { code: SILENT })), ms);
  });
  try {
    return await Promise.race([work, silent]);
  } finally {
    clearTimeout(timer);
  }
}

const SILENT = 'timeout';
