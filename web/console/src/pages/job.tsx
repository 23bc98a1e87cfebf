// One job: its state and why it is in it, what has happened, with what it is called, and what its worker said.
import { type ComponentChildren } from 'preact';
import { Action } from '../action';
import { ApiError, call } from '../api';
import { instant, plural, span } from '../format';
import type { Json } from '../json';
import { usePoll } from '../poll';
import { route } from '../router';
import type { JobView, Limits, Queue, Sequence, Worker } from '../types';
import { Card, CopyCurl, Empty, Facts, JsonText, Link, Loading, Name, Problem, Tag, Time } from '../ui';
import { JobsFrame } from './jobs_menu';
import { PushJob } from './push';

const LOOK_MS = 1500;
const NOT_FOUND = 104;
const LOOKED_AT_MAX = 20;

export function JobPage() {
  return <JobsFrame>{() => <Body jid={route.value.query.get('jid') ?? ''} />}</JobsFrame>;
}

function Body({ jid }: { jid: string }) {
  const state = usePoll((stop) => call<JobView>('jobs_get', { jid }, stop), LOOK_MS, [jid]);
  const gone = state.error instanceof ApiError && state.error.code === NOT_FOUND;
  if (gone) {
    return (
      <Card title={<Name text={jid} />}>
        <Empty title="No such job, or it has ended and is known no more." line={'{"jobtype": "hello", "args": [], "custom": {"track": 1}}'}>
          A job that is done is known for <code>jobs.results_for</code> if it was tracked or left a result:
        </Empty>
      </Card>
    );
  }
  const view = state.data;
  return (
    <>
      <Problem error={state.error} />
      {!view && !state.error && <Loading />}
      {view && (
        <>
          <Head view={view} />
          <Why view={view} />
          <div class="columns">
            <Card title="What has happened">
              <Timeline view={view} />
            </Card>
            <Card title="The job">
              <About view={view} />
            </Card>
          </div>
          <Failed view={view} />
          {view.job?.args !== undefined && (
            <Card title="Arguments">
              <JsonText value={view.job.args as Json} label="Arguments" />
            </Card>
          )}
          <Said view={view} />
          {view.job?.custom && (
            <Card title="Custom">
              <JsonText value={view.job.custom} label="custom" />
            </Card>
          )}
          {view.job && <PushJob like={view.job} />}
          {view.job && (
            <details class="card">
              <summary>All of its JSON</summary>
              <JsonText value={view.job} label="All of its JSON" />
            </details>
          )}
        </>
      )}
    </>
  );
}

const WAITS = ['queued', 'scheduled', 'retry', 'blocked'];

function Head({ view }: { view: JobView }) {
  const { jid, state } = view;
  const params = { jid };
  return (
    <Card
      title={
        <>
          <Name text={view.jobtype} /> <Tag state={state} />
        </>
      }
      side={<CopyCurl method="jobs_get" params={params} />}
    >
      <p class="pad">
        <Name text={jid} /> in queue <Link to="jobs" query={{ queue: view.queue }}><Name text={view.queue} /></Link>
      </p>
      <div class="row pad">
        {['retry', 'scheduled'].includes(state) && <Action class="" label="Run now" method="jobs_retry" params={params} says="It goes into its queue now." done={() => 'It may run now.'} />}
        {state === 'dead' && <Action class="" label="Retry" method="jobs_retry" params={params} says="It goes back into its queue." done={() => 'It may run now.'} />}
        {WAITS.includes(state) && <Action label="Kill" danger method="jobs_kill" params={params} says="It is put among the dead, where it can be looked at and retried." done={() => 'It is among the dead.'} />}
        {[...WAITS, 'working'].includes(state) && (
          <Action label="Cancel" danger method="jobs_cancel" params={params} says={state === 'working' ? 'Its worker is told when it next reports progress or beats, and ends it if it listens.' : 'It is removed.'} done={() => 'Cancelled.'} />
        )}
        {['dead', 'retry', 'scheduled'].includes(state) && (
          <Action label="Discard" danger method="jobs_discard" params={{ state, jids: [jid] }} says="It is gone for good." done={() => 'Discarded.'} />
        )}
      </div>
    </Card>
  );
}

