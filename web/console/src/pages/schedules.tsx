// Jobs that are pushed again and again, and when next.
import { Action } from '../action';
import { call, curlOf } from '../api';
import { absolute, instant, plural } from '../format';
import { usePoll } from '../poll';
import type { Schedule } from '../types';
import { Card, CopyCurl, Empty, JsonLine, Link, Name, Shown, Table, Tag, Time } from '../ui';
import { JobsFrame } from './jobs_menu';

const PAGE = 200;
const SAMPLE = { name: 'nightly-report', schedule: '30 3 * * MON-FRI', zone: 'Europe/Berlin', job: { jobtype: 'report', args: ['daily'] } };

export function Schedules() {
  return <JobsFrame>{() => <Body />}</JobsFrame>;
}

function Body() {
  const params = { limit: PAGE, next: 3 };
  const state = usePoll((stop) => call<{ schedules: Schedule[]; next?: string }>('jobs_schedules', params, stop), 2000, []);
  return (
    <Shown of={state}>
      {({ schedules: rows = [], next }) => (
        <Card title={plural(rows.length, 'schedule')} side={<CopyCurl method="jobs_schedules" params={params} />}>
          {next && rows.length >= PAGE && <p class="pad hint">The first {PAGE} by name; <code>tidemill jobs cron list</code> has all.</p>}
          {rows.length === 0 ? (
            <Empty title="Nothing is pushed again and again." line={curlOf('jobs_schedule_set', SAMPLE)}>
              A schedule, each weekday at half past three in Berlin:
            </Empty>
          ) : (
            <Table
              label="Schedules"
              rows={rows}
              keyOf={(row) => row.name}
              columns={[
                { name: 'Name', cell: (row) => <><Name text={row.name} /> {row.paused && <Tag state="paused" />}{row.enabled === false && <Tag state="disabled" tone="warn" />}</> },
                { name: 'When', cell: (row) => <><code>{row.schedule}</code> <span class="hint block">{row.in_words}</span></>, class: 'wide-cell' },
                { name: 'Job', cell: (row) => <><Name text={row.job?.jobtype} /> <JsonLine value={row.job?.args} max={40} /></> },
                { name: 'Last', cell: (row) => (row.last_jid ? <Link to="jobs/job" query={{ jid: row.last_jid }}><Time at={row.fired_at} /></Link> : <Time at={row.fired_at} none="never" />) },
                { name: 'Next', cell: (row) => <Next times={row.next ?? []} zone={row.zone ?? 'UTC'} />, class: 'wide-cell' },
                { name: 'Do', cell: (row) => <Acts row={row} />, class: 'acts' },
              ]}
            />
          )}
        </Card>
      )}
    </Shown>
  );
}

/** In the schedule's own zone, as whoever wrote it thinks of it. */
function inZone(at: string, zone: string): string {
  const ms = instant(at);
  if (ms === undefined) return at;
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' }).format(ms);
  } catch {
    return absolute(ms);
  }
}

function Next({ times, zone }: { times: string[]; zone: string }) {
  if (times.length === 0) return <span class="soft">not while it is paused or disabled</span>;
  return (
    <>
      <Time at={times[0]} />
      <span class="hint block">
        {times.map((at) => inZone(at, zone)).join(' · ')}, {zone}
      </span>
    </>
  );
}

function Acts({ row }: { row: Schedule }) {
  const params = { name: row.name };
  return (
    <>
      <Action label="Run now" name={`Run now: ${row.name}`} method="jobs_schedule_run" params={params} says="Its job is pushed once, now, beside its times." done={(result) => `Pushed as ${String(result.jid)}.`} />
      {row.paused ? (
        <Action label="Resume" name={`Resume ${row.name}`} method="jobs_schedule_resume" params={params} says="It fires again from now on; what it has missed is left out." done={() => 'Resumed.'} />
      ) : (
        <Action label="Pause" name={`Pause ${row.name}`} method="jobs_schedule_pause" params={params} says="It fires no more until it is resumed." done={() => 'Paused.'} />
      )}
      {!row.configured && <Action label="Remove" name={`Remove ${row.name}`} danger method="jobs_schedule_remove" params={params} typed={row.name} says="No more jobs are pushed by it; those that were stay." done={() => 'Removed.'} />}
    </>
  );
}
