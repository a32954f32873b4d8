import { describe, expect, it } from 'vitest';
import { HELP, readArguments, UsageError } from '../../src/config/arguments.ts';

function usageError(...args: string[]): UsageError {
  try {
    readArguments(args, ['user', 'token']);
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
    expect(readArguments(args)).toEqual({ flags: expect.anything(), ...expected });
  });

  it.each([
    [[], { adminPassStdin: false }],
    [['--admin-user', 'root', '--admin-pass', 's3cret'], { adminUser: 'root', adminPass: 's3cret' }],
    [['--admin-pass=-s3cret'], { adminPass: '-s3cret' }],
    [['--admin-pass-file=./secret'], { adminPassFile: './secret' }],
    [['--admin-pass-stdin', '--check-config'], { adminPassStdin: true }],
    [
      ['--listen', '::', '--port', '47732', '--data', './server-data'],
      { listen: '::', port: '47732', data: './server-data' },
    ],
    [['--listen=0.0.0.0', '--port=0', '--data=-x'], { listen: '0.0.0.0', port: '0', data: '-x' }],
  ])('%j gives options', (args, expected) => {
    expect(readArguments(args).flags).toEqual({ adminPassStdin: false, ...expected });
  });

  it.each([
    [['--confg', 'a.cfg'], 'unknown option "--confg"; did you mean --config?'],
    [['--check'], 'unknown option "--check"'],
    [['--chek-config'], 'did you mean --check-config?'],
    [['-v'], 'unknown option "-v"'],
    [['--no-config'], 'unknown option "--no-config"'],
    [['--constructor'], 'unknown option "--constructor"'],
    [
      ['--workers', '2'],
      'unknown option "--workers"; it is set in the file as [APP] workers, or as KEYBIN_APP_WORKERS',
    ],
    [['--prot', '8080'], 'unknown option "--prot"; did you mean --port?'],
    [['--listen'], '--listen needs an IP address or a host name'],
    [['--port', '--data'], '--port needs a number'],
    [['--port', '-1'], '--port needs a number'],
    [['--port=1', '--port=2'], '--port is given twice'],
    [['--data='], '--data needs the path of a folder'],
    [
      ['--data', 'file:./data'],
      '--data needs the path of a folder; what begins as this does is set in the file as [STORE] host, or as KEYBIN_STORE_HOST',
    ],
    [['--data=mongodb+srv://db/'], '--data needs the path of a folder; what begins as'],
    [['--token-expiration=3'], 'as [STORE] token_expiration, or as KEYBIN_STORE_TOKEN_EXPIRATION'],
    [['store.cfg'], 'unexpected argument "store.cfg"; a file is given as --config FILE'],
    [['--', 'store.cfg'], 'unexpected argument "store.cfg"'],
    [['usr', 'ls'], 'unexpected argument "usr"; a file is given as --config FILE; did you mean user?'],
    [['--config'], '--config needs the path of a file'],
    [['--config='], '--config needs the path of a file'],
    [['--config', '--check-config'], '--config needs the path of a file'],
    [['--config=a', '--config=b'], '--config is given twice'],
    [['--check-config=yes'], '--check-config takes no value'],
    [['--admin-user'], '--admin-user needs a name'],
    [['--admin-user='], '--admin-user needs a name'],
    [['--admin-pass', '--check-config'], '--admin-pass needs a password'],
    [['--admin-pass-file'], '--admin-pass-file needs the path of a file'],
    [['--admin-pass-stdin=yes'], '--admin-pass-stdin takes no value'],
    [['--admin-user=a', '--admin-user=b'], '--admin-user is given twice'],
    [['--admin-usr=a'], 'did you mean --admin-user?'],
    [['--username=a'], 'it is set in the file as [ADMIN] username, or as KEYBIN_ADMIN_USERNAME'],
    [
      ['--admin-pass=a', '--admin-pass-stdin'],
      '--admin-pass and --admin-pass-stdin are given together; expected one of them',
    ],
    [
      ['--admin-pass-stdin', '--admin-pass-file=a', '--admin-pass=a'],
      '--admin-pass and --admin-pass-file and --admin-pass-stdin are given together; expected one of them',
    ],
  ])('%j is refused: %s', (args, message) => {
    expect(usageError(...args).message).toContain(message);
  });

  it.each([
    ['--admin-pass', 'first', 's3cret'],
    ['--admin-pas', 's3cret'],
    ['--password', 's3cret'],
    ['--admin-pas=s3cret'],
    ['--admin-pass', '-s3cret'],
    ['--admin-pass=s3cret', '--admin-pass=s3cret'],
    ['--admin-pass-stdin=s3cret'],
    ['--data', 'mongodb://ann:s3cret@db/'],
    ['--data=mongodb://ann:s3cret@db/'],
    ['--prot=s3cret'],
  ])('a password is not repeated: %s %s %s', (...args) => {
    expect(usageError(...args).message).not.toContain('s3cret');
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
    const admin = ['--admin-user NAME', '--admin-pass PASSWORD', '--admin-pass-file FILE', '--admin-pass-stdin'];
    const place = ['--listen ADDRESS', '--port N', '--data FOLDER'];
    for (const flag of ['--config FILE', '--check-config', '--help', '--version', ...place, ...admin]) {
      expect(HELP).toContain(flag);
    }
  });
});
