// The life of jobs through npm faktory-worker, unmodified: prints one line of JSON with what it saw.
const faktory = require("faktory-worker");

const done = [];
const failed = [];

faktory.register("add", async (a, b) => { done.push(a + b); });
faktory.register("context", () => (ctx) => { done.push(ctx.job.custom.name); });
faktory.register("fails", async () => { throw new Error("on purpose"); });

async function until(ask, what) {
  for (let i = 0; i < 3000; ++i) {
    if (await ask()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within 30 s: ${what}; done ${JSON.stringify(done)}`);
}

async function main() {
  const client = await faktory.connect();
  await client.flush();
  for (let i = 0; i < 20; ++i) await client.job("add", i, 100).push();
  const custom = client.job("context");
  custom.custom = { name: "from custom" };
  await custom.push();
  const refused = client.job("add", 1, 1).toJSON();
  refused.jid = "short";
  const bulk = Array.from({ length: 1000 }, (_, i) => client.job("add", i, 1000));
  const rejected = await client.pushBulk([...bulk, refused]);
  const bad = client.job("fails");
  bad.retry = 3;
  await bad.push();
  const later = client.job("add", 0, 5);
  later.at = new Date(Date.now() + 300).toISOString();
  await later.push();

  const worker = await faktory.work({ concurrency: 10 });
  worker.on("fail", ({ job, error }) => failed.push(`${job.jobtype}: ${error.message}`));
  await until(() => done.length === 1022 && failed.length === 1, "all jobs are done");
  await until(async () => (await client.info()).faktory.tasks.Retries.size === 1, "one is tried again later");
  await client.retries.ofType("fails").kill();
  const dead = (await client.info()).faktory.tasks.Dead.size;
  await client.dead.clear();
  const info = await client.info();
  await worker.stop();
  await client.close();
  console.log(JSON.stringify({
    sum: done.filter((each) => typeof each === "number").reduce((a, b) => a + b, 0), count: done.length, failed,
    context: done.includes("from custom"), rejected: Object.values(rejected).map((each) => each.reason), dead,
    dead_after: info.faktory.tasks.Dead.size, enqueued: info.faktory.total_enqueued,
  }));
}

main().catch((error) => { console.error(error); process.exit(1); });
