// Batches: jobs with callbacks when all are through. And sequences: jobs that run one at a time.
import { Action } from '../action';
import { call, curlOf } from '../api';
import { count, plural } from '../format';
import { usePoll } from '../poll';
import type { Batch, Sequence } from '../types';
import { Card, CopyCurl, Empty, Link, Name, Shown, Table, Tag, Time } from '../ui';
import { JobsFrame } from './jobs_menu';

const PAGE = 200;
const LOOK_MS = 2000;

export function Batches() {
  return (
    <JobsFrame>
      {() => (
        <>
          <BatchList />
          <SequenceList />
        </>
      )}
    </JobsFrame>
  );
}

function BatchList() {
  const state = usePoll((stop) => call<{ batches: Batch[]; next?: string }>('jobs_batches', { limit: PAGE }, stop), LOOK_MS, []);
  return (
    <Shown of={state}>
      {({ batches: rows = [], next }) => (
        <Card title={`${next ? 'The first ' : ''}${plural(rows.length, 'batch', 'batches')}`} side={<CopyCurl method="jobs_batches" params={{ limit: PAGE }} />}>
          {rows.length === 0 ? (
            <Empty title="No batch is under way." line={curlOf('jobs_batch_new', { description: 'import', success: { jobtype: 'report', args: [7] } })}>
              Jobs that name it in <code>custom.bid</code> belong to it; when all are done, <code>success</code> is pushed:
            </Empty>
          ) : (
            <Table
              label="Batches"
              rows={rows}
              keyOf={(row) => row.bid}
              columns={[
                { name: 'Batch', cell: (row) => <><Link to="jobs/list" query={{ state: 'queued', contains: `"bid":"${row.bid}"` }}><Name text={row.bid} /></Link> <span class="hint block"><Name text={row.description} of="" /></span></> },
                { name: 'Jobs', cell: (row) => count(row.total), class: 'number' },
                { name: 'To do', cell: (row) => count(row.pending), class: 'number' },
                { name: 'Failed', cell: (row) => count(row.failed), class: 'number' },
                { name: 'Waits for', cell: (row) => <span class="soft">{whyBatch(row)}</span>, class: 'wide-cell' },
                { name: 'Complete', cell: (row) => row.complete && <Tag state={row.complete} /> },
                { name: 'Success', cell: (row) => row.success && <Tag state={row.success} /> },
                { name: 'Made', cell: (row) => <Time at={row.created_at} /> },
              ]}
            />
          )}
        </Card>
      )}
    </Shown>
  );
}

function whyBatch(batch: Batch): string {
  if (!batch.committed) return 'its commit: more jobs may come';
  const reasons: string[] = [];
  if (batch.pending) reasons.push(`${plural(batch.pending, 'job')} to be done${batch.failed ? `, of which ${batch.failed} failed, are dead or gone` : ''}`);
  if (batch.children) reasons.push(plural(batch.children, 'batch below it', 'batches below it'));
  return reasons.join('; ') || 'its callbacks';
}

function SequenceList() {
  const state = usePoll((stop) => call<{ sequences: Sequence[]; next?: string }>('jobs_sequences', { limit: PAGE }, stop), LOOK_MS, []);
  return (
    <Shown of={state}>
      {({ sequences: rows = [], next }) => (
        <Card title={`${next ? 'The first ' : ''}${plural(rows.length, 'sequence')}`} side={<CopyCurl method="jobs_sequences" params={{ limit: PAGE }} />}>
          {rows.length === 0 ? (
            <Empty title="No jobs wait for their turn." line={curlOf('jobs_push', { jobtype: 'transfer', args: [12], custom: { sequence_key: 'account-7' } })}>
              Jobs of one key run one at a time, in the order in which they were pushed:
            </Empty>
          ) : (
            <Table
              label="Sequences"
              rows={rows}
              keyOf={(row) => row.key}
              columns={[
                { name: 'Key', cell: (row) => <><Name text={row.key} /> {row.halted && <Tag state="halted" />}</> },
                { name: 'Jobs', cell: (row) => count(row.length), class: 'number' },
                { name: 'Whose turn it is', cell: (row) => row.head && <Link to="jobs/job" query={{ jid: row.head }}><Name text={row.head} /></Link> },
                {
                  name: 'Do',
                  cell: (row) =>
                    row.halted && <Action label="Skip" name={`Skip the dead job of ${row.key}`} danger method="jobs_sequence_skip" params={{ key: row.key }} says="The dead job is passed over, and the next one runs." done={() => 'Skipped.'} />,
                },
              ]}
            />
          )}
        </Card>
      )}
    </Shown>
  );
}
