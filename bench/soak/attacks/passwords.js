/** Attacks on the hashing of passwords: floods of registrations, wrong passwords, clients that do not wait. */

import { randomInt } from 'node:crypto';
import { PASSWORD } from './foe.js';

const FLOOD = 60;

/** @typedef {{ kind: string, pause: number, run(foe: import('./foe.js').Foe): Promise<unknown> }} Attack `pause`: ms between two */

/** @param {unknown} body */
const post = (/** @type {string} */ path, body) => ({ method: 'POST', path, body: JSON.stringify(body) });

/** @type {Attack[]} */
export const passwordAttacks = [
  {
    kind: 'registrations, 60 at once of one address',
    pause: 15_000,
    async run(foe) {
      const client = foe.stranger(FLOOD);
      const one = () => post('/register', { username: foe.newName(), password: PASSWORD });
      await Promise.all(Array.from({ length: FLOOD }, () => foe.send(this.kind, one(), [200], client)));
      client.close();
    },
  },
  {
    kind: 'registrations that hang up',
    pause: 10_000,
    async run(foe) {
      const client = foe.stranger(20);
      const hungUp = Array.from({ length: 20 }, () => {
        foe.tally.attacked(this.kind);
        const request = post('/register', { username: foe.newName(), password: PASSWORD });
        return client.send(request, AbortSignal.timeout(20 + randomInt(200))).catch(() => {});
      });
      await Promise.all(hungUp);
      client.close();
    },
  },
  {
    kind: 'wrong passwords for honest accounts',
    pause: 2000,
    async run(foe) {
      const client = foe.stranger();
      const username = foe.victims[randomInt(foe.victims.length)] ?? 'root';
      const wrong = { username, password: 'wrong' };
      await Promise.all([
        foe.send(this.kind, post('/token', wrong), [403], client),
        foe.send(this.kind, post('/api/v1/auth/token', wrong), [401], client),
        foe.send(this.kind, post('/api/v1/auth/login', wrong), [401], client),
        foe.send(
          this.kind,
          post('/api/client/pair', { login: username, password: 'wrong', device_name: 'x' }),
          [401],
          client,
        ),
        foe.send(this.kind, { ...post('/unregister', wrong), method: 'DELETE' }, [403], client),
      ]);
      client.close();
    },
  },
  {
    kind: 'posts of foreign pages',
    pause: 2000,
    async run(foe) {
      const headers = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
      const login = { username: 'mallory', password: PASSWORD };
      await foe.send(this.kind, { ...post('/token', login), headers }, [403]);
      await foe.send(this.kind, { ...post('/api/v1/auth/login', login), headers }, [403]);
      const value = { ...post('/user/me/store/foreign', { value: 'x' }), headers: { ...headers, ...foe.free } };
      await foe.send(this.kind, value, [403]);
    },
  },
  {
    kind: 'accounts that fill up and go',
    pause: 20_000,
    async run(foe) {
      const client = foe.stranger();
      const credentials = { username: foe.newName(), password: PASSWORD };
      await foe.send(this.kind, post('/register', credentials), [200], client);
      const answer = await foe.send(this.kind, post('/token', credentials), [200, 403], client);
      if (answer?.status === 200) {
        const headers = { Authorization: `Bearer ${JSON.parse(answer.body.toString()).token.token}` };
        const value = 'v'.repeat(900_000);
        for (let i = 0; i < 12; i++) {
          await foe.send(this.kind, { ...post(`/user/me/store/big${i}`, { value }), headers }, [200], client);
        }
      }
      await foe.send(this.kind, { ...post('/unregister', credentials), method: 'DELETE' }, [200, 403], client);
      client.close();
    },
  },
];
