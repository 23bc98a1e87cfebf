// Who is connected, how, and how much waits for whom; ending that.
import { Action } from '../action';
import { call, type Params } from '../api';
import { bytes, count, plural } from '../format';
import { usePoll } from '../poll';
import { route, setQuery } from '../router';
import { readOnly } from '../session';
import type { Connection } from '../types';
import { Card, Choice, CopyCurl, Empty, Facts, JsonText, Link, Name, Search, Shown, Table, Tag, Time } from '../ui';

const LOOK_MS = 2000;
const SHOWN_MAX = 300;
const SLOW_BYTES = 64 << 10;

type Row = Connection & { client: string };

async function load(user: string, stop: AbortSignal): Promise<{ rows: Row[]; more: boolean }> {
  const { connections = {}, cursor } = await call<{ connections: Record<string, Connection>; cursor?: string }>('connections', paramsFor(user), stop);
  return { rows: Object.entries(connections).map(([client, each]) => ({ client, ...each })), more: cursor !== undefined };
}

const paramsFor = (user: string): Params => ({ user: user || undefined, limit: 1000 });

const ORDERS: Record<string, (a: Row, b: Row) => number> = {
  client: (a, b) => (a.client < b.client ? -1 : 1),
  queued: (a, b) => (b.queued_bytes ?? 0) - (a.queued_bytes ?? 0),
  subscriptions: (a, b) => (b.num_subs ?? 0) - (a.num_subs ?? 0),
  newest: (a, b) => (b.connected_at_ms ?? 0) - (a.connected_at_ms ?? 0),
};

export function Connections() {
  const { query } = route.value;
  const user = query.get('user') ?? '';
  const sort = query.get('sort') ?? 'client';
  const client = query.get('client') ?? '';
  const state = usePoll((stop) => load(user, stop), LOOK_MS, [user]);
  const sorted = [...(state.data?.rows ?? [])].sort(ORDERS[sort] ?? ORDERS.client);
  const opened = sorted.find((row) => row.client === client);
  return (
    <>
      <div class="filters">
        <Search label="User" value={user} placeholder="all" onSearch={(text) => setQuery({ user: text, client: undefined })} />
        <Choice
          label="Order"
          value={sort}
          options={[['client', 'by client id'], ['queued', 'most bytes queued first'], ['subscriptions', 'most subscriptions first'], ['newest', 'newest first']]}
          onChoose={(value) => setQuery({ sort: value })}
        />
      </div>
      {user !== '' && <User user={user} />}
      {client !== '' && state.data && <Detail client={client} row={opened} />}
      <Shown of={state}>
        {({ rows, more }) => (
          <Card title={`${more ? 'The first ' : ''}${plural(rows.length, 'connection')}`} side={<CopyCurl method="connections" params={paramsFor(user)} />}>
            {more && <p class="pad hint">In the order of client ids. Name a user to find the others.</p>}
            {rows.length === 0 ? (
              <Empty title={user ? 'This user is not connected.' : 'Nobody is connected.'} line={user ? undefined : 'tidemill tail demo:chat'}>
                {!user && 'A client, for example in a terminal:'}
              </Empty>
            ) : (
              <Table label="Connections" rows={sorted.slice(0, SHOWN_MAX)} keyOf={(row) => row.client} columns={columns(client)} />
            )}
            {rows.length > SHOWN_MAX && <p class="pad hint">{count(rows.length - SHOWN_MAX)} more are not shown: narrow it down to a user.</p>}
          </Card>
        )}
      </Shown>
    </>
  );
}

function Queued({ row }: { row: Row }) {
  const queued = row.queued_bytes ?? 0;
  return (
    <>
      {bytes(queued)} {queued >= SLOW_BYTES && <Tag state="slow" />}
    </>
  );
}

function columns(opened: string) {
  return [
    { name: 'User', cell: (row: Row) => <Name text={row.user} of="anonymous" /> },
    {
      name: 'Client',
      cell: (row: Row) => (
        <button type="button" class="link" aria-expanded={row.client === opened} onClick={() => setQuery({ client: row.client === opened ? undefined : row.client })}>
          <Name text={row.client} />
        </button>
      ),
    },
    { name: 'Transport', cell: (row: Row) => `${row.transport}, ${row.protocol}` },
    { name: 'App', cell: (row: Row) => <Name text={[row.app_name, row.app_version].filter(Boolean).join(' ')} of="–" /> },
    { name: 'Subscriptions', cell: (row: Row) => count(row.num_subs), class: 'number' },
    { name: 'Queued', cell: (row: Row) => <Queued row={row} />, class: 'number' },
    { name: 'Since', cell: (row: Row) => <Time at={row.connected_at_ms} /> },
    {
      name: 'Do',
      cell: (row: Row) => <Disconnect row={row} />,
    },
  ];
}

