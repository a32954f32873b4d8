/** Loaded into every measured process: tells its CPU time and memory when asked over the IPC channel. */

import cluster from 'node:cluster';

process.on('message', message => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const peak = process.resourceUsage().maxRSS * 1024;
  process.send?.({ cpu: user + system, rss: process.memoryUsage.rss(), peak });
});
// To a worker the channel is what it lives by.
if (cluster.isPrimary) process.channel?.unref();
