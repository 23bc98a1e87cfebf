// Jobs in one state, by queue, type and text; and what can be done with some of them, or with all that match.
import { useState } from 'preact/hooks';
import { Action } from '../action';
import { call, curlOf, type Params } from '../api';
import { count, plural } from '../format';
import { changes, usePoll } from '../poll';
import { route, setQuery } from '../router';
import { readOnly } from '../session';
import type { Counts, JobView } from '../types';
import { Card, CopyCurl, Empty, JsonLine, Link, Name, Search, Shown, Table, Time } from '../ui';
import { JobsFrame } from './jobs_menu';

const LOOK_MS = 2000;
const PAGE = 100;

interface State {
  name: string;
  text: string;
  count?: (counts: Counts) => number | undefined;
  /** What its time is. */
  time?: string;
}

const STATES: State[] = [
  { name: 'queued', text: 'May run', count: (counts) => counts.enqueued },
  { name: 'working', text: 'Working', count: (counts) => counts.working, time: 'Reserved' },
  { name: 'scheduled', text: 'Scheduled', time: 'Due' },
  { name: 'retry', text: 'Retry', count: (counts) => counts.retries, time: 'Next try' },
  { name: 'blocked', text: 'Blocked' },
  { name: 'dead', text: 'Dead', count: (counts) => counts.dead, time: 'Died' },
];

const EMPTY: Record<string, string> = {
  queued: 'No job waits for a worker.', working: 'No worker has a job.', scheduled: 'No job waits for its time.', retry: 'No job waits for another try.',
  blocked: 'No job waits for other jobs, for signals, or for its turn.', dead: 'No job is dead: none ran out of tries, none was killed.',
};

interface Bulk {
  label: string;
  all: string;
  method: string;
  /** States in which it can be done. */
  states: string[];
  danger?: boolean;
  says: string;
}

const BULKS: Bulk[] = [
  { label: 'Retry', all: 'Retry all', method: 'jobs_redrive', states: ['dead'], says: 'They go back into their queues, with all their tries.' },
  { label: 'Run now', all: 'Run all now', method: 'jobs_redrive', states: ['retry', 'scheduled'], says: 'They go into their queues now.' },
  { label: 'Kill', all: 'Kill all', method: 'jobs_kill_many', states: ['queued', 'scheduled', 'retry', 'blocked'], danger: true, says: 'They are put among the dead, where they can be looked at and retried.' },
  { label: 'Cancel', all: 'Cancel all', method: 'jobs_cancel_many', states: ['queued', 'scheduled', 'retry', 'blocked', 'working'], danger: true, says: 'Those that have not begun are removed; the workers of those that have are told.' },
  { label: 'Discard', all: 'Discard all', method: 'jobs_discard', states: ['dead', 'retry', 'scheduled'], danger: true, says: 'They are gone for good.' },
];

interface Page {
  jobs: JobView[];
  next?: string;
}

export function Jobs() {
  return <JobsFrame>{() => <Body />}</JobsFrame>;
}

function Body() {
  const { query } = route.value;
  const state = query.get('state') ?? 'queued';
  const filter = { queue: query.get('queue') || undefined, jobtype: query.get('type') || undefined, contains: query.get('contains') || undefined };
  const cursor = query.get('cursor') || undefined;
  const [marked, setMarked] = useState<Set<string>>(new Set());
  const params: Params = { state, ...filter, limit: PAGE, cursor };
  const page = usePoll((stop) => call<Page>('jobs_list', params, stop), LOOK_MS, [JSON.stringify(params)]);
  const counts = usePoll((stop) => call<Counts>('jobs_counts', {}, stop), LOOK_MS, []);
  const change = (what: Record<string, string | undefined>) => {
    setMarked(new Set());
    setQuery({ cursor: undefined, ...what });
  };
  const jobs = page.data?.jobs ?? [];
  const chosen = jobs.map(({ jid }) => jid).filter((jid) => marked.has(jid));
  return (
    <>
      <div class="states" role="group" aria-label="State">
        {STATES.map(({ name, text, count: read }) => (
          <button key={name} type="button" aria-pressed={name === state} onClick={() => change({ state: name })}>
            {text} {read && counts.data ? <b>{count(read(counts.data))}</b> : ''}
          </button>
        ))}
      </div>
      <div class="filters">
        <Search label="Queue" value={filter.queue ?? ''} placeholder="all" onSearch={(text) => change({ queue: text })} />
        <Search label="Type" value={filter.jobtype ?? ''} placeholder="all" onSearch={(text) => change({ type: text })} />
        <Search label="A piece of its JSON" value={filter.contains ?? ''} placeholder={'"args":[7'} onSearch={(text) => change({ contains: text })} />
      </div>
      <Shown of={page}>
        {(shown) => (
          <Card title={`${plural((shown.jobs ?? []).length, 'job')}${shown.next || cursor ? ' on this page' : ''}`} side={<CopyCurl method="jobs_list" params={params} />}>
            {jobs.length === 0 ? (
              <Empty title={Object.values(filter).some(Boolean) ? 'No job in this state matches.' : (EMPTY[state] ?? 'None.')} line={state === 'queued' ? curlOf('jobs_push', { jobtype: 'hello', args: ['Ada'] }) : undefined}>
                {state === 'queued' && 'To push one:'}
              </Empty>
            ) : (
              <>
                <BulkBar state={state} filter={filter} chosen={chosen} onMark={(all) => setMarked(new Set(all ? jobs.map(({ jid }) => jid) : []))} />
                <Table label="Jobs" rows={jobs} keyOf={(job) => job.jid} columns={columns(state, jobs, marked, setMarked)} />
              </>
            )}
            {(shown.next || cursor) && (
              <p class="more">
                {cursor && (
                  <button type="button" class="plain" onClick={() => change({})}>
                    First page
                  </button>
                )}
                {shown.next && (
                  <button type="button" class="plain" onClick={() => change({ cursor: shown.next })}>
                    Next page
                  </button>
                )}
              </p>
            )}
          </Card>
        )}
      </Shown>
    </>
  );
}

