/** A client that sends a request in pieces. */

import { connect, type Socket } from 'node:net';

/** A connection on which bytes are sent as a test wants. */
export interface SlowClient {
  send(text: string): void;
  /** Everything that was answered so far. */
  readonly answered: string;
  /** Resolves when the server has ended the connection, with the milliseconds since it was opened. */
  readonly ended: Promise<number>;
  close(): void;
}

/** Opens a connection to a server. */
export async function slowClient(url: string): Promise<SlowClient> {
  const { hostname, port } = new URL(url);
  const opened = performance.now();
  const socket = await new Promise<Socket>((resolve, reject) => {
    const connecting = connect(Number(port), hostname, () => resolve(connecting));
    connecting.once('error', reject);
  });
  let answered = '';
  socket.setNoDelay(true);
  socket.setEncoding('utf8').on('data', text => {
    answered += text;
  });
  socket.on('error', () => {}); // `close` follows
  return {
    send: text => void socket.write(text),
    get answered() {
      return answered;
    },
    ended: new Promise(resolve => socket.once('close', () => resolve(performance.now() - opened))),
    close: () => void socket.destroy(),
  };
}

/** The head of a request that stores a value, and its body in two halves. */
export function upload(token: string, key: string, value: string): { head: string; halves: [string, string] } {
  const body = JSON.stringify({ value });
  const head = `POST /user/${token}/store/${key} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  return { head, halves: [body.slice(0, 5), body.slice(5)] };
}
