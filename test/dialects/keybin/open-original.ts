/** Databases of the original service, and our server on them. */

import { randomUUID } from 'node:crypto';
import { hashSync } from 'bcryptjs';
import { type Db, MongoClient } from 'mongodb';
import { onTestFinished } from 'vitest';
import type { Engine, OpenedEngine } from '../../support/engines.ts';
import { startServer, type TestServer } from '../../support/server.ts';

/** A database as the original service leaves it: no index of ours, nothing of ours in it. */
export async function originalDatabase(engine: Engine): Promise<{ opened: OpenedEngine; db: Db }> {
  const opened = await engine.open();
  onTestFinished(() => opened.cleanup());
  const client = new MongoClient(opened.options.host);
  onTestFinished(() => client.close());
  return { opened, db: client.db(opened.options.database) };
}

/** A user as the original made it; returns its id. */
export async function originalUser(db: Db, username: string, password: string, collection = 'users'): Promise<string> {
  const user_id = randomUUID();
  await db.collection(collection).insertOne({ user_id, username, password: hashSync(password, 4) });
  return user_id;
}

/** Starts our server on the database, for the running test. */
export async function serve(opened: OpenedEngine, options = {}): Promise<TestServer> {
  const server = await startServer(opened, { options });
  onTestFinished(() => server.stop());
  return server;
}