function About({ view: { job, worker, reserved_until, queue } }: { view: JobView }) {
  const failure = job?.failure;
  return (
    <Facts
      rows={[
        ['Queue', <Name text={queue} />],
        ['Priority', String(job?.priority ?? 5)],
        ['Tries', failure ? `${(failure.retry_count ?? 0) + 1} failed, ${failure.remaining ?? 0} left` : job?.retry === undefined ? undefined : `up to ${job.retry}`],
        ['Worker', worker && <Name text={worker} />],
        ['Reserved until', reserved_until && <Time at={reserved_until} />],
        ['Reserved for', job?.reserve_for !== undefined ? span(Number(job.reserve_for)) : undefined],
        ['Batch', typeof job?.custom?.bid === 'string' ? <Name text={job.custom.bid} /> : undefined],
      ]}
    />
  );
}

function Timeline({ view }: { view: JobView }) {
  const { job, state } = view;
  const failure = job?.failure;
  const steps: [unknown, ComponentChildren, string?][] = [
    [job?.created_at, 'Made'],
    [job?.enqueued_at, 'Put into its queue'],
    [failure?.failed_at, <>Failed, try {(failure?.retry_count ?? 0) + 1}: <Name text={failure?.errtype ?? 'Error'} /></>, 'bad'],
    state === 'working' ? [view.at, <>Taken by <Name text={view.worker} of="a worker without a name" /></>, 'live'] : [undefined, ''],
    state === 'dead' ? [view.at, 'Dead', 'bad'] : [undefined, ''],
    ['done', 'failed', 'cancelled'].includes(state) ? [view.at ?? view.updated_at, `Ended: ${state}`, state === 'done' ? 'good' : 'bad'] : [undefined, ''],
    state === 'scheduled' ? [view.at, 'Due', 'later'] : [undefined, ''],
    state === 'retry' ? [view.at, 'Next try', 'later'] : [undefined, ''],
    state === 'working' ? [view.reserved_until, 'Counts as failed unless its worker is heard', 'later'] : [undefined, ''],
  ];
  const known = steps.filter(([at]) => instant(at) !== undefined).sort(([a], [b]) => (instant(a) ?? 0) - (instant(b) ?? 0));
  if (known.length === 0) return <Empty title="Its times are not known." />;
  return (
    <ol class="timeline">
      {known.map(([at, text, tone], index) => (
        <li key={index} class={tone ?? ''}>
          <span>{text}</span> <Time at={at} />
        </li>
      ))}
    </ol>
  );
}

