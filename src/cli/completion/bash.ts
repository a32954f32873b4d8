import { commandPaths, type Place, spelled, valuedOptions } from './places.ts';

/** The script for bash. Where it knows nothing, bash completes names of files. */
export function bashScript(places: readonly Place[]): string {
  const cases = places.map(({ path, commands, options, choices }) => {
    return `    '${path}') choices='${spelled([...commands, ...choices])}' options='${spelled(options)}' ;;`;
  });
  const valued = places.flatMap(place => valuedOptions(place).map(word => `'${place.path}:${word}'`));
  return `# keybin: completion for bash
_keybin() {
  local place='' choices='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    [[ \${COMP_WORDS[i]} == -- ]] && return
    case "$place \${COMP_WORDS[i]}" in
    ${commandPaths(places)}) place="$place \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$place:\${COMP_WORDS[COMP_CWORD-1]}" in
    ${valued.join('|') || "'='"}) return ;;
  esac
  case $place in
${cases.join('\n')}
  esac
  [[ \${COMP_WORDS[COMP_CWORD]} == -* ]] && choices=$options
  COMPREPLY=($(compgen -W "$choices" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _keybin keybin
`;
}
