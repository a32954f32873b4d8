/** A server with the data of people who use it: for pictures, and for tests that look at every page. */

import { createHash, randomUUID } from 'node:crypto';
import { issueToken } from '../../src/core/access/tokens.ts';
import { createAccount } from '../../src/core/accounts/accounts.ts';
import type { AccountDoc } from '../../src/core/collections.ts';
import type { TestServer } from '../support/server.ts';
import { PASSWORD } from '../web/people.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Who lives on the server. */
export interface Life {
  readonly ann: AccountDoc;
  readonly root: AccountDoc;
  /** Ann's Keybin token, as a header. */
  readonly headers: Record<string, string>;
}

/** Fills a server. `markup` is put into every text that may hold anything. */
export async function live(server: TestServer, markup = ''): Promise<Life> {
  const { core } = server;
  const root = await createAccount(core, { username: 'root', password: PASSWORD, admin: true });
  const ann = await createAccount(core, {
    username: `ann${markup}`,
    password: PASSWORD,
    email: 'ann@example.org',
    simple_sync: true,
  });
  for (const name of ['berta', 'carl', 'dora']) {
    await createAccount(core, { username: name + markup, password: PASSWORD, email: `${name}@example.org` });
  }
  await createAccount(core, { username: 'emil', password: PASSWORD, email: 'emil@example.org', unconfirmed: true });
  const { token } = await issueToken(core, ann, `laptop${markup}`);
  const headers = { Authorization: `Bearer ${token}` };
  await values(server, headers, markup);
  await punches(server, headers, markup);
  await dotfiles(server, headers, markup);
  await devices(server, `ann${markup}`, markup);
  await events(server, `ann${markup}`, markup);
  await issueToken(core, ann, 'thermometer in the greenhouse');
  return { ann, root, headers };
}

async function values(server: TestServer, headers: Record<string, string>, markup: string): Promise<void> {
  const entries: Record<string, unknown> = {
    'blog.title': `Notes from the garden${markup}`,
    'blog.theme': { colour: 'green', dark: true, fonts: ['Literata', 'Inter'], note: markup },
    'counters.visits': 18_204,
    'greenhouse.humidity': [61, 60, 63, 66, 64],
    'greenhouse.temperature': { now: 21.4, max: 27.9, min: 14.2, at: '2026-11-26T15:10:00Z' },
    'greenhouse.window': 'closed',
    'homepage.links': [{ title: `Weather${markup}`, url: 'https://weather.example' }],
    'reading.list': ['The Peregrine', 'Braiding Sweetgrass', 'Entangled Life'],
    'reading.now': 'The Overstory',
    'router.config': `hostname attic\ninterface wan0\n  mtu 1492\n${markup}`,
    'todo.today': ['call the dentist', 'repot the basil', `pay the water bill${markup}`],
    greeting: 'hello',
  };
  for (const [key, value] of Object.entries(entries)) {
    await must(server.request('POST', `/user/me/store/${key}`, { value }, headers));
  }
}

async function punches(server: TestServer, headers: Record<string, string>, markup: string): Promise<void> {
  const now = server.clock.now();
  const today = now - (now % DAY);
  const work: [project: string, rate: number, from: number, hours: number, days: number, comment: string][] = [
    ['Website for the bakery', 65, 8.5, 2.75, 1, 'opening hours, photos'],
    ['Website for the bakery', 65, 13, 1.5, 2, 'contact form'],
    ['Beekeepers’ newsletter', 40, 9, 3.25, 3, ''],
    ['Garden', 0, 16.25, 1.25, 2, 'pruned the quince'],
    ['Accounting', 0, 11.5, 0.75, 5, ''],
  ];
  const all = work.flatMap(([project, rate, from, hours, days, comment], row) =>
    Array.from({ length: 12 }, (_, i) => {
      const start = today - i * days * DAY + from * HOUR + row * 60_000;
      const text = comment + markup;
      return {
        id: randomUUID(),
        project: project + markup,
        in: start,
        out: start + hours * HOUR + ((i * 7) % 5) * 300_000,
        rate,
        comments: text === '' ? [] : [{ comment: text, timestamp: start + HOUR / 2 }],
        created: start,
        updated: start + hours * HOUR,
      };
    }),
  );
  const past = all.filter(punch => punch.out < now);
  const running = {
    ...past[0],
    id: randomUUID(),
    in: now - 1.4 * HOUR,
    out: null,
    comments: [],
    created: now,
    updated: now,
  };
  await must(server.request('POST', '/api/v1/punches/upload', { punches: [...past, running] }, headers));
}

