import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { newFolder } from './at-server.ts';
import { shell } from './keybin.ts';

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What is typed, and what is offered for its last word; `files`: names of files are. */
const CASES = [
  ['keybin token ', ['new', 'ls', 'rm', 'renew']],
  ['keybin completion ', ['bash', 'zsh', 'fish']],
  ['keybin token ls --', ['--json', '--profile', '--help']],
  ['keybin token ls ', ['files']],
  ['keybin get -o ', ['files']],
  ['keybin lock k -- ', ['files']],
] as const;

/** The words of a line, as the shell is to have them. */
const quoted = (line: string) =>
  line
    .split(' ')
    .map(word => `'${word}'`)
    .join(' ');

describe('completion', () => {
  it('in bash offers commands and arguments, behind a dash options, and files elsewhere', async () => {
    const line = `_keybin; [[ $COMPREPLY ]] || COMPREPLY=(files); echo "\${COMPREPLY[@]}"`;
    const lines = CASES.map(
      ([typed]) => `COMP_WORDS=(${quoted(typed)}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); ${line}`,
    );
    const ran = await shell(['source <(keybin completion bash)', ...lines].join('\n'));
    expect(ran.stderr).toBe('');
    expect(offered(ran.stdout)).toEqual(expected());
  });

  it('in zsh does the same', async ({ skip }) => {
    skip(!has('zsh'), 'there is no zsh here');
    // Of zsh's own system only what is called is put in its place: it narrows what is offered, and shows it.
    const own = `compdef() {}; _files() { print files }; _describe() { print -r -- \${\${(P)@[-1]}%%:*} }`;
    const lines = CASES.map(([typed]) => `words=(${quoted(typed)}); CURRENT=\${#words}; _keybin`);
    const folder = await newFolder();
    const ran = await shell(`keybin completion zsh > '${folder}/script'; zsh -fc "$SCRIPT"`, {
      environment: { SCRIPT: [own, `source '${folder}/script'`, ...lines].join('\n') },
    });
    expect(ran.stderr).toBe('');
    expect(offered(ran.stdout).map(line => line.filter(word => !/^-.$/.test(word)))).toEqual(expected());
  });

  it('in fish does the same', async ({ skip }) => {
    skip(!has('fish'), 'there is no fish here');
    const folder = await newFolder();
    const lines = CASES.map(([line]) => `echo (complete -C '${line}' | string replace -r '\\t.*' '')`);
    const ran = await shell(
      `keybin completion fish > '${folder}/script'; cd '${folder}'; fish --no-config -c "$SCRIPT"`,
      { environment: { HOME: folder, SCRIPT: ['source script; rm script; touch files', ...lines].join('\n') } },
    );
    expect(ran.stderr).toBe('');
    expect(offered(ran.stdout)).toEqual(expected());
  });
});

/** Words of each line, in one order for all shells. */
const offered = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map(line => line.split(' ').sort());

const expected = () => CASES.map(([, offers]) => [...offers].sort());
