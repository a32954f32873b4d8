/** `keybin-server config`: the configuration in force, and a file to begin with. */

import { writeFile } from 'node:fs/promises';
import { loadConfig } from '../../config/load.ts';
import { renderEffective, renderExample, valuesInForce } from '../../config/render/render.ts';
import { CommandError } from './command-error.ts';
import { type Common, type Define, framed } from './frame.ts';
import { tryPlugins } from './try-plugins.ts';

/** Adds the command. */
export const define: Define = program => {
  const config = program
    .command('config')
    .description('print the values in force, secrets masked, as --check-config does')
    .helpCommand(false);
  framed(config, [
    ['config --config /etc/keybin/store.cfg', 'Is this file right, and what does it mean?'],
    ['config --json', 'Each option with its value and where it was given, for a program.'],
  ]).action(async (options: Common) => {
    const { config, origins, warnings } = await loadConfig({ file: options.config, environment: process.env });
    for (const warning of warnings) console.error(`warning: ${warning}`);
    await tryPlugins(config);
    const text = options.json
      ? `${JSON.stringify(valuesInForce(config, origins))}\n`
      : renderEffective(config, origins);
    process.stdout.write(text);
  });
  const init = config
    .command('init')
    .description('write a configuration file with every option, its meaning and its default, all switched off')
    .argument('[file]', 'a new file, for its owner only; - prints it', 'store.cfg');
  framed(
    init,
    [
      ['config init', 'Writes ./store.cfg.'],
      ['config init - | less', 'What can be set?'],
    ],
    { json: false },
  ).action(async (file: string) => {
    if (file === '-') return void process.stdout.write(renderExample());
    await writeFile(file, renderExample(), { flag: 'wx', mode: 0o600 }).catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EEXIST' ? `${file} is there already: name another file, or -` : error.message;
      throw new CommandError(reason, undefined, { cause: error });
    });
    console.error(`${file} is written: take the # away from what you want to change`);
  });
};
