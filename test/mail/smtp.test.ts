import { createServer, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MailError } from '../../src/base/errors.ts';
import type { Mail, SmtpServer } from '../../src/base/mail.ts';
import { createMailer, type MailConfig } from '../../src/mail/mailer.ts';
import { startSmtp } from './smtp-server.ts';

const CONFIG: MailConfig = { url: '', directory: '/nonexistent', from: 'Keybin <keybin@k.example>' };
const MAIL: Mail = { to: 'bob@example.org', subject: 'Hello', text: 'Hello Bob,\nhow are you?\n' };

const deliver = (mail: Partial<Mail>, server?: SmtpServer, config: Partial<MailConfig> = {}) =>
  createMailer(() => ({ ...CONFIG, ...config })).deliver({ ...MAIL, ...mail }, server);

/** The message of the `MailError` that a delivery ends with. */
async function failure(delivery: Promise<string>): Promise<string> {
  const error = await delivery.then(
    where => new Error(`it went to ${where}`),
    (reason: unknown) => reason,
  );
  if (error instanceof MailError) return error.message;
  throw error;
}

/** Listens for the running test and does with a connection what it is told. */
async function listen(handle: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** A server that says these lines, one after each thing it is told. */
function script(lines: readonly string[]): Promise<number> {
  return listen(socket => {
    const rest = [...lines];
    const say = () => socket.write(`${rest.shift() ?? '500 no more to say'}\r\n`);
    say();
    socket.on('data', say);
  });
}

describe('a mail', () => {
  it('arrives with its sender, recipient, subject and text, and the log may say where', async () => {
    const smtp = await startSmtp();
    expect(await deliver({}, smtp.reach())).toBe(`smtp 127.0.0.1:${smtp.port}`);
    expect(smtp.taken).toMatchObject([
      {
        to: 'bob@example.org',
        subject: 'Hello',
        text: MAIL.text,
        sender: 'keybin@k.example',
        recipients: ['bob@example.org'],
        encrypted: false,
      },
    ]);
    const [{ header = () => '' } = {}] = smtp.taken;
    expect(header('from')).toBe('Keybin <keybin@k.example>');
    expect(header('content-type')).toBe('text/plain; charset=utf-8');
    expect(Math.abs(Date.parse(header('date') ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('in Cyrillic arrives as it was, with long lines, dots and a link', async () => {
    const smtp = await startSmtp();
    const link = `https://keybin.example.org/api/v1/auth/confirm?token=${'0123456789abcdef'.repeat(3)}`;
    const subject = `Подтвердите, пожалуйста, адрес вашей электронной почты на сервере «Кейбин» 🔑 ${'ё'.repeat(80)}`;
    const text = `Здравствуйте!\n\n${link}\n.\n..\n${'длинная строка '.repeat(100)}\nFrom a = b\n`;
    await deliver({ subject, text }, smtp.reach({ from: 'Кейбин, дом <keybin@k.example>' }));
    expect(smtp.taken).toMatchObject([{ subject, text, sender: 'keybin@k.example' }]);
    expect(smtp.taken[0]?.header('from')).toMatch(/^=\?UTF-8\?B\?[\w+/=]+\?= <keybin@k\.example>$/);
    expect(smtp.taken[0]?.header('subject')).toMatch(/^[ -~]+$/);
  });

  it('has an id with the domain of its sender, another each time, and nowhere in it the name of this machine', async () => {
    const smtp = await startSmtp();
    await deliver({}, smtp.reach());
    await deliver({}, smtp.reach({ from: 'keybin@почта.рф' }));
    const [one, two] = smtp.taken.map(({ header }) => header('message-id') ?? '');
    expect(one).toMatch(/^<[\w-]{36}@k\.example>$/);
    expect(two).toMatch(/^<[\w-]{36}@xn--80a1acny\.xn--p1ai>$/);
    expect(one?.slice(0, 37)).not.toBe(two?.slice(0, 37));
    const name = hostname();
    if (!'keybin@k.example bob@example.org hello'.includes(name)) expect(smtp.taken[0]?.raw).not.toContain(name);
  });

  it.each([
    ['subject', { subject: 'Hello\r\nBcc: eve@example.org\r\n\r\nanother text' }],
    ['subject', { subject: 'Hello\nBcc: eve@example.org' }],
    ['subject', { subject: 'Hello\rBcc: eve@example.org' }],
    ['recipient', { to: 'bob@example.org\r\nBcc: eve@example.org' }],
    ['recipient', { to: 'bob@example.org>\r\nRCPT TO:<eve@example.org' }],
    ['recipient', { to: 'bob@example.org, eve@example.org' }],
  ])('gets no header and no recipient from its %s: %j', async (_, mail) => {
    const smtp = await startSmtp();
    await deliver(mail, smtp.reach()).catch(error => expect(error).toBeInstanceOf(MailError));
    for (const { header, recipients, text } of smtp.taken) {
      expect(header('bcc')).toBeUndefined();
      expect(recipients).toHaveLength(1);
      expect(recipients).not.toContain('eve@example.org');
      expect(text).toBe(MAIL.text);
    }
    if ('subject' in mail) expect(smtp.taken).toHaveLength(1);
  });

  it('has no header from its sender', async () => {
    const smtp = await startSmtp();
    await deliver({}, smtp.reach({ from: 'Keybin\r\nBcc: eve@example.org <keybin@k.example>' }));
    expect(smtp.taken[0]?.header('bcc')).toBeUndefined();
    expect(smtp.taken[0]?.recipients).toEqual(['bob@example.org']);
  });
});

describe('a login', () => {
  it('that is right is used', async () => {
    const smtp = await startSmtp();
    await deliver({}, smtp.reach({ user: 'ann', password: 's3cret' }));
    expect(smtp.taken).toMatchObject([{ user: 'ann' }]);
  });

  it('that is wrong is a failure that says so and shows no password', async () => {
    const smtp = await startSmtp();
    const said = await failure(deliver({}, smtp.reach({ user: 'ann', password: 'wr0ng' })));
    expect(said).toMatch(new RegExp(`^smtp 127\\.0\\.0\\.1:${smtp.port}: Invalid login: 535 .*these are not right`));
    expect(said).not.toContain('wr0ng');
    expect(smtp.taken).toEqual([]);
  });

  it('that the server has no use for is a failure: somebody expects it to be used', async () => {
    const smtp = await startSmtp({ disabledCommands: ['AUTH'] });
    const said = await failure(deliver({}, smtp.reach({ user: 'ann', password: 's3cret' })));
    expect(said).toContain('Invalid login');
    expect(smtp.taken).toEqual([]);
  });

  it.each([
    ['as it is', 's3cret'],
    ['in base64', Buffer.from('s3cret').toString('base64')],
    ['as it was sent', Buffer.from('\0ann\0s3cret').toString('base64')],
  ])('is not shown by a server that repeats it %s', async (_, repeated) => {
    const port = await script(['220 h', '250-h\r\n250 AUTH PLAIN', `535 no, ${repeated} is wrong`]);
    const said = await failure(deliver({}, { ...(await startSmtp()).reach(), port, user: 'ann', password: 's3cret' }));
    expect(said).toBe(`smtp 127.0.0.1:${port}: it answered with the password, which is not shown`);
  });
});

describe('encryption', () => {
  it.each(['starttls', 'tls'] as const)('with %s is not given up for a certificate nobody signed', async security => {
    const smtp = await startSmtp({ secure: security === 'tls' });
    for (const host of ['127.0.0.1', 'localhost']) {
      const said = await failure(deliver({}, smtp.reach({ host, security, user: 'ann', password: 's3cret' })));
      expect(said).toMatch(/certificate/i);
    }
    expect(smtp.taken).toEqual([]);
  });

  it('with starttls is demanded: a server that offers none gets no mail', async () => {
    const smtp = await startSmtp({ disabledCommands: ['STARTTLS'] });
    const said = await failure(deliver({}, smtp.reach({ security: 'starttls', user: 'ann', password: 's3cret' })));
    expect(said).toMatch(/STARTTLS/);
    expect(smtp.taken).toEqual([]);
  });

  it('with none is not begun, even when it is offered', async () => {
    const smtp = await startSmtp();
    await deliver({}, smtp.reach({ security: 'none' }));
    expect(smtp.taken).toMatchObject([{ encrypted: false }]);
  });
});

describe('the url of the configuration', () => {
  it('names server, user and password, percent-encoded', async () => {
    const password = 'p@ss:/?#%ö';
    const smtp = await startSmtp({
      onAuth({ username, password: given }, _, done) {
        if (username === 'ann@example.org' && given === password) done(null, { user: username });
        else done(new Error('no'));
      },
    });
    const url = `smtp://ann%40example.org:${encodeURIComponent(password)}@127.0.0.1:${smtp.port}`;
    expect(await deliver({}, undefined, { url })).toBe(`smtp 127.0.0.1:${smtp.port}`);
    expect(smtp.taken).toMatchObject([{ user: 'ann@example.org', sender: 'keybin@k.example' }]);
  });

  it('is not used when a server is given; its sender is, where that has none', async () => {
    const smtp = await startSmtp();
    await deliver({}, smtp.reach(), { url: 'smtp://127.0.0.1:1' });
    await deliver({}, smtp.reach({ from: 'other@k.example' }), { url: 'smtp://127.0.0.1:1' });
    expect(smtp.taken.map(({ sender }) => sender)).toEqual(['keybin@k.example', 'other@k.example']);
  });

  it('counts as it is at the moment of sending', async () => {
    const smtp = await startSmtp();
    let url = 'smtp://127.0.0.1:1';
    const mailer = createMailer(() => ({ ...CONFIG, url }));
    url = `smtp://127.0.0.1:${smtp.port}`;
    await mailer.deliver(MAIL);
    expect(smtp.taken).toHaveLength(1);
  });

  it.each(['127.0.0.1', 'localhost'])('encrypts where it is offered; on %s anybody may have signed', async host => {
    const smtp = await startSmtp();
    await deliver({}, undefined, { url: `smtp://${host}:${smtp.port}` });
    const plain = await startSmtp({ disabledCommands: ['STARTTLS'] });
    await deliver({}, undefined, { url: `smtp://${host}:${plain.port}` });
    expect([...smtp.taken, ...plain.taken].map(({ encrypted }) => encrypted)).toEqual([true, false]);
  });

  // Linux and macOS connect to this machine, under a name that does not say so.
  it.skipIf(process.platform === 'win32')('takes no other certificate that nobody signed', async () => {
    const smtp = await startSmtp();
    expect(await failure(deliver({}, undefined, { url: `smtp://0.0.0.0:${smtp.port}` }))).toMatch(/certificate/i);
    const tls = await startSmtp({ secure: true });
    expect(await failure(deliver({}, undefined, { url: `smtps://127.0.0.1:${tls.port}` }))).toMatch(/certificate/i);
    expect([...smtp.taken, ...tls.taken]).toEqual([]);
  });
});

describe('a server', () => {
  it('that does not take the recipient is a failure with its reason and without the recipient', async () => {
    const smtp = await startSmtp({
      onRcptTo: ({ address }, _, done) => done(new Error(`<${address}> is not known here`)),
    });
    const said = await failure(deliver({}, smtp.reach()));
    expect(said).toContain('550 <(the recipient)> is not known here');
    expect(said).not.toContain('bob');
  });

  it('that does not take the mail is a failure with its reason, in one line', async () => {
    const port = await script(['220 h', '250 h', '250 ok', '250 ok', '354 go', '554-full\r\n554 up\u0007']);
    const said = await failure(deliver({}, (await startSmtp()).reach({ port })));
    expect(said).toMatch(/554/);
    expect(said).not.toMatch(/\p{Cc}/u);
  });

  it('that says very much is quoted shortened', async () => {
    const port = await script([`554 ${'no '.repeat(10_000)}`]);
    expect((await failure(deliver({}, (await startSmtp()).reach({ port })))).length).toBeLessThan(600);
  });

  it('that is down is a failure that says so', async () => {
    const port = await listen(socket => socket.destroy());
    expect(await failure(deliver({}, (await startSmtp()).reach({ port })))).toContain(`smtp 127.0.0.1:${port}: `);
    expect(await failure(deliver({}, (await startSmtp()).reach({ port: 1 })))).toBe(
      'smtp 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  it('whose name is not known is a failure that names it', async () => {
    const said = await failure(deliver({}, (await startSmtp()).reach({ host: 'mail.invalid', port: 25 })));
    expect(said).toContain('mail.invalid');
  });

  it.each([
    ['never greets', [], { connect: 200, answer: 5_000, whole: 5_000 }, 'Greeting never received'],
    ['falls silent', ['220 h'], { connect: 5_000, answer: 200, whole: 5_000 }, 'Timeout'],
    ['never ends', ['220 h'], { connect: 5_000, answer: 5_000, whole: 200 }, 'it did not end within 0.2 s'],
  ])('that %s is given up', async (_, lines, patience, reason) => {
    const port = await listen(socket => {
      for (const line of lines) socket.write(`${line}\r\n`);
      socket.resume();
    });
    const mailer = createMailer(() => CONFIG, patience);
    const said = await failure(mailer.deliver(MAIL, (await startSmtp()).reach({ port })));
    expect(said).toBe(`smtp 127.0.0.1:${port}: ${reason}`);
  });

  it('with an IPv6 address is named in brackets', async () => {
    const said = await failure(deliver({}, (await startSmtp()).reach({ host: '::1', port: 1 })));
    expect(said).toMatch(/^smtp \[::1\]:1: /);
    expect(await failure(deliver({}, undefined, { url: 'smtp://[::1]:1' }))).toMatch(/^smtp \[::1\]:1: /);
  });
});