/** Both: without the user, the API looks among the anonymous only. */
const targetOf = (row: Row) => ({ user: row.user ?? '', client: row.client });

function Disconnect({ row }: { row: Row }) {
  return (
    <Action
      label="Disconnect"
      name={`Disconnect ${row.client}`}
      danger
      method="disconnect"
      params={targetOf(row)}
      says="This connection is closed with code 3503, after which official clients stay away. It may connect anew."
      done={() => 'Disconnected.'}
    />
  );
}

function Detail({ client, row }: { client: string; row: Row | undefined }) {
  const channels = Object.keys(row?.state?.channels ?? {});
  const token = row?.state?.connection_token;
  return (
    <Card
      title={<>Connection <Name text={client} /></>}
      side={
        <button type="button" class="plain" onClick={() => setQuery({ client: undefined })}>
          Close
        </button>
      }
    >
      {!row ? (
        <Empty title="It is gone, or not among those that are shown." />
      ) : (
        <>
          <Facts
            rows={[
              ['User', <Link to="connections" query={{ user: row.user }}><Name text={row.user} of="anonymous" /></Link>],
              ['Transport', `${row.transport}, ${row.protocol}`],
              ['Bytes queued', <><Queued row={row} />{(row.queued_bytes ?? 0) > 0 && <span class="hint"> wait because the client has not read them</span>}</>],
              ['Token', token && <><Name text={token.uid} of="without jti" />{token.issued_at ? <>, issued <Time at={token.issued_at * 1000} /></> : ''}</>],
            ]}
          />
          {row.state?.meta !== undefined && <JsonText value={row.state.meta} label="Meta" />}
          <h3 class="pad">{plural(row.num_subs ?? 0, 'subscription')}{(row.num_subs ?? 0) > channels.length ? `, of which ${channels.length}` : ''}</h3>
          <ul class="chips">
            {channels.sort().map((channel) => (
              <li key={channel}>
                <Link to="channel" query={{ name: channel }}><Name text={channel} /></Link>
                <Action
                  label="Unsubscribe"
                  name={`Unsubscribe from ${channel}`}
                  method="unsubscribe"
                  params={{ ...targetOf(row), channel }}
                  says="The connection follows this channel no longer. Official clients do not subscribe again by themselves."
                  done={() => 'Unsubscribed.'}
                />
              </li>
            ))}
          </ul>
          <div class="row pad">
            <Disconnect row={row} />
            {token?.uid && (
              <Action label="Revoke token" danger method="revoke_token" params={{ uid: token.uid }} says="What this token was used for ends on every node, and it is taken no more." done={() => 'Revoked.'} />
            )}
          </div>
        </>
      )}
    </Card>
  );
}

function User({ user }: { user: string }) {
  if (readOnly.value) return null;
  return (
    <Card title={<>User <Name text={user} /></>}>
      <div class="row pad">
        <Action label="Disconnect all" danger method="disconnect" params={{ user }} says="All connections of this user are closed on every node. It may connect anew." done={() => 'Disconnected.'} />
        <Action
          label="Block"
          danger
          method="block_user"
          params={{ user }}
          typed={user.length <= 40 ? user : 'block'}
          says="The user's connections are closed on every node, and it may not connect until it is unblocked. Kept in Redis where Redis is the broker, else until the server ends."
          done={() => 'Blocked.'}
        />
        <Action label="Unblock" method="unblock_user" params={{ user }} says="The user may connect again." done={() => 'Unblocked.'} />
        <Action
          label="Invalidate tokens"
          danger
          method="invalidate_user_tokens"
          params={{ user }}
          says="Connections with tokens that were issued until now end, and these tokens are taken no more: the user needs a new one."
          done={() => 'Invalidated.'}
        />
      </div>
    </Card>
  );
}
