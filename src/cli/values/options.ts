/** What commands for values have in common. */

import { InvalidArgumentError, Option } from 'commander';
import { EXIT } from '../../terminal/exit-codes.ts';
import { seconds } from '../durations.ts';
import { Failure } from '../failure.ts';

/** How long a value lives. */
export function ttlOption(does = 'it is gone after so long, such as 90s, 5m, 12h or 30d'): Option {
  return new Option('--ttl <duration>', does).argParser(seconds);
}

/** A condition on what is there. */
export function ifMatchOption(): Option {
  return new Option('--if-match <etag>', 'only while the value has this ETag (keybin info shows it)').argParser(quoted);
}

/** `--meta name=value`, any number of them. */
export function metaOption(): Option {
  return new Option('--meta <name=value>', 'goes with the value; may be given several times').argParser(
    (text: string, before: Record<string, string> = {}) => {
      const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([\x20-\x7e]*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new InvalidArgumentError('expected name=value in printable ASCII.');
      return { ...before, [name]: value };
    },
  );
}

/** There is no value of this key. */
export function absent(key: string): Failure {
  return new Failure(EXIT.absent, `there is no ${key}; keybin ls lists what there is`);
}

/** An ETag as the header has it: shells take the quotes away. */
function quoted(etag: string): string {
  return etag === '*' || etag.includes('"') ? etag : `"${etag}"`;
}
