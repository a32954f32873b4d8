/** Mails as somebody receives them: read from their source, as far as a plain text needs it. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A mail that was read. */
export interface ReadMail {
  /** The bare address, as the header has it. */
  readonly to: string;
  readonly subject: string;
  /** Lines end with `\n`. */
  readonly text: string;
  /** The whole source. */
  readonly raw: string;
  /** Every header, unfolded and not decoded, by its name in lower case. Throws when one comes twice. */
  header(name: string): string | undefined;
}

/** The mails in a folder in the order of their names; none when there is no folder. */
export async function readMails(folder: string): Promise<ReadMail[]> {
  const names = await readdir(folder).catch(error => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = names.filter(name => name.endsWith('.eml')).sort();
  return Promise.all(files.map(async name => readMail(await readFile(join(folder, name)))));
}

/** Reads one mail. Throws when it is in a form that is not known here. */
export function readMail(source: Uint8Array): ReadMail {
  const bytes = Buffer.from(source);
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) throw new Error('no empty line ends the headers');
  const head = bytes.subarray(0, end).toString('latin1');
  const headers = head
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .map(line => {
      const [, name, value = ''] = /^([!-9;-~]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined) throw new Error(`no header: ${JSON.stringify(line)}`);
      return [name.toLowerCase(), value] as const;
    });
  const header = (name: string) => {
    const found = headers.filter(([other]) => other === name);
    if (found.length > 1) throw new Error(`${name} comes ${found.length} times`);
    return found[0]?.[1];
  };
  const text = decodeBody(bytes.subarray(end + 4), header('content-transfer-encoding') ?? '7bit');
  return {
    to: decodeWords(header('to') ?? '').replace(/^<(.*)>$/, '$1'),
    subject: decodeWords(header('subject') ?? ''),
    text: text.replaceAll('\r\n', '\n'),
    raw: bytes.toString('utf8'),
    header,
  };
}

function decodeBody(body: Buffer, encoding: string): string {
  switch (encoding.toLowerCase()) {
    case '7bit':
    case '8bit':
      return body.toString('utf8');
    case 'base64':
      return Buffer.from(body.toString('latin1'), 'base64').toString('utf8');
    case 'quoted-printable':
      return decodeHex(body.toString('latin1').replace(/=\r\n/g, '')).toString('utf8');
    default:
      throw new Error(`the encoding ${encoding} is not known here`);
  }
}

/** RFC 2047: white space between two encoded words is none. A letter of several bytes may be spread over two. */
function decodeWords(value: string): string {
  const joined = value.replace(/(=\?[^?]+\?[BQ]\?[^?]*\?=)\s+(?==\?[^?]+\?[BQ]\?)/gi, '$1');
  return joined.replace(/(?:=\?utf-8\?[BQ]\?[^?]*\?=)+/gi, words =>
    Buffer.concat(
      [...words.matchAll(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi)].map(([, kind, text = '']) =>
        kind?.toUpperCase() === 'B' ? Buffer.from(text, 'base64') : decodeHex(text.replaceAll('_', ' ')),
      ),
    ).toString('utf8'),
  );
}

/** `=` and two hex digits are a byte, every other character is one itself. */
function decodeHex(text: string): Buffer {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}
