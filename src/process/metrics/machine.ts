/** What a process takes of its machine, and how long others wait for its one thread. */

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { counter, type Family, gauge, one } from './family.ts';

/** Milliseconds between two looks at the thread: what is shorter is not seen. */
const RESOLUTION = 20;

const QUANTILES = [0.5, 0.99, 1];

/** A look at this process. */
export interface Machine {
  families(): Family[];
  close(): void;
}

/** Begins to look. `version` is that of the program, `engine` where its data is: `embedded` or `mongodb`. */
export function lookAtMachine(version: string, engine: string): Machine {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
  delay.enable();
  const started = Date.now() / 1000 - process.uptime();
  return {
    families() {
      const waits = QUANTILES.map(quantile => {
        const nanoseconds = delay.count === 0 ? 0 : delay.percentile(quantile * 100) - RESOLUTION * 1e6;
        return { labels: { quantile }, value: Math.max(0, nanoseconds) / 1e9 };
      });
      delay.reset();
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed, external } = process.memoryUsage();
      return [
        gauge(
          'keybin_build_info',
          'The program and the engine its data is in.',
          [{ labels: { version, engine, node: process.versions.node }, value: 1 }],
          'max',
        ),
        gauge('keybin_processes', 'Server processes that answered.', one(1)),
        gauge('process_start_time_seconds', 'When the oldest of the processes began, Unix time.', one(started), 'min'),
        counter('process_cpu_seconds', 'Processor time.', one((user + system) / 1e6)),
        gauge(
          'process_resident_memory_bytes',
          'Memory that is really there; of the embedded engine, also what of its file the system keeps.',
          one(rss),
        ),
        gauge('keybin_heap_used_bytes', 'Memory of the objects of the program.', one(heapUsed)),
        gauge('keybin_external_memory_bytes', 'Memory of buffers, beside that.', one(external)),
        gauge(
          'keybin_event_loop_delay_seconds',
          'How long work waited for the thread since the last scrape; of several processes the longest.',
          waits,
          'max',
        ),
        counter(
          'keybin_event_loop_busy_seconds',
          'How long the thread was busy.',
          one(performance.eventLoopUtilization().active / 1000),
        ),
      ];
    },
    close: () => delay.disable(),
  };
}
