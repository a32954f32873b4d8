import { describe, expect } from 'vitest';
import { accepts, type StartOptions, test } from '../support/process.ts';

/** Sends the process a signal while it loads: when it comes to the engine's native code. */
function whileLoading(signal: NodeJS.Signals): StartOptions {
  const before = `const { dlopen } = process;
    process.dlopen = (...args) => { process.kill(process.pid, '${signal}'); return dlopen.apply(process, args); };`;
  return { before };
}

describe('a signal before the server listens', () => {
  for (const workers of ['1', '2']) {
    test(`that asks for a reload waits until it does, with ${workers} of [APP] workers`, async ({ program }) => {
      const server = await program.start({ ...whileLoading('SIGHUP'), settings: { APP_WORKERS: workers } });
      // Of several, each begins with what was read last.
      if (workers === '1') await server.logged(/^configuration read again/);
      expect((await server.request('GET', '/livez')).status).toBe(200);
      expect(await server.stop()).toEqual({ code: 0, signal: null });
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
    test(`that asks for the end (${signal}) ends it with code 0`, async ({ program }) => {
      const server = program.spawn(whileLoading(signal));
      expect(await server.end()).toEqual({ code: 0, signal: null });
      expect(server.stderr).toBe('');
    });
  }

  test('that makes Node open a debugger has it closed again', async ({ program }) => {
    const before = `import { url } from 'node:inspector';
      process.debugPort = 0;
      process.kill(process.pid, 'SIGUSR1');
      while (url() === undefined) await new Promise(setImmediate);`;
    const server = await program.start({ before });
    const address = /Debugger listening on (ws:\S+)/.exec(server.stderr)?.[1] ?? '';
    expect(address).not.toBe('');
    expect(await accepts(address)).toBe(false);
  });
});

describe('a running server', () => {
  for (const workers of ['1', '2']) {
    test(`opens no debugger, and does not end, by signals that mean nothing to it, with ${workers} of [APP] workers`, async ({
      program,
    }) => {
      const server = await program.start({ settings: { APP_WORKERS: workers }, group: true });
      for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) process.kill(-server.pid, signal);
      expect((await server.request('GET', '/livez')).status).toBe(200);
      expect(await server.stop('SIGQUIT')).toEqual({ code: 0, signal: null });
      expect(server.stderr).toBe('');
      expect(server.log.filter(line => /died/.test(line.msg))).toEqual([]);
    });
  }
});
