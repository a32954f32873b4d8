import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MailError } from '../../src/base/errors.ts';
import type { Mail } from '../../src/base/mail.ts';
import { createMailer } from '../../src/mail/mailer.ts';
import { readMails } from '../support/mails.ts';

const MAIL: Mail = {
  to: 'bob@example.org',
  subject: 'Подтвердите адрес',
  text: 'Здравствуйте!\n\nhttps://keybin.example.org/api/v1/auth/confirm?token=0123456789abcdef0123456789abcdef0123456789abcdef\n',
};

/** A folder that is not there yet, below one of the test's own. */
async function outbox(): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'keybin-outbox-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return join(parent, 'mails', 'outbox');
}

const mailerInto = (directory: string) =>
  createMailer(() => ({ url: '', directory, from: 'Keybin <keybin@k.example>' }));

describe('without a server', () => {
  it('a mail becomes a file, and its path is what the log may say', async () => {
    const directory = await outbox();
    const file = await mailerInto(directory).deliver(MAIL);
    expect(dirname(file)).toBe(directory);
    expect(relative(directory, file)).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z-[0-9a-f]{12}\.eml$/);
    const [mail, ...more] = await readMails(directory);
    expect(more).toEqual([]);
    expect(mail).toMatchObject(MAIL);
    expect(mail?.header('from')).toBe('Keybin <keybin@k.example>');
    expect(mail?.header('message-id')).toMatch(/^<[\w-]{36}@k\.example>$/);
    expect(Math.abs(Date.parse(mail?.header('date') ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('its text can be read in the file as it is, links included, with line breaks as mails have them', async () => {
    const file = await mailerInto(await outbox()).deliver(MAIL);
    const source = await readFile(file, 'utf8');
    expect(source.match(/^Content-.*$/gim)).toEqual([
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
    ]);
    expect(source).toContain(`\r\n\r\n${MAIL.text.replaceAll('\n', '\r\n')}`);
    expect(source.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  it('a header cannot be smuggled in by subject or recipient', async () => {
    const directory = await outbox();
    const mailer = mailerInto(directory);
    await mailer.deliver({ ...MAIL, subject: 'Hello\r\nBcc: eve@example.org\r\n\r\nanother text' });
    await mailer.deliver({ ...MAIL, to: 'bob@example.org\r\nBcc: eve@example.org' });
    const mails = await readMails(directory);
    expect(mails).toHaveLength(2);
    for (const { header, text } of mails) expect([header('bcc'), text]).toEqual([undefined, MAIL.text]);
  });

  it.skipIf(process.platform === 'win32')('only the server may read folder and file', async () => {
    const file = await mailerInto(await outbox()).deliver(MAIL);
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect([await mode(file), await mode(dirname(file)), await mode(dirname(dirname(file)))]).toEqual([
      '600',
      '700',
      '700',
    ]);
  });

  it('files sort in the order of sending, however fast', async () => {
    const directory = await outbox();
    const mailer = mailerInto(directory);
    const subjects = Array.from({ length: 50 }, (_, i) => `mail ${i}`);
    await Promise.all(subjects.map(subject => mailer.deliver({ ...MAIL, subject })));
    expect((await readMails(directory)).map(({ subject }) => subject)).toEqual(subjects);
  });

  it('whoever looks meanwhile finds whole files only, and nothing else is left in the end', async () => {
    const directory = await outbox();
    const mailer = mailerInto(directory);
    const text = 'a line of text\n'.repeat(20_000);
    let sending = true;
    const sent = Promise.all(Array.from({ length: 20 }, () => mailer.deliver({ ...MAIL, text }))).finally(() => {
      sending = false;
    });
    while (sending) {
      for (const mail of await readMails(directory)) expect(mail.text).toHaveLength(text.length);
    }
    const files = await sent;
    expect(files).toHaveLength(20);
    expect((await readdir(directory)).map(name => join(directory, name)).sort()).toEqual([...files].sort());
  });

  it('a relative folder begins at the working directory', async () => {
    const directory = relative(process.cwd(), await outbox());
    const file = await mailerInto(directory).deliver(MAIL);
    expect(isAbsolute(file)).toBe(true);
    expect(await readMails(directory)).toHaveLength(1);
  });

  it('the folder counts as it is at the moment of sending', async () => {
    const [one, two] = [await outbox(), await outbox()];
    let directory = one;
    const mailer = createMailer(() => ({ url: '', directory, from: 'keybin@k.example' }));
    await mailer.deliver(MAIL);
    directory = two;
    await mailer.deliver(MAIL);
    expect([await readMails(one), await readMails(two)].map(mails => mails.length)).toEqual([1, 1]);
  });

  it('what cannot be written is a failure that names the folder and the reason', async () => {
    const directory = await outbox();
    await mkdir(dirname(directory));
    await writeFile(directory, 'a file');
    const error = await mailerInto(directory)
      .deliver(MAIL)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MailError);
    expect(String(error)).toContain(`cannot write into the folder ${directory}: ENOTDIR`);
    expect(String(error)).not.toContain('bob');
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'a folder without permission is a failure too',
    async () => {
      const directory = await outbox();
      await mkdir(directory, { recursive: true });
      await chmod(directory, 0o500);
      await expect(mailerInto(directory).deliver(MAIL)).rejects.toThrow('EACCES');
    },
  );
});
