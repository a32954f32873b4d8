import type { Place } from './places.ts';

/** The script for fish. */
export function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options, choices }) => {
    const here = `complete -c keybin -n "__keybin_place '${path}'"`;
    return [
      ...[...commands, ...choices].map(({ word, does }) => `${here} -f -a ${word}${described(does)}`),
      ...options.map(({ word, does, takesValue }) => {
        const flag = word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
        return `${here} ${flag}${takesValue ? ' -r' : ''}${described(does)}`;
      }),
    ];
  });
  const paths = places.map(({ path }) => `'${path}'`).join(' ');
  return `# keybin: completion for fish
function __keybin_place
    set -l place ''
    for word in (commandline -opc)[2..]
        contains -- "$place $word" ${paths}; and set place "$place $word"
    end
    test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function described(does: string): string {
  return does === '' ? '' : ` -d '${does.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
