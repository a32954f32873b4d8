import type { Storage } from '../../../src/storage/port.ts';
import { labels, lines, things } from './things.ts';

/** SHA-256 of nothing in particular. */
const ADDRESS = 'ab'.repeat(32);

/** One call of every method that touches the engine, by name. */
export function everyCall(storage: Storage): Record<string, () => Promise<unknown>> {
  const collection = storage.collection(things);
  return {
    get: () => collection.get(['s', 'a']),
    getMany: () => collection.getMany([['s', 'a']]),
    'getMany, by an index': () => collection.getMany([['a@b']], 'email'),
    find: () => collection.find('email', ['a@b']),
    scan: () => collection.scan({ limit: 1 }),
    'scan by index': () => collection.scan({ index: 'rank', prefix: ['s'], limit: 1, covered: true }),
    texts: () => storage.collection(lines).texts({ limit: 1, bytes: 1 }),
    all: () => storage.collection(labels).all(),
    insert: () => collection.insert({ space: 's', id: 'new' }),
    put: () => collection.put({ space: 's', id: 'a' }),
    update: () => collection.update(['s', 'a'], { set: { note: 'n' } }),
    delete: () => collection.delete(['s', 'a']),
    deleteMany: () => collection.deleteMany({ prefix: ['s'] }),
    count: () => collection.count({ prefix: ['s'] }),
    estimate: () => collection.estimate(),
    sum: () => collection.sum({ prefix: ['s'] }, ['total']),
    increment: () => storage.increment('counter'),
    secret: () => storage.secret('sessions'),
    commit: () => storage.commit([{ in: things, put: { space: 's', id: 'c' } }]),
    size: () => storage.size(),
    ping: () => storage.ping(),
    'blobs.put': () => storage.blobs.put(once(Buffer.from('content')), 100),
    'blobs.put, with accept': () => storage.blobs.put(once(Buffer.from('other')), 100, { accept: async () => {} }),
    'blobs.open': () => storage.blobs.open(ADDRESS),
    'blobs.stat': () => storage.blobs.stat(ADDRESS),
    'blobs.delete': () => storage.blobs.delete(ADDRESS),
    'blobs.delete, if old': () => storage.blobs.delete(ADDRESS, new Date(0)),
    'blobs.list': () => storage.blobs.list(),
    'blobs.sweep': () => storage.blobs.sweep(),
    'blobs.count': () => storage.blobs.count(),
    'blobs.ping': () => storage.blobs.ping(),
  };
}

/** A content of one piece. */
export async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