function columns(state: string, jobs: JobView[], marked: Set<string>, setMarked: (jids: Set<string>) => void) {
  const mark = (jid: string, on: boolean) => {
    const next = new Set(marked);
    if (on) next.add(jid);
    else next.delete(jid);
    setMarked(next);
  };
  const time = STATES.find(({ name }) => name === state)?.time;
  return [
    ...(readOnly.value
      ? []
      : [{ name: 'Mark', class: 'mark-cell', cell: (job: JobView) => <input type="checkbox" aria-label={`Mark ${job.jid}`} checked={marked.has(job.jid)} onChange={(event) => mark(job.jid, event.currentTarget.checked)} /> }]),
    { name: 'Job', cell: (job: JobView) => <Link to="jobs/job" query={{ jid: job.jid }}><Name text={job.jid} /></Link> },
    { name: 'Type', cell: (job: JobView) => <Name text={job.jobtype} /> },
    { name: 'Queue', cell: (job: JobView) => <Name text={job.queue} /> },
    { name: 'Arguments', cell: (job: JobView) => <JsonLine value={job.job?.args} max={80} />, class: 'wide-cell' },
    ...(time ? [{ name: time, cell: (job: JobView) => <Time at={job.at} /> }] : []),
    ...(state === 'working' ? [{ name: 'Worker', cell: (job: JobView) => <Name text={job.worker} of="without a name" /> }] : []),
    ...(jobs.some((job) => job.job?.failure) ? [{ name: 'Error', class: 'wide-cell', cell: (job: JobView) => job.job?.failure && <Name text={`${job.job.failure.errtype ?? 'Error'}: ${(job.job.failure.message ?? '').slice(0, 120)}`} /> }] : []),
  ];
}

function BulkBar({ state, filter, chosen, onMark }: { state: string; filter: Record<string, string | undefined>; chosen: string[]; onMark: (all: boolean) => void }) {
  if (readOnly.value) return null;
  const bulks = BULKS.filter(({ states }) => states.includes(state));
  const narrowed = Object.values(filter).some(Boolean);
  const onDone = () => onMark(false);
  const done = (label: string) => (result: Record<string, unknown>) => `${label}: done with ${plural(Number(result.count ?? 0), 'job')}.`;
  return (
    <div class="bulk">
      <div class="row">
        <button type="button" class="plain" onClick={() => onMark(chosen.length === 0)}>
          {chosen.length === 0 ? 'Mark this page' : 'Mark none'}
        </button>
        <span class="hint">{chosen.length === 0 ? 'or with all:' : `With ${chosen.length} marked:`}</span>
        {chosen.length > 0 &&
          bulks.map(({ label, method, danger, says }) => (
            <Action key={label} label={label} name={`${label} ${plural(chosen.length, 'job')}`} danger={danger} method={method} params={{ state, jids: chosen }} says={says} done={done(label)} after={onDone} />
          ))}
        {chosen.length === 0 &&
          bulks.map(({ label, all, method, danger, says }) => (
            <Action
              key={label}
              label={all}
              name={narrowed ? `${all} that match` : `${all} in the state ${state}`}
              danger={danger}
              method={method}
              params={narrowed ? { state, ...filter } : { state, all: true }}
              typed={`${label.toLowerCase()} ${state}`}
              says={`${says} ${narrowed ? 'Done with every job in this state that the filters admit, on all pages.' : `Done with every job in the state ${state}, on all pages.`}`}
              done={done(label)}
              after={() => {
                onDone();
                changes.value++;
              }}
            />
          ))}
      </div>
    </div>
  );
}
