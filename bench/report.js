/** Loaded into every measured process: tells its CPU time and memory when asked over the IPC channel. */

process.on('message', message => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const peak = process.resourceUsage().maxRSS * 1024;
  process.send?.({ cpu: user + system, rss: process.memoryUsage.rss(), peak });
});
process.channel?.unref();
