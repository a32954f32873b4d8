// Opens a data folder again and again, as a server that starts does, and counts in it: node joiner.js HOST TIMES.

const { openEmbedded } = await import('../../dist/storage/embedded/index.js');
const { systemClock } = await import('../../dist/base/clock.js');

const [, , host = '', times] = process.argv;
const log = { debug() {}, info() {}, warn() {}, error() {} };
for (let i = 0; i < Number(times); i++) {
  const storage = await openEmbedded({ host, database: 'store', names: {}, specs: [] }, systemClock, log);
  await storage.ready;
  for (let j = 0; j < 3; j++) await storage.increment('counter');
  await storage.close();
}
