import { commandPaths, type Place, type Word } from './places.ts';

/** The script for zsh, to be sourced or to lie as `_keybin` in a folder of `fpath`. */
export function zshScript(places: readonly Place[]): string {
  const cases = places.map(({ path, commands, options, choices }) => {
    return `    ('${path}') choices=(${[...commands, ...choices, ...options].map(described).join(' ')}) ;;`;
  });
  return `#compdef keybin
# keybin: completion for zsh
_keybin() {
  local place='' i
  local -a choices
  for ((i = 2; i < CURRENT; i++)); do
    case "$place \${words[i]}" in
    (${commandPaths(places)}) place="$place \${words[i]}" ;;
    esac
  done
  case $place in
${cases.join('\n')}
  esac
  _describe keybin choices || _files
}
if [[ \${funcstack[1]} == _keybin ]]; then _keybin "$@"; else compdef _keybin keybin; fi
`;
}

function described({ word, does }: Word): string {
  const text = does === '' ? word : `${word}:${does.replaceAll(':', '\\:')}`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