function Failed({ view }: { view: JobView }) {
  const failure = view.job?.failure;
  if (!failure) return null;
  return (
    <Card title={<>Last error: <Name text={failure.errtype ?? 'Error'} /></>} class="attention">
      <p class="pad message">
        <Name text={failure.message} of="without a message" />
      </p>
      {failure.backtrace && failure.backtrace.length > 0 && (
        <ol class="trace" tabIndex={0} aria-label="Backtrace">
          {failure.backtrace.map((line, index) => (
            <li key={index}>
              <Name text={line} of=" " />
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

function Said({ view }: { view: JobView }) {
  const { percent, desc, log, result, checkpoint } = view;
  if (percent === undefined && !desc && !log && result === undefined && checkpoint === undefined) return null;
  return (
    <Card title="What its worker said">
      {percent !== undefined && (
        <p class="pad row">
          <progress max={100} value={percent} aria-label="Progress" /> {percent} % <Name text={desc} of="" />
        </p>
      )}
      {percent === undefined && desc && <p class="pad"><Name text={desc} /></p>}
      {log && (
        <ol class="trace" tabIndex={0} aria-label="Log">
          {log.map((line, index) => (
            <li key={index}>
              <Name text={line} of=" " />
            </li>
          ))}
        </ol>
      )}
      {result !== undefined && <><h3 class="pad">Result</h3><JsonText value={result} label="Result" /></>}
      {checkpoint !== undefined && <><h3 class="pad">Checkpoint</h3><JsonText value={checkpoint} label="Checkpoint" /></>}
    </Card>
  );
}

const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : []);

/** What it waits for, as far as the API tells. */
function Why({ view }: { view: JobView }) {
  const reasons = usePoll((stop) => reasonsOf(view, stop), LOOK_MS * 2, [view.jid, view.state]);
  if (!reasons.data || reasons.data.length === 0) return null;
  return (
    <Card title={view.state === 'working' || view.state === 'dead' ? 'Why' : 'What it waits for'}>
      <ul class="findings">
        {reasons.data.map((each, index) => (
          <li key={index} class="warn">
            {each}
          </li>
        ))}
      </ul>
    </Card>
  );
}

async function reasonsOf(view: JobView, stop: AbortSignal): Promise<ComponentChildren[]> {
  switch (view.state) {
    case 'queued':
      return whyQueued(view, stop);
    case 'blocked':
      return whyBlocked(view, stop);
    case 'working':
      return whyWorking(view, stop);
    case 'scheduled':
      return [<>Its time: <Time at={view.at} />.</>];
    case 'retry':
      return [<>Its next try, <Time at={view.at} />: the last one failed.</>];
    case 'dead':
      return [view.job?.failure ? <>Out of tries after {plural((view.job.failure.retry_count ?? 0) + 1, 'failure')}, or killed. The last error stands below.</> : 'It was killed, or what it waited for never came.'];
    default:
      return [];
  }
}

async function whyQueued(view: JobView, stop: AbortSignal): Promise<ComponentChildren[]> {
  const [{ queues = [] }, limits] = await Promise.all([
    call<{ queues: Queue[] }>('jobs_queues', {}, stop),
    call<Limits>('jobs_limits', { queue: view.queue }, stop).catch((): Limits => ({})),
  ]);
  const queue = queues.find(({ name }) => name === view.queue);
  const reasons: ComponentChildren[] = [];
  if (queue?.paused) reasons.push(<>Its queue is paused: <Link to="jobs" query={{ queue: view.queue }}>resume it</Link>.</>);
  if (limits.parked) reasons.push(<>{plural(limits.parked, 'job')} of its queue are held back by <Link to="jobs" query={{ queue: view.queue }}>its limits</Link>.</>);
  if (queue && !queue.paused && !queue.working && !queue.waiting_fetches) reasons.push(<>No worker fetches from its queue. In a terminal: <code>tidemill jobs work --queue {view.queue} -- COMMAND</code></>);
  if (queue && !queue.paused && queue.working) reasons.push(<>A worker that is free: {plural(queue.ready ?? 0, 'job')} may run in its queue, {plural(queue.working, 'job')} are worked on.</>);
  return reasons;
}

async function whyBlocked(view: JobView, stop: AbortSignal): Promise<ComponentChildren[]> {
  const custom = view.job?.custom;
  const reasons: ComponentChildren[] = [];
  const others = texts(custom?.depends_on);
  const states = await Promise.all(others.slice(0, LOOKED_AT_MAX).map((jid) => call<JobView>('jobs_get', { jid }, stop).catch(() => undefined)));
  others.slice(0, LOOKED_AT_MAX).forEach((jid, index) => {
    const state = states[index]?.state ?? 'not known';
    if (state === 'done') return;
    reasons.push(<>Job <Link to="jobs/job" query={{ jid }}><Name text={jid} /></Link> to be done; it is <Tag state={state} /></>);
  });
  if (others.length > LOOKED_AT_MAX) reasons.push(`and ${plural(others.length - LOOKED_AT_MAX, 'other job')}`);
  for (const name of texts(custom?.signals)) {
    reasons.push(
      <>
        Signal <Name text={name} />, if it has not come: <Action label="Send it" name={`Send it: signal ${name}`} method="jobs_signal" params={{ name }} says="Every job that waits for this name goes on, now or within seven days." done={() => 'Sent.'} />
      </>,
    );
  }
  const key = custom?.sequence_key;
  if (typeof key === 'string') {
    const { sequences = [] } = await call<{ sequences: Sequence[] }>('jobs_sequences', { limit: 1000 }, stop);
    const sequence = sequences.find((each) => each.key === key);
    if (sequence?.head && sequence.head !== view.jid) {
      reasons.push(<>Its turn in sequence <Name text={key} />: first comes <Link to="jobs/job" query={{ jid: sequence.head }}><Name text={sequence.head} /></Link>{sequence.halted && <>, which is dead: retry it, or <Link to="jobs/batches">skip it</Link></>}.</>);
    }
  }
  return reasons;
}

const UNHEARD_S = 30;

async function whyWorking(view: JobView, stop: AbortSignal): Promise<ComponentChildren[]> {
  if (!view.worker) return [<>A worker without a name has had it since <Time at={view.at} />; it counts as failed <Time at={view.reserved_until} />.</>];
  const { workers = [] } = await call<{ workers: Worker[] }>('jobs_workers', {}, stop);
  const worker = workers.find((each) => each.worker === view.worker);
  if (!worker) return [<>Its worker <Name text={view.worker} /> is not heard any more; the job runs again <Time at={view.reserved_until} /> at the latest.</>];
  const unheard = (Date.now() - (instant(worker.heard_at) ?? Date.now())) / 1000;
  if (unheard > UNHEARD_S) return [<>Its worker <Name text={view.worker} /> was last heard <Time at={worker.heard_at} />.</>];
  return [<>Worker <Name text={view.worker} /> has it since <Time at={view.at} />, and was heard <Time at={worker.heard_at} />.</>];
}
