// Who works on jobs, and when it was last heard.
import { Action } from '../action';
import { call } from '../api';
import { bytes, count, plural } from '../format';
import { usePoll } from '../poll';
import type { Worker } from '../types';
import { Card, CopyCurl, Empty, Link, Name, Shown, Table, Tag, Time } from '../ui';
import { JobsFrame } from './jobs_menu';

export function Workers() {
  return <JobsFrame>{() => <Body />}</JobsFrame>;
}

function Body() {
  const state = usePoll(async (stop) => (await call<{ workers: Worker[] }>('jobs_workers', {}, stop)).workers ?? [], 2000, []);
  return (
    <Shown of={state}>
      {(rows) => (
        <Card title={plural(rows.length, 'worker')} side={<CopyCurl method="jobs_workers" params={{}} />}>
          {rows.length === 0 ? (
            <Empty title="No worker has named itself." line="tidemill jobs work --queue default -- cat">
              Workers of Faktory's protocol and of <code>jobs_fetch</code> with a name are here; and this makes one of any command:
            </Empty>
          ) : (
            <Table
              label="Workers"
              rows={rows}
              keyOf={(row) => row.worker}
              columns={[
                { name: 'Worker', cell: (row) => <><Name text={row.worker} /> <Tag state={row.state} /></> },
                { name: 'Host', cell: (row) => <Name text={[row.hostname, row.pid && `pid ${row.pid}`].filter(Boolean).join(', ')} of="–" /> },
                { name: 'Labels', cell: (row) => <Name text={(row.labels ?? []).join(', ')} of="–" /> },
                { name: 'Working', cell: (row) => <Link to="jobs/list" query={{ state: 'working' }}>{count(row.working)}</Link>, class: 'number' },
                { name: 'Memory', cell: (row) => (row.rss_kb ? bytes(row.rss_kb * 1024) : '–'), class: 'number' },
                { name: 'Started', cell: (row) => <Time at={row.started_at} /> },
                { name: 'Heard', cell: (row) => <Time at={row.heard_at} /> },
                {
                  name: 'Do',
                  class: 'acts',
                  cell: (row) => (
                    <>
                      <Action label="Quiet" name={`Quiet ${row.worker}`} method="jobs_worker_quiet" params={{ worker: row.worker }} says="When it next beats it is told to take no more jobs, and to end those that it has." />
                      <Action label="Terminate" name={`Terminate ${row.worker}`} danger method="jobs_worker_terminate" params={{ worker: row.worker }} says="When it next beats it is told to end." />
                    </>
                  ),
                },
              ]}
            />
          )}
        </Card>
      )}
    </Shown>
  );
}
