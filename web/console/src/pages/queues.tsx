// Queues: how much waits in each, for how long, and who works on it.
import { Action } from '../action';
import { call } from '../api';
import { count, plural, span } from '../format';
import { usePoll } from '../poll';
import { route, setQuery } from '../router';
import type { Counts, Limits, Queue } from '../types';
import { Card, CopyCurl, Empty, Facts, JsonText, Link, Name, Shown, Table, Tag } from '../ui';
import { JobsFrame } from './jobs_menu';
import { PushJob } from './push';
import { curlOf } from '../api';

const LOOK_MS = 1500;

export function Queues() {
  return <JobsFrame>{() => <Body />}</JobsFrame>;
}

function Body() {
  const opened = route.value.query.get('queue') ?? '';
  const queues = usePoll(async (stop) => (await call<{ queues: Queue[] }>('jobs_queues', {}, stop)).queues ?? [], LOOK_MS, []);
  const counts = usePoll((stop) => call<Counts>('jobs_counts', {}, stop), LOOK_MS, []);
  return (
    <>
      {counts.data && <States counts={counts.data} />}
      {opened && <Detail name={opened} queue={queues.data?.find(({ name }) => name === opened)} />}
      <Shown of={queues}>
        {(rows) => (
          <Card title={plural(rows.length, 'queue')} side={<CopyCurl method="jobs_queues" params={{}} />}>
            {rows.length === 0 ? (
              <Empty title="No job was pushed yet." line={curlOf('jobs_push', { jobtype: 'hello', args: ['Ada'] })}>
                A queue comes with its first job:
              </Empty>
            ) : (
              <Table label="Queues" rows={rows} keyOf={(row) => row.name} columns={columns(opened)} />
            )}
          </Card>
        )}
      </Shown>
      <PushJob />
    </>
  );
}

function States({ counts }: { counts: Counts }) {
  const states: [string, number | undefined, string][] = [
    ['May run', counts.enqueued, 'queued'],
    ['Working', counts.working, 'working'],
    ['Scheduled or blocked', counts.scheduled, 'scheduled'],
    ['Retries', counts.retries, 'retry'],
    ['Dead', counts.dead, 'dead'],
  ];
  return (
    <ul class="figures">
      {states.map(([name, value, state]) => (
        <li key={name} class={state === 'dead' && value ? 'bad' : ''}>
          <Link to="jobs/list" query={{ state }}>
            <b>{count(value)}</b>
            <span>{name}</span>
          </Link>
        </li>
      ))}
      <li>
        <Link to="jobs/workers">
          <b>{count(counts.workers)}</b>
          <span>Workers</span>
        </Link>
      </li>
      <li class="still">
        <b>{count(counts.processed)}</b>
        <span>processed, {count(counts.failures)} failed</span>
      </li>
    </ul>
  );
}

/** What its jobs wait for. */
function why(queue: Queue): string {
  if (!queue.ready) return queue.later ? 'nothing may run yet' : '';
  if (queue.paused) return 'paused: it takes jobs and gives none';
  if (queue.waiting_fetches) return 'workers wait, but not for these: a limit holds them back';
  if (queue.working) return 'all its workers are busy';
  return 'no worker fetches from it';
}

function columns(opened: string) {
  return [
    {
      name: 'Queue',
      cell: (row: Queue) => (
        <>
          <button type="button" class="link" aria-expanded={row.name === opened} onClick={() => setQuery({ queue: row.name === opened ? undefined : row.name })}>
            <Name text={row.name} />
          </button>{' '}
          {row.paused && <Tag state="paused" />}
        </>
      ),
    },
    { name: 'May run', cell: (row: Queue) => <Link to="jobs/list" query={{ state: 'queued', queue: row.name }}>{count(row.ready)}</Link>, class: 'number' },
    { name: 'Working', cell: (row: Queue) => <Link to="jobs/list" query={{ state: 'working', queue: row.name }}>{count(row.working)}</Link>, class: 'number' },
    { name: 'Later', cell: (row: Queue) => count(row.later), class: 'number' },
    { name: 'Oldest waits', cell: (row: Queue) => (row.latency_ms === undefined ? '–' : span(row.latency_ms / 1000)) },
    { name: 'Why', cell: (row: Queue) => <span class="soft">{why(row)}</span> },
    { name: 'Do', cell: (row: Queue) => <PauseOrResume queue={row} /> },
  ];
}

function PauseOrResume({ queue }: { queue: Queue }) {
  const params = { queue: queue.name };
  if (queue.paused) {
    return <Action label="Resume" name={`Resume ${queue.name}`} method="jobs_queue_resume" params={params} says="Workers get its jobs again." done={() => 'Resumed.'} />;
  }
  return <Action label="Pause" name={`Pause ${queue.name}`} method="jobs_queue_pause" params={params} says="The queue goes on taking jobs, and gives none until it is resumed. Jobs under way are not touched." done={() => 'Paused.'} />;
}

function Detail({ name, queue }: { name: string; queue: Queue | undefined }) {
  const limits = usePoll((stop) => call<Limits>('jobs_limits', { queue: name }, stop), LOOK_MS, [name]);
  return (
    <Card
      title={<>Queue <Name text={name} /></>}
      side={
        <button type="button" class="plain" onClick={() => setQuery({ queue: undefined })}>
          Close
        </button>
      }
    >
      {queue && (
        <Facts
          rows={[
            ['Why it waits', why(queue) || 'nothing waits'],
            ['Fetches that wait', count(queue.waiting_fetches)],
            ['Jobs that wait for their time', count(queue.later)],
          ]}
        />
      )}
      <Shown of={limits}>
        {({ limits: given, configured, running, parked, blocked_keys: keys = [] }) =>
          given === undefined ? (
            <Empty title="It has no limits." line={curlOf('jobs_limits_set', { queue: name, limits: { concurrency: 4 } })}>
              To run four at a time:
            </Empty>
          ) : (
            <>
              <Facts rows={[['Limits', configured ? 'of the configuration' : 'set over the API'], ['Running', count(running)], ['Held back by their keys', count(parked)]]} />
              <JsonText value={given} label="Limits" />
              {keys.length > 0 && (
                <Table
                  label="Keys that are held back"
                  rows={keys}
                  keyOf={(row) => row.key}
                  columns={[
                    { name: 'Key', cell: (row) => <Name text={row.key} /> },
                    { name: 'Running', cell: (row) => count(row.running), class: 'number' },
                    { name: 'Held back', cell: (row) => count(row.parked), class: 'number' },
                  ]}
                />
              )}
            </>
          )
        }
      </Shown>
      {queue && (
        <div class="row pad">
          <PauseOrResume queue={queue} />
          <Action label="Remove" danger method="jobs_queue_remove" params={{ queue: name }} typed={name} says={`The queue goes, and with it the ${plural(queue.ready ?? 0, 'job')} that may run in it, for good.`} done={(result) => `Removed, with ${plural(Number(result.count ?? 0), 'job')}.`} after={() => setQuery({ queue: undefined })} />
        </div>
      )}
    </Card>
  );
}
