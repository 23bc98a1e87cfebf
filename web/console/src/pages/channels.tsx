// Channels that somebody follows now.
import { useState } from 'preact/hooks';
import { call } from '../api';
import { count, plural } from '../format';
import { usePoll } from '../poll';
import { go, route, setQuery } from '../router';
import { Card, CopyCurl, Empty, Link, Name, Search, Shown, Table } from '../ui';

interface Channel {
  name: string;
  clients: number;
}

const SHOWN_STEP = 200;

async function load(pattern: string, stop: AbortSignal): Promise<Channel[]> {
  const { channels = {} } = await call<{ channels?: Record<string, { num_clients?: number }> }>('channels', { pattern: pattern || undefined }, stop);
  return Object.entries(channels)
    .map(([name, { num_clients = 0 }]) => ({ name, clients: num_clients }))
    .sort((a, b) => b.clients - a.clients || (a.name < b.name ? -1 : 1));
}

export function Channels() {
  const pattern = route.value.query.get('pattern') ?? '';
  const [shown, setShown] = useState(SHOWN_STEP);
  const [name, setName] = useState('');
  const channels = usePoll((stop) => load(pattern, stop), 2000, [pattern]);
  const open = (event: Event) => {
    event.preventDefault();
    if (name !== '') go('channel', { name });
  };
  return (
    <>
      <div class="filters">
        <Search label="Pattern" value={pattern} placeholder="room:*" onSearch={(text) => setQuery({ pattern: text })} />
        <form onSubmit={open} class="field-row">
          <label class="field">
            <span>Open by name</span>
            <input value={name} placeholder="also one that nobody follows" spellcheck={false} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <button type="submit" class="plain" disabled={name === ''}>
            Open
          </button>
        </form>
      </div>
      <Shown of={channels}>
        {(rows) => (
          <Card title={plural(rows.length, 'channel')} side={<CopyCurl method="channels" params={{ pattern: pattern || undefined }} />}>
            {rows.length === 0 ? (
              <Empty title={pattern ? 'No channel that somebody follows has such a name.' : 'Nobody follows a channel.'} line="tidemill tail demo:chat">
                {pattern ? <>A pattern: <code>*</code> any text, <code>?</code> one character, <code>[a-z]</code> one of these.</> : 'A channel is here as long as it has a subscriber, for example:'}
              </Empty>
            ) : (
              <Table
                label="Channels"
                rows={rows.slice(0, shown)}
                keyOf={(row) => row.name}
                columns={[
                  { name: 'Channel', cell: (row) => <Link to="channel" query={{ name: row.name }}><Name text={row.name} /></Link> },
                  { name: 'Subscribers', cell: (row) => count(row.clients), class: 'number' },
                ]}
              />
            )}
            {rows.length > shown && (
              <p class="more">
                <button type="button" class="plain" onClick={() => setShown(shown + SHOWN_STEP)}>
                  {count(rows.length - shown)} more
                </button>
              </p>
            )}
          </Card>
        )}
      </Shown>
    </>
  );
}
