import type { Command } from 'commander';
import type { TokenInfo } from '../../client/index.ts';
import type { Column } from '../../terminal/table.ts';
import { define, jsonOption, type Making, profileOption } from '../command.ts';
import type { Context } from '../context.ts';
import { printRows } from '../output.ts';
import { connect } from '../session.ts';

const COLUMNS: readonly Column<TokenInfo>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'NAME', of: ({ name, clientId }) => name ?? clientId ?? undefined },
  { title: 'EXPIRES', of: ({ expiresAt }) => expiresAt },
  { title: 'LAST USED', of: ({ lastUsedAt }) => lastUsedAt ?? undefined },
  { title: 'USES LEFT', of: ({ usesLeft }) => usesLeft ?? undefined },
  { title: 'SCOPES', of: ({ scopes }) => scopes.join(' ') },
];

/** `keybin token ls`. */
export function tokenLs(context: Context, making: Making): Command {
  return define(
    'ls',
    'Lists every live token of the account, those of the original API too.',
    [
      ['lists them', 'token ls'],
      ['their names, for a program', "token ls --json | jq -r '.[].name'"],
    ],
    making,
  )
    .summary('lists them')
    .addOption(jsonOption())
    .addOption(profileOption())
    .action(async (options: { json?: boolean; profile?: string }) => {
      const { client } = await connect(context, options);
      await printRows(context, options, client.tokens.all({ signal: context.signal }), COLUMNS, present);
    });
}

/** A token as the API has it. */
function present({ id, name, clientId, scopes, createdAt, lastUsedAt, expiresAt, usesLeft, kind }: TokenInfo): unknown {
  const moments = { created_at: createdAt, last_used_at: lastUsedAt, expires_at: expiresAt };
  return { id, name, client_id: clientId, scopes, ...moments, uses_left: usesLeft, kind };
}
