// bunqueue: its own client under Bun, against its server. Each job is on disk before it is acknowledged (durable).
import { Queue, Worker } from 'bunqueue/client';

import { main } from '../node/scenarios.mjs';

const KEPT = { removeOnComplete: true, durable: true };

await main(async (options) => {
  const connection = { host: '127.0.0.1', port: Number(new URL(options.url).port), poolSize: 8 };
  const queue = new Queue('bench', { connection });
  let worker;
  return {
    push: (job) => queue.add('job', job, KEPT),
    pushBulk: (jobs) => queue.addBulk(jobs.map((data) => ({ name: 'job', data, opts: KEPT }))),
    schedule: (job, at) => queue.add('job', job, { ...KEPT, delay: Math.max(0, at - Date.now()) }),
    async work(workers, onJob) {
      worker = new Worker('bench', async (job) => { onJob(job.data); }, { connection, concurrency: workers });
      await worker.waitUntilReady?.();
    },
    async close() {
      await worker?.close(true);
      await queue.close();
    },
  };
});
