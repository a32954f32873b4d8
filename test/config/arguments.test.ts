import { describe, expect, it } from 'vitest';
import { HELP, readArguments, UsageError } from '../../src/config/arguments.ts';

function usageError(...args: string[]): UsageError {
  try {
    readArguments(args);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('the command line was accepted');
}

describe('readArguments', () => {
  it.each([
    [[], { action: 'serve' }],
    [['--config', 'a.cfg'], { action: 'serve', config: 'a.cfg' }],
    [['--config=a.cfg', '--check-config'], { action: 'check-config', config: 'a.cfg' }],
    [['--config=-a.cfg'], { action: 'serve', config: '-a.cfg' }],
    [['--check-config'], { action: 'check-config' }],
    [['--version', '--check-config'], { action: 'version' }],
    [['--help', '--version', '--unknown'], { action: 'help' }],
    [['-h'], { action: 'help' }],
  ])('%j', (args, expected) => {
    expect(readArguments(args)).toEqual(expected);
  });

  it.each([
    [['--confg', 'a.cfg'], 'unknown option "--confg"; did you mean --config?'],
    [['--check'], 'unknown option "--check"'],
    [['--chek-config'], 'did you mean --check-config?'],
    [['-v'], 'unknown option "-v"'],
    [['--no-config'], 'unknown option "--no-config"'],
    [['--constructor'], 'unknown option "--constructor"'],
    [['--port', '8080'], 'unknown option "--port"; it is set in the file as [APP] port, or as KEYBIN_APP_PORT'],
    [['--token-expiration=3'], 'as [STORE] token_expiration, or as KEYBIN_STORE_TOKEN_EXPIRATION'],
    [['store.cfg'], 'unexpected argument "store.cfg"; a file is given as --config FILE'],
    [['--', 'store.cfg'], 'unexpected argument "store.cfg"'],
    [['--config'], '--config needs the path of a file'],
    [['--config='], '--config needs the path of a file'],
    [['--config', '--check-config'], '--config needs the path of a file'],
    [['--config=a', '--config=b'], '--config is given twice'],
    [['--check-config=yes'], '--check-config takes no value'],
  ])('%j is refused: %s', (args, message) => {
    expect(usageError(...args).message).toContain(message);
  });

  it('a wrong command line names every problem, points to --help and ends with exit code 2', () => {
    const error = usageError('--confg', 'a');
    expect(error.exitCode).toBe(2);
    expect(error.message.split('\n')).toEqual([
      'unknown option "--confg"; did you mean --config?',
      'unexpected argument "a"; a file is given as --config FILE',
      'Try: keybin-server --help',
    ]);
  });
});

describe('the help', () => {
  it('fits a terminal and names every option', () => {
    for (const line of HELP.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    for (const flag of ['--config FILE', '--check-config', '--help', '--version']) expect(HELP).toContain(flag);
  });
});
