/** Once a run: finds MongoDB before the first test, and says after the last one what could not be tested. */

import type { TestCase, TestProject } from 'vitest/node';
import { findMongo, type MongoServer } from './mongodb-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    mongodb: MongoServer;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { server, stop } = await findMongo();
  project.provide('mongodb', server);
  return async () => {
    await stop();
    const lines = report(project, server);
    // The error stream, so that `--reporter=json` stays JSON.
    if (lines.length > 0) process.stderr.write(`\n${lines.join('\n')}\n`);
  };
}

function report(project: TestProject, server: MongoServer): string[] {
  const withoutServer = new Map<string, number>();
  const withReason = new Map<string, string[]>();
  let withoutBrowser = 0;
  for (const module of project.vitest.state.getTestModules()) {
    for (const test of module.children.allTests('skipped')) {
      const reason = skipReason(test);
      if (reason) withReason.set(reason, [...(withReason.get(reason) ?? []), test.fullName]);
      else if (test.fullName.includes(' in a browser')) withoutBrowser++;
      else if (needsMongo(test)) {
        withoutServer.set(module.relativeModuleId, (withoutServer.get(module.relativeModuleId) ?? 0) + 1);
      }
    }
  }
  const lines = [...withReason].map(([reason, names]) => `NOT TESTED (${reason}): ${names.join('; ')}`);
  if ('missing' in server && withoutServer.size > 0) {
    const suites = [...withoutServer].map(([file, count]) => `${file} (${count} tests)`).join(', ');
    lines.push(
      `NOT TESTED: MONGODB. No server was found (${server.missing}). These suites did not run on it: ${suites}`,
    );
  }
  if (withoutBrowser > 0) {
    lines.push(
      `NOT TESTED: BROWSER. No chromium was found, and CHROMIUM names none. ${withoutBrowser} tests did not run.`,
    );
  }
  return lines;
}

function skipReason(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' ? result.note : undefined;
}

function needsMongo(test: TestCase): boolean {
  return test.fullName.includes(' on mongodb');
}
