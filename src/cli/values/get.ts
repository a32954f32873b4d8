import type { Command } from 'commander';
import type { Value } from '../../client/index.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { Failure } from '../failure.ts';
import { connect } from '../session.ts';
import { absent } from './options.ts';
import { isForTerminal } from './text.ts';

interface Options {
  readonly output?: string;
  readonly json?: boolean;
  readonly profile?: string;
}

/** Bytes that are held in memory for being written. */
const AT_ONCE = 262_144;

/** `keybin get`. */
export function get(context: Context, making: Making): Command {
  return define(
    'get',
    'Writes a value to the standard output, byte by byte as it was stored. A terminal is given text only.',
    [
      ['shows a value', 'get greeting'],
      ['writes it to a file', 'get photos/cat.jpg -o cat.jpg'],
    ],
    making,
  )
    .argument('<key>', 'whose value')
    .option('-o, --output <file>', 'writes it to a file, all of it or nothing')
    .addOption(jsonOption().default(undefined))
    .addOption(profileOption())
    .action(async (key: string, options: Options) => {
      const { client } = await connect(context, options);
      const value = await client.get(key, { signal: context.signal });
      if (!value) throw absent(key);
      if (options.json) return printJson(context, value);
      if (options.output !== undefined && options.output !== '-') return toFile(value, options.output);
      if (context.stdout.isTerminal) return toTerminal(context, value);
      // One write is quicker than a stream, whose machinery has to be loaded.
      if (value.size <= AT_ONCE) return context.stdout.write(await value.bytes());
      for await (const chunk of value.stream as unknown as AsyncIterable<Uint8Array>) await context.stdout.write(chunk);
    });
}

async function toFile(value: Value, file: string): Promise<void> {
  const { replaceFile } = await import('../files.ts');
  await replaceFile(file, value.stream as unknown as AsyncIterable<Uint8Array>);
}

async function toTerminal({ stdout }: Context, value: Value): Promise<void> {
  const bytes = await value.bytes();
  if (!isForTerminal(bytes)) {
    throw new Failure(
      EXIT.failed,
      `${value.key} is no text (${bytes.length} bytes, ${value.contentType}), and a terminal is not the place for it; add -o FILE, or pipe it`,
    );
  }
  await stdout.write(bytes);
  if (bytes.at(-1) !== 0x0a) await stdout.write('\n');
}

async function printJson({ stdout }: Context, value: Value): Promise<void> {
  const { isUtf8 } = await import('node:buffer');
  const bytes = Buffer.from(await value.bytes());
  const { key, contentType, size, etag, expiresAt, meta } = value;
  const content = isUtf8(bytes) ? { value: bytes.toString() } : { value_base64: bytes.toString('base64') };
  await stdout.write(
    `${JSON.stringify({ key, content_type: contentType, size, etag, expires_at: expiresAt, meta, ...content })}\n`,
  );
}