async function dotfiles(server: TestServer, headers: Record<string, string>, markup: string): Promise<void> {
  const name = markup.replaceAll('/', '');
  const files: Record<string, string> = {
    '~/.vimrc': 'set number\nset expandtab\nset shiftwidth=2\n',
    '~/.tmux.conf': 'set -g prefix C-a\nset -g mouse on\n',
    [`~/.config/git/config${name}`]: '[user]\n\tname = Ann\n\temail = ann@example.org\n',
    '~/.zshrc': 'export EDITOR=vim\nalias ll="ls -la"\n',
  };
  const git = { ssh: 'git@example.org:ann/dotfiles.git', branch: 'main' };
  const made = await must(server.request('POST', '/v1/config', { files: Object.keys(files), git }, headers));
  const entries = Object.entries(files).map(([path, content]) => ({
    path,
    base: null,
    content: Buffer.from(content).toString('base64'),
  }));
  await must(server.request('POST', `/v1/sync/${made.json.id}`, { files: entries }, headers));
}

async function devices(server: TestServer, login: string, markup: string): Promise<void> {
  for (const [device_name, vault_id] of [
    ['Desk', 'Notes'],
    ['ThinkPad', 'Notes'],
    ['Phone', 'Recipes'],
  ]) {
    const given = {
      login,
      password: PASSWORD,
      device_name: device_name + markup,
      client_version: '0.9.2',
      vault_id: vault_id + markup,
    };
    const { json } = await must(server.request('POST', '/api/client/pair', given));
    const ops = Array.from({ length: 12 }, (_, i) => ({
      op_id: randomUUID(),
      entity_type: 'note',
      entity_id: `Garden/${createHash('sha256').update(String(i)).digest('hex').slice(0, 8)}.md`,
      op_type: 'update',
      payload_json: '{"title":"Garden"}',
      client_sequence: i + 1,
      last_seen_server_seq: 0,
      created_at: new Date(server.clock.now()).toISOString(),
    }));
    await must(server.request('POST', '/api/v1/sync/push', { ops }, { Authorization: `Bearer ${json.device_token}` }));
    server.clock.advance(7 * 60_000);
  }
}

async function events(server: TestServer, username: string, markup: string): Promise<void> {
  const login = await must(server.request('POST', '/api/v1/auth/token', { username, password: PASSWORD }));
  const headers = { Authorization: `Bearer ${login.json.token}` };
  const tasks = [
    'Water the seedlings',
    'Order seeds',
    'Sharpen the shears',
    'Turn the compost',
    'Clean the nest boxes',
  ];
  const now = Math.floor(server.clock.now() / 1000);
  const made = tasks.flatMap((title, i) =>
    ['create', 'assign', ...(i % 2 === 0 ? ['complete'] : [])].map((action, step) => ({
      uuid: randomUUID(),
      timestamp: now - (tasks.length - i) * 5400 + step * 600,
      userUuid: 'ann',
      itemUuid: `task-${i + 1}${markup}`,
      action,
      payload: JSON.stringify({ title: title + markup }),
    })),
  );
  await must(server.request('POST', '/api/v1/events', made, headers));
}

async function must<T extends { status: number; text: string }>(asked: Promise<T>): Promise<T> {
  const answer = await asked;
  if (answer.status >= 300) throw new Error(`the server answers ${answer.status}: ${answer.text}`);
  return answer;
}
