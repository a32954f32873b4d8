/** One credential of every kind, from a running server: for tests that try all routes. */

import type { ServerProcess } from './process.ts';

/** Settings under which `credentialsOf` works, and nobody is slowed down. */
export const OPEN_SETTINGS = {
  ADMIN_USERNAME: 'root',
  ADMIN_PASSWORD: 'correct horse',
  SECURITY_THROTTLE: 'false',
};

/** Headers of a new account's token, of a device, of a member and an admin of simple-sync; and of nobody. */
export async function credentialsOf(server: ServerProcess): Promise<Record<string, string>[]> {
  const name = `account-${Math.random().toString(36).slice(2)}`;
  await server.register(name);
  const token = await server.token(name);
  const pair = { login: name, password: 's3cret', device_name: 'd', vault_id: 'v' };
  const { json: paired } = await server.request('POST', '/api/client/pair', pair);
  const admin = { username: OPEN_SETTINGS.ADMIN_USERNAME, password: OPEN_SETTINGS.ADMIN_PASSWORD };
  const { json: signed } = await server.request('POST', '/api/v1/auth/token', admin);
  const all = [token, paired.device_token, signed.token];
  return [{}, ...all.map(secret => ({ Authorization: `Bearer ${secret}` }))];
}
