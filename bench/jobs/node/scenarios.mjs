// What each job server is asked to do, for all whose clients are in JavaScript; ../README.md says what the scenarios are.
//
// A client gives {push(job), pushBulk(jobs), schedule(job, at), work(workers, onJob), close()}; a job is {n, at}.
const BULK = 1000;

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// Runs `task(n)` for 0 to count - 1, `width` at once.
async function atOnce(count, width, task) {
  let next = 0;
  const line = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, line));
}

// Which jobs ran, and how often.
class Ledger {
  constructor(count) {
    this.runs = new Uint8Array(count);
    this.left = count;
    this.done = new Promise((resolve) => { this.resolve = resolve; });
  }

  mark(n) {
    if (this.runs[n]++ === 0 && --this.left === 0) this.resolve();
  }

  async wait(seconds) {
    let timer;
    const late = new Promise((resolve) => { timer = setTimeout(resolve, seconds * 1000); });
    await Promise.race([this.done, late]);
    clearTimeout(timer);
  }

  // After a moment in which a second run of a job would show.
  async verdict() {
    await sleep(300);
    const twice = this.runs.reduce((sum, runs) => sum + (runs > 1), 0);
    return { missing: this.left, twice };
  }
}

function percentiles(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50_ms: at(0.5), p99_ms: at(0.99), max_ms: sorted[sorted.length - 1] };
}

function now() {
  return performance.timeOrigin + performance.now();
}

async function fill(client, jobs) {
  await atOnce(Math.ceil(jobs / BULK), 4, (part) => {
    const first = part * BULK;
    const count = Math.min(BULK, jobs - first);
    return client.pushBulk(Array.from({ length: count }, (_, i) => ({ n: first + i, at: 0 })));
  });
}

async function timed(task) {
  const begun = now();
  await task();
  return (now() - begun) / 1000;
}

const scenarios = {
  async push(client, { jobs, width }) {
    return { seconds: await timed(() => atOnce(jobs, width, (n) => client.push({ n, at: 0 }))) };
  },

  async bulk(client, { jobs }) {
    return { seconds: await timed(() => fill(client, jobs)) };
  },

  // Pushed and worked on at the same time.
  async work(client, { jobs, width, workers, seconds_max: patience }) {
    const ledger = new Ledger(jobs);
    await client.work(workers, (job) => ledger.mark(job.n));
    const seconds = await timed(async () => {
      await atOnce(jobs, width, (n) => client.push({ n, at: 0 }));
      await ledger.wait(patience);
    });
    return { seconds, ...(await ledger.verdict()) };
  },

  // From the push to the start, at a fixed rate.
  async latency(client, { rate, seconds, workers, seconds_max: patience }) {
    const jobs = rate * seconds;
    const ledger = new Ledger(jobs);
    const waited = [];
    await client.work(workers, (job) => {
      waited.push(now() - job.at);
      ledger.mark(job.n);
    });
    const begun = now();
    const pushes = [];
    for (let n = 0; n < jobs;) {
      const due = Math.min(jobs, Math.floor((now() - begun) * rate / 1000));
      for (; n < due; n++) pushes.push(client.push({ n, at: now() }));
      await sleep(1);
    }
    await Promise.all(pushes);
    await ledger.wait(patience);
    return { ...percentiles(waited), ...(await ledger.verdict()) };
  },

  // A backlog that is there, until it is gone.
  async drain(client, { jobs, workers, seconds_max: patience }) {
    await fill(client, jobs);
    const ledger = new Ledger(jobs);
    const seconds = await timed(async () => {
      await client.work(workers, (job) => ledger.mark(job.n));
      await ledger.wait(patience);
    });
    return { seconds, ...(await ledger.verdict()) };
  },

  // Many jobs for one instant: how late they start.
  async burst(client, { jobs, workers, ahead_s: ahead, seconds_max: patience }) {
    const ledger = new Ledger(jobs);
    const late = [];
    const at = Math.ceil(Date.now() + ahead * 1000);
    await atOnce(jobs, 64, (n) => client.schedule({ n, at }, at));
    const pushed = Date.now() < at;
    await client.work(workers, (job) => {
      late.push(now() - job.at);
      ledger.mark(job.n);
    });
    await sleep(Math.max(0, at - Date.now()));
    await ledger.wait(patience);
    const early = late.filter((ms) => ms < -1).length;
    return { ...percentiles(late), early, pushed_in_time: pushed, ...(await ledger.verdict()) };
  },

  // Leaves the backlog there, for whoever looks at the server's memory.
  async backlog(client, { jobs }) {
    return { seconds: await timed(() => fill(client, jobs)) };
  },
};

export async function main(makeClient) {
  const [name, text] = process.argv.slice(2);
  const options = JSON.parse(text);
  const client = await makeClient(options);
  const figures = await scenarios[name](client, options);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  await Promise.race([client.close(), sleep(2000)]);
  process.exit(0);
}
