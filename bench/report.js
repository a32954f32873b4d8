/** Loaded into every measured process: tells its CPU time and memory when asked over the IPC channel. */

process.on('message', message => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system, rss: process.memoryUsage.rss() });
});
process.channel?.unref();
