// A background job, followed live: this page pushes it, works on it over the HTTP API as any worker would, and
// shows what its channel says.
import { Centrifuge, type Subscription } from 'centrifuge';
import { byId } from './dom';
import type { Identity } from './identity';

const QUEUE = 'demo';
const STEPS = 20;
const STEP_MS = 150;
const FETCH_WAIT_S = 10;

interface Change {
  state: string;
  percent?: number;
  desc?: string;
  result?: unknown;
  error?: string;
}
interface QueueCounts {
  ready: number;
  working: number;
}
interface Fetched {
  jobs: { job: { jid: string; args: unknown[] } }[];
}

export class DemoJob {
  private readonly button = byId<HTMLButtonElement>('job-run');
  private readonly bar = byId<HTMLProgressElement>('job-bar');
  private readonly worker = `page-${crypto.randomUUID().slice(0, 8)}`;
  private identity: Identity | undefined;
  private followed: Subscription | undefined;
  private queue: Subscription | undefined;

  constructor(private readonly client: Centrifuge) {
    this.button.addEventListener('click', () => void this.run());
  }

  // The keys of a development server are new at every start.
  use(identity: Identity): void {
    this.identity = identity;
    byId('job').hidden = !identity.hasJobs || identity.apiKey === '';
    if (!identity.hasJobs || this.queue) return;
    this.queue = this.client.newSubscription(`queue:${QUEUE}`);
    this.queue.on('publication', ({ data }) => this.showQueue(data as QueueCounts));
    this.queue.subscribe();
  }

  private async run(): Promise<void> {
    const jid = crypto.randomUUID();
    this.button.disabled = true;
    this.show({ state: 'new', percent: 0 });
    try {
      await this.follow(jid);
      await this.call('jobs_push', { jid, jobtype: 'Demo', queue: QUEUE, args: [STEPS] });
      await this.work();
    } catch (error) {
      this.show({ state: 'error', desc: (error as Error).message });
    }
    this.button.disabled = false;
  }

  // Resolves when the channel is followed, so that nothing is missed.
  private async follow(jid: string): Promise<void> {
    if (this.followed) {
      this.followed.unsubscribe();
      this.client.removeSubscription(this.followed);
    }
    this.followed = this.client.newSubscription(`jobs:${jid}`);
    this.followed.on('publication', ({ data }) => this.show(data as Change));
    this.followed.subscribe();
    await this.followed.ready(5000);
  }

  // What a worker in any language does: fetch, say how far it is, acknowledge.
  private async work(): Promise<void> {
    const fetched = await this.call<Fetched>('jobs_fetch', { queues: [QUEUE], wait: FETCH_WAIT_S, worker: this.worker });
    for (const { job } of fetched.jobs) {
      for (let step = 1; step < STEPS; step++) {
        await new Promise((resolve) => setTimeout(resolve, STEP_MS));
        await this.call('jobs_progress', { jid: job.jid, percent: (100 * step) / STEPS, desc: `step ${step} of ${STEPS}` });
      }
      await this.call('jobs_ack', { jid: job.jid, result: { steps: STEPS } });
    }
  }

  private async call<T>(method: string, params: object): Promise<T> {
    if (!this.identity) throw new Error('no server');
    const response = await fetch(`${this.identity.api}/${method}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-Key': this.identity.apiKey },
      body: JSON.stringify(params),
    });
    if (!response.ok) throw new Error(`${method}: status ${response.status}`);
    const answer = await response.json();
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as T;
  }

  private show(change: Change): void {
    byId('job').dataset.state = change.state;
    byId('job-state').textContent = change.state === 'new' ? 'pushing' : change.state;
    if (change.state === 'done') this.bar.value = 100;
    else if (change.percent !== undefined) this.bar.value = change.percent;
    byId('job-text').textContent =
      change.state === 'done' ? `result ${JSON.stringify(change.result ?? null)}` : (change.error ?? change.desc ?? '');
  }

  private showQueue(counts: QueueCounts): void {
    byId('job-queue').textContent = `${counts.ready} waiting, ${counts.working} running`;
  }
}
