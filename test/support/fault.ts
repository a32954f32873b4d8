/** Makes an engine's driver fail, as a broken network does. */

import { createServer, type Socket, connect as tcpConnect } from 'node:net';
import { MongoClient } from 'mongodb';

/** A TCP proxy in front of a MongoDB server, in one of three states: `restore`d (at the start), `refuse`, `freeze`. */
export interface FaultProxy {
  /** Connection string that leads through the proxy. */
  readonly uri: string;
  /** Ends all connections and every new one at once: the server is down. */
  refuse(): void;
  /** Holds everything back, in both directions: the server hangs. */
  freeze(): void;
  /** Ends all connections; new ones work. */
  reset(): void;
  /** Works again; what was held back goes on. */
  restore(): void;
  close(): Promise<void>;
}

/** Starts a proxy in front of the server (of a replica set: the primary) at `uri`. */
export async function faultProxy(uri: string): Promise<FaultProxy> {
  const target = await primaryOf(uri);
  const pairs = new Set<[Socket, Socket]>();
  let state: 'open' | 'frozen' | 'refusing' = 'open';

  const server = createServer(client => {
    if (state === 'refusing') {
      client.destroy();
      return;
    }
    const upstream = tcpConnect(target.port, target.host);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => {}); // `close` follows
      socket.on('close', () => end(pair));
    }
    forward(client, upstream);
    forward(upstream, client);
    if (state === 'frozen') pause(pair);
  });

  function end(pair: [Socket, Socket]): void {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  }
  const reset = () => pairs.forEach(end);

  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  return {
    uri: through(uri, address.port),
    refuse() {
      state = 'refusing';
      reset();
    },
    freeze() {
      state = 'frozen';
      pairs.forEach(pause);
    },
    reset,
    restore() {
      state = 'open';
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    close() {
      reset();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

function forward(from: Socket, to: Socket): void {
  from.on('data', chunk => to.write(chunk));
}

function pause(pair: [Socket, Socket]): void {
  for (const socket of pair) socket.pause();
}

async function primaryOf(uri: string): Promise<{ host: string; port: number }> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 10_000 });
  try {
    const hello = await client.db('admin').command({ hello: 1 });
    const given = client.options.hosts[0]?.toString() ?? '';
    const address: string = client.options.directConnection ? given : (hello.primary ?? given);
    const { hostname, port } = new URL(`tcp://${address}`);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 27017) };
  } finally {
    await client.close();
  }
}

/** The same credentials and options, but one address, and no looking for the replica set's other members. */
function through(uri: string, port: number): string {
  const parts = /^mongodb(?:\+srv)?:\/\/(?<login>[^/@]*@)?[^/?]*\/?(?<database>[^?]*)(?:\?(?<options>.*))?$/.exec(
    uri,
  )?.groups;
  const options = new URLSearchParams(parts?.options);
  options.delete('replicaSet');
  options.set('directConnection', 'true');
  if (uri.startsWith('mongodb+srv:')) options.set('tls', 'true');
  if (options.get('tls') === 'true' || options.get('ssl') === 'true') options.set('tlsAllowInvalidHostnames', 'true');
  return `mongodb://${parts?.login ?? ''}127.0.0.1:${port}/${parts?.database ?? ''}?${options}`;
}
