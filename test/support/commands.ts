/** Watches the commands that go to a MongoDB server, holds them back, and answers in its place. */

import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { BSON, type Document } from 'mongodb';
import { faultProxy } from './fault.ts';

const OP_MSG = 2013;
/** Of a message: its header, flags, and the kind of its first section. */
const BEFORE_BODY = 21;

/** Gives the answer to a command: one of its own, or that of `forward`, which asks the server, perhaps in other words. */
export type Answering = (
  command: Document,
  forward: (changed?: Document) => Promise<Buffer>,
) => Promise<Buffer | Document>;

/** A proxy in front of a MongoDB server that understands what passes. */
export interface CommandProxy {
  /** Connection string that leads through it. */
  readonly uri: string;
  /** The names of the commands that came for this collection since it was asked last. */
  taken(collection: string): string[];
  /** Has all later commands of this name for this collection answered so. */
  answer(name: string, collection: string, answering: Answering): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of the server (of a replica set: the primary) at `uri`. */
export async function commandProxy(uri: string): Promise<CommandProxy> {
  const behind = await faultProxy(uri);
  const behindPort = Number(/:(\d+)\//.exec(behind.uri)?.[1]);
  const answers = new Map<string, Answering>();
  const sockets = new Set<Socket>();
  let commands: { name: string; collection: string }[] = [];

  const server = createServer(client => {
    const upstream = tcpConnect(behindPort, '127.0.0.1');
    const waiting = new Map<number, (reply: Buffer) => void>();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {}); // `close` follows
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    eachMessage(upstream, reply => {
      const answered = waiting.get(reply.readInt32LE(8));
      waiting.delete(reply.readInt32LE(8));
      if (answered) answered(reply);
      else client.write(reply);
    });
    eachMessage(client, message => {
      const body = bodyOf(message);
      const name = Object.keys(body)[0] ?? '';
      const collection = name === 'getMore' ? body.collection : body[name];
      commands.push({ name, collection });
      const answering = answers.get(`${name} ${collection}`);
      if (answering === undefined) {
        upstream.write(message);
        return;
      }
      const number = message.readInt32LE(4);
      const forward = (changed?: Document) =>
        new Promise<Buffer>(resolve => {
          waiting.set(number, resolve);
          upstream.write(changed === undefined ? message : pack(changed, { number }));
        });
      answering(body, forward).then(answer => {
        client.write(Buffer.isBuffer(answer) ? answer : pack(answer, { answers: number }));
      });
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  return {
    uri: behind.uri.replace(`:${behindPort}/`, `:${address.port}/`),
    taken(collection) {
      const taken = commands.filter(command => command.collection === collection).map(({ name }) => name);
      commands = [];
      return taken;
    },
    answer(name, collection, answering) {
      answers.set(`${name} ${collection}`, answering);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
      await behind.close();
    },
  };
}

function eachMessage(socket: Socket, take: (message: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let length = 0;
  let wanted = 4;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    while (length >= wanted) {
      const bytes = Buffer.concat(chunks);
      const end = bytes.readInt32LE(0);
      wanted = end;
      if (length >= end) {
        take(bytes.subarray(0, end));
        length -= end;
        wanted = 4;
      }
      chunks = [bytes.subarray(bytes.length - length)];
    }
  });
}

/** The command itself; documents that stand beside it are left out. */
function bodyOf(message: Buffer): Document {
  if (message.readInt32LE(12) !== OP_MSG) return {};
  return BSON.deserialize(message.subarray(BEFORE_BODY, BEFORE_BODY + message.readInt32LE(BEFORE_BODY)));
}

function pack(content: Document, { number = 0, answers = 0 }): Buffer {
  const body = BSON.serialize(content);
  const message = Buffer.alloc(BEFORE_BODY);
  for (const [i, value] of [BEFORE_BODY + body.length, number, answers, OP_MSG].entries()) {
    message.writeInt32LE(value, i * 4);
  }
  return Buffer.concat([message, body]);
}
