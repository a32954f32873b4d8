import { randomUUID } from 'node:crypto';
import { domainToASCII } from 'node:url';
import type { SendMailOptions } from 'nodemailer';
import type { Mail } from '../base/mail.ts';

/** A mail as nodemailer takes it. Its id has the domain of the sender and nothing of this machine. */
export function fieldsOf({ to, subject, text }: Mail, from: string): SendMailOptions {
  const domain = domainToASCII(/@([^@>]+)>?$/.exec(from)?.[1] ?? '') || 'localhost';
  return {
    from,
    to: { name: '', address: to }, // as an object it is one recipient, whatever it looks like
    subject,
    text,
    date: new Date(),
    messageId: `<${randomUUID()}@${domain}>`,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** The mail as a file. People read it and copy links from it: its text is there as it is, in UTF-8. */
export async function fileOf(mail: Mail, from: string): Promise<string> {
  const { createTransport } = await import('nodemailer');
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const { message } = await composer.sendMail(fieldsOf({ ...mail, text: '' }, from));
  const [head = ''] = String(message).split('\r\n\r\n', 1);
  const kept = head.split('\r\n').filter(line => !/^content-(type|transfer-encoding):/i.test(line));
  const plain = [...kept, 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'].join('\r\n');
  return `${plain}\r\n\r\n${mail.text.replace(/\r\n|\r|\n/g, '\r\n')}`;
}
