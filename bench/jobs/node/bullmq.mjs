// BullMQ: a queue and a worker of one process, on one Redis.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

import { main } from './scenarios.mjs';

const KEPT = { removeOnComplete: true };  // what is done is not kept by the others either

await main(async (options) => {
  const connection = new Redis(options.url, { maxRetriesPerRequest: null });
  const queue = new Queue('bench', { connection });
  let worker;
  await queue.waitUntilReady();
  return {
    push: (job) => queue.add('job', job, KEPT),
    pushBulk: (jobs) => queue.addBulk(jobs.map((data) => ({ name: 'job', data, opts: KEPT }))),
    schedule: (job, at) => queue.add('job', job, { ...KEPT, delay: Math.max(0, at - Date.now()) }),
    async work(workers, onJob) {
      worker = new Worker('bench', async (job) => { onJob(job.data); }, { connection, concurrency: workers });
      await worker.waitUntilReady();
    },
    async close() {
      await worker?.close(true);
      await queue.close();
      connection.disconnect();
    },
  };
});
