import type { Command } from 'commander';
import type { Info } from '../../client/index.ts';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { type Field, printFields } from '../output.ts';
import { connect } from '../session.ts';
import { absent } from './options.ts';

/** `keybin info`. */
export function info(context: Context, making: Making): Command {
  return define(
    'info',
    'Shows what is known of a value: type, size, ETag, times (UTC) and what was stored with it by --meta.',
    [
      ['shows it', 'info greeting'],
      ['takes the ETag for a condition', 'set greeting hi --if-match "$(keybin info greeting --json | jq -r .etag)"'],
    ],
    making,
  )
    .argument('<key>', 'of which value')
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (key: string, options: { json?: boolean; profile?: string }) => {
      const { client } = await connect(context, options);
      const found = await client.info(key, { signal: context.signal });
      if (!found) throw absent(key);
      await printFields(context, options, infoFields(found));
    });
}

/** What is shown of a value. */
export function infoFields({
  key,
  contentType,
  size,
  etag,
  createdAt,
  updatedAt,
  expiresAt,
  meta,
}: Info): Record<string, Field> {
  return {
    key,
    content_type: contentType,
    size,
    etag,
    created_at: createdAt,
    updated_at: updatedAt,
    expires_at: expiresAt,
    meta,
  };
}
