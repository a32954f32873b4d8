import { commandPaths, type Place, valuedOptions, type Word } from './places.ts';

/** The script for zsh, to be sourced or to lie as `_keybin` in a folder of `fpath`. Where it knows nothing, zsh completes names of files. */
export function zshScript(places: readonly Place[]): string {
  const cases = places.map(place => {
    const { path, commands, options, choices } = place;
    const lists = [
      `choices=(${[...commands, ...choices].map(described).join(' ')})`,
      `options=(${options.map(described).join(' ')})`,
      `valued=(${valuedOptions(place).join(' ')})`,
    ];
    return `    ('${path}') ${lists.join(' ')} ;;`;
  });
  return `#compdef keybin
# keybin: completion for zsh
_keybin() {
  local place='' i
  local -a choices options valued
  for ((i = 2; i < CURRENT; i++)); do
    if [[ \${words[i]} == -- ]]; then _files; return; fi
    case "$place \${words[i]}" in
    (${commandPaths(places)}) place="$place \${words[i]}" ;;
    esac
  done
  case $place in
${cases.join('\n')}
  esac
  if (( \${valued[(Ie)\${words[CURRENT-1]}]} )); then _files
  elif [[ \${words[CURRENT]} == -* ]]; then _describe -o option options
  elif (( \${#choices} )); then _describe keybin choices
  else _files
  fi
}
if [[ \${funcstack[1]} == _keybin ]]; then _keybin "$@"; else compdef _keybin keybin; fi
`;
}

function described({ word, does }: Word): string {
  const text = does === '' ? word : `${word}:${does.replaceAll(':', '\\:')}`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
