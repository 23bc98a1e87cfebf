// A worker that goes on: prints the jid of each job when it is done. Arguments: queues.
const faktory = require("faktory-worker");

faktory.register("mixed", (...args) => async (ctx) => {
  await new Promise((resolve) => setTimeout(resolve, args[1] || 0));
  console.log(ctx.job.jid);
});
faktory.work({ queues: process.argv.slice(2), concurrency: 5, beatInterval: 5 })
  .catch((error) => { console.error(error); process.exit(1); });
