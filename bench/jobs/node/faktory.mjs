// The official client of Faktory's protocol: a pool of connections that push, and a worker.
import faktory from 'faktory-worker';

import { main } from './scenarios.mjs';

const QUEUE = 'bench';

await main(async (options) => {
  const client = new faktory.Client({ url: options.url, poolSize: Math.min(64, options.width ?? 4) });
  await client.connect();
  let worker;
  const made = (job, more = {}) => ({ jobtype: 'job', args: [job], queue: QUEUE, ...more });
  return {
    push: (job) => client.push(made(job)),
    pushBulk: (jobs) => client.pushBulk(jobs.map((job) => made(job))),
    schedule: (job, at) => client.push(made(job, { at: new Date(at).toISOString() })),
    async work(workers, onJob) {
      worker = new faktory.Worker({ url: options.url, concurrency: workers, poolSize: workers + 2, queues: [QUEUE],
        registry: { job: (job) => { onJob(job); } } });
      await worker.work();
    },
    close: () => client.close(),
  };
});
