/** `keybin-server unlock`: lets somebody in again who is refused for guessing. */

import { isIP } from 'node:net';
import { liftLockout } from '../../../core/admin/lockouts.ts';
import { answer, type Common, type Define, framed } from '../frame.ts';
import { withCore } from '../with-core.ts';
import { commandLine } from './deed.ts';

/** Adds the command. */
export const define: Define = program => {
  const unlock = program
    .command('unlock')
    .description('let somebody in again who is refused for too many wrong passwords')
    .argument('<who>', 'a name or e-mail, or an IP address')
    .option('--address <ip>', 'of a name: at this address; without it, at those from which somebody failed lately');
  framed(unlock, [
    ['unlock ann', 'Ann may try again.'],
    ['unlock 203.0.113.7', 'So may everybody at this address.'],
  ]).action((who: string, options: Common & { address?: string }) =>
    withCore(options, async core => {
      const isAddress = options.address === undefined && isIP(who) !== 0;
      const asked = isAddress ? { who: '', address: who } : { who, address: options.address ?? '' };
      const cleared = await liftLockout(core, asked, commandLine(core));
      answer(options, { cleared }, cleared === 0 ? `nothing kept ${who} out` : `${who} may try again`);
    }),
  );
};
