// The outbox: what waits to leave, what holds it back, and what could not leave.
import { Action } from '../action';
import { call, type Params } from '../api';
import { count, plural, span } from '../format';
import { Raw } from '../json';
import { usePoll } from '../poll';
import { route, setQuery } from '../router';
import { config } from '../session';
import type { Node, OutboxStatus, Parked } from '../types';
import { Card, CopyCurl, Empty, Link, Name, Off, Shown, Table, Time } from '../ui';

const LOOK_MS = 2000;
const PAGE = 100;

export function Outbox() {
  if (!config.value?.outbox) {
    return (
      <Off what="The outbox" lines={'[outbox]\nenabled = true\n\n[storage.postgres]\nurl = "postgres://…"'}>
        It sends what your own transactions publish, if and only if they commit. It needs a database.
      </Off>
    );
  }
  return <Body />;
}

function Body() {
  const after = route.value.query.get('after') ?? '';
  const status = usePoll((stop) => call<OutboxStatus>('outbox_status', {}, stop), LOOK_MS, []);
  const nodes = usePoll(async (stop) => (await call<{ nodes: Node[] }>('info', {}, stop)).nodes, LOOK_MS * 5, []);
  const params: Params = { after: /^\d+$/.test(after) ? new Raw(after) : undefined, count: PAGE };
  const parked = usePoll(async (stop) => (await call<{ entries: Parked[] }>('outbox_parked', params, stop)).entries, LOOK_MS, [after]);
  return (
    <>
      <Shown of={status}>{(data) => <Status status={data} node={nodes.data?.find(({ uid }) => uid === data.relayed_by)} />}</Shown>
      <Shown of={parked}>
        {(rows) => (
          <Card title={`Parked: ${plural(rows.length, 'entry', 'entries')}${after ? ' on this page' : ''}`} side={<CopyCurl method="outbox_parked" params={params} />} class={rows.length > 0 ? 'attention' : ''}>
            {rows.length === 0 ? (
              <Empty title="Nothing is parked: all that was to leave has left." />
            ) : (
              <>
                <div class="row pad">
                  <Action label="Retry all" method="outbox_retry" params={{ all: true }} typed="retry all" says="All entries that are parked are put back, and sent again." done={(result) => `Put back: ${String(result.entries)}.`} />
                  <Action label="Drop all" danger method="outbox_drop" params={{ all: true }} typed="drop all" says="All entries that are parked are gone for good, and what they said is never sent." done={(result) => `Dropped: ${String(result.entries)}.`} />
                </div>
                <Table label="Parked entries" rows={rows} keyOf={(row) => String(row.id)} columns={COLUMNS} />
              </>
            )}
            {(rows.length === PAGE || after) && (
              <p class="more">
                {after && <button type="button" class="plain" onClick={() => setQuery({ after: undefined })}>First page</button>}
                {rows.length === PAGE && <button type="button" class="plain" onClick={() => setQuery({ after: String(rows.at(-1)?.id) })}>Next page</button>}
              </p>
            )}
          </Card>
        )}
      </Shown>
    </>
  );
}

const COLUMNS = [
  { name: 'Entry', cell: (row: Parked) => String(row.id) },
  { name: 'To', cell: (row: Parked) => <>{row.sink} {row.sink === 'channel' ? <Link to="channel" query={{ name: row.target }}><Name text={row.target} /></Link> : <Name text={row.target} />}</> },
  { name: 'Why', cell: (row: Parked) => <Name text={row.reason} />, class: 'wide-cell' },
  { name: 'Data', cell: (row: Parked) => <code class="line"><Name text={row.data.slice(0, 120)} of="empty" /></code>, class: 'wide-cell' },
  { name: 'Written', cell: (row: Parked) => <Time at={row.created_at} /> },
  { name: 'Parked', cell: (row: Parked) => <Time at={row.parked_at} /> },
  {
    name: 'Do',
    class: 'acts',
    cell: (row: Parked) => (
      <>
        <Action label="Retry" name={`Retry entry ${String(row.id)}`} method="outbox_retry" params={{ ids: [row.id] }} says="It is put back, and sent again." done={() => 'Put back.'} />
        <Action label="Drop" name={`Drop entry ${String(row.id)}`} danger method="outbox_drop" params={{ ids: [row.id] }} says="It is gone for good, and what it says is never sent." done={() => 'Dropped.'} />
      </>
    ),
  },
];

function Status({ status, node }: { status: OutboxStatus; node: Node | undefined }) {
  return (
    <>
      <ul class="figures">
        <li class="still">
          <b>{count(status.waiting)}</b>
          <span>wait to leave</span>
        </li>
        <li class="still">
          <b>{status.lag_ms === 0 ? '0 s' : span(status.lag_ms / 1000)}</b>
          <span>the oldest has waited</span>
        </li>
        <li class={`still ${status.parked ? 'bad' : ''}`}>
          <b>{count(status.parked)}</b>
          <span>parked</span>
        </li>
      </ul>
      <Card title="Who sends" side={<CopyCurl method="outbox_status" params={{}} />}>
        <p class="pad">
          {status.relayed_by === '' ? (
            <>No node does: entries wait until one can. The log has <code>outbox.</code> events that say why.</>
          ) : (
            <>Node <Name text={node?.name ?? status.relayed_by} />{status.relayed_here ? ', which is this one.' : '. What holds keys back is shown by that node only.'}</>
          )}
        </p>
        {status.held.length > 0 && (
          <Table
            label="What is held back"
            rows={status.held}
            keyOf={(row) => row.lane}
            columns={[
              { name: 'Key', cell: (row) => <Name text={row.lane} /> },
              { name: 'Entry', cell: (row) => String(row.entry) },
              { name: 'Why', cell: (row) => <Name text={row.why} />, class: 'wide-cell' },
              { name: 'Tries', cell: (row) => count(row.attempts), class: 'number' },
              { name: 'Next', cell: (row) => `in ${span(row.retry_in_ms / 1000)}` },
            ]}
          />
        )}
      </Card>
    </>
  );
}
