// One channel: who is in it, what was published, the state of a map; and publishing by hand.
import { useState } from 'preact/hooks';
import { Action } from '../action';
import { ApiError, call, type Params } from '../api';
import { plural } from '../format';
import { parse, Raw } from '../json';
import { changes, usePoll } from '../poll';
import { route, setQuery } from '../router';
import { readOnly } from '../session';
import type { ClientInfo, MapEntry, Num, Publication } from '../types';
import { Card, CopyCurl, Empty, JsonLine, JsonText, Link, Name, Problem, say, Shown, Table, Time } from '../ui';

const LOOK_MS = 2000;
const PAGE = 50;
const NOT_AVAILABLE = 108;

export function ChannelPage() {
  const channel = route.value.query.get('name') ?? '';
  const map = usePoll((stop) => call<{ entries: MapEntry[]; cursor?: string }>('map_read_state', { channel, limit: 100 }, stop), LOOK_MS, [channel]);
  const isMap = map.data !== undefined;
  return (
    <>
      <p class="title-name">
        <Name text={channel} />
      </p>
      <p class="hint">
        <Link to="channels">All channels</Link>
      </p>
      {isMap && map.data && <MapState channel={channel} entries={map.data.entries} more={map.data.cursor !== undefined} />}
      {!readOnly.value && <Publish channel={channel} isMap={isMap} />}
      <div class="columns">
        <History channel={channel} isMap={isMap} />
        <Presence channel={channel} />
      </div>
    </>
  );
}

function namespaceLines(channel: string, lines: string): string {
  const [namespace] = channel.split(':');
  return channel.includes(':') ? `[[channel.namespaces]]\nname = "${namespace?.replace(/^\$/, '')}"\n${lines}` : `[channel.without_namespace]\n${lines}`;
}

function Presence({ channel }: { channel: string }) {
  const state = usePoll(
    async (stop) => {
      try {
        return Object.values((await call<{ presence?: Record<string, ClientInfo> }>('presence', { channel }, stop)).presence ?? {});
      } catch (error) {
        if (error instanceof ApiError && error.code === NOT_AVAILABLE) return null;
        throw error;
      }
    },
    LOOK_MS,
    [channel],
  );
  return (
    <Card title="Presence" side={<CopyCurl method="presence" params={{ channel }} />}>
      <Shown of={state}>
        {(clients) =>
          clients === null ? (
            <Empty title="This channel keeps no presence." line={namespaceLines(channel, 'presence = true')}>
              Its namespace says so:
            </Empty>
          ) : clients.length === 0 ? (
            <Empty title="Nobody is here." />
          ) : (
            <Table
              label="Presence"
              rows={clients}
              keyOf={(client) => client.client}
              columns={[
                { name: 'User', cell: (client) => <Link to="connections" query={{ user: client.user }}><Name text={client.user} of="anonymous" /></Link> },
                { name: 'Client', cell: (client) => <Name text={client.client} /> },
                { name: 'Info', cell: (client) => <JsonLine value={client.conn_info ?? client.chan_info} max={60} /> },
              ]}
            />
          )
        }
      </Shown>
    </Card>
  );
}

interface Page {
  publications: Publication[];
  epoch?: string;
  offset?: Num;
}

async function page(channel: string, from: string, stop: AbortSignal): Promise<Page | null> {
  try {
    if (from === '') return await call<Page>('history', { channel, limit: PAGE, reverse: true }, stop);
    const top = await call<Page>('history', { channel }, stop);
    const before = BigInt(from) - 1n;
    return await call<Page>('history', { channel, limit: PAGE, since: { offset: new Raw(String(before < 0n ? 0n : before)), epoch: top.epoch ?? '' } }, stop);
  } catch (error) {
    if (error instanceof ApiError && error.code === NOT_AVAILABLE) return null;
    throw error;
  }
}

function History({ channel, isMap }: { channel: string; isMap: boolean }) {
  const asked = route.value.query.get('from') ?? '';
  const from = /^\d{1,19}$/.test(asked) ? asked : '';
  const state = usePoll((stop) => page(channel, from, stop), LOOK_MS, [channel, from]);
  const params: Params = { channel, limit: PAGE, reverse: from === '' ? true : undefined };
  return (
    <Card title="History" side={<CopyCurl method="history" params={params} />}>
      <div class="filters inside">
        <label class="field">
          <span>From offset</span>
          <input value={asked} inputMode="numeric" placeholder="the newest" onInput={(event) => setQuery({ from: event.currentTarget.value.trim() })} />
        </label>
      </div>
      <Shown of={state} hint={(error) => (error instanceof ApiError && error.code === 112 ? 'The stream does not reach back to this offset, or began anew.' : undefined)}>
        {(shown) =>
          shown === null ? (
            <Empty title={isMap ? 'A map has a state instead.' : 'This channel keeps no history.'} line={isMap ? undefined : namespaceLines(channel, 'history_size = 100\nhistory_ttl = "10m"')}>
              {isMap ? 'It stands above.' : 'Its namespace says so:'}
            </Empty>
          ) : (
            <>
              <p class="pad hint">
                Top of the stream: offset {String(shown.offset ?? 0)}, epoch <Name text={shown.epoch} of="none" />
              </p>
              {(shown.publications ?? []).length === 0 ? (
                <Empty title={from === '' ? 'Nothing is kept.' : 'Nothing from this offset on.'} />
              ) : (
                <ol class="publications">
                  {shown.publications.map((each) => (
                    <li key={String(each.offset)}>
                      <p class="about">
                        <b>{String(each.offset ?? '')}</b> {each.info && <Name text={each.info.user} of="anonymous" />}
                        {each.tags && <JsonLine value={each.tags as never} max={60} />}
                      </p>
                      <JsonText value={each.data ?? each.b64data} label={`Publication ${String(each.offset ?? '')}`} />
                    </li>
                  ))}
                </ol>
              )}
              {(shown.publications ?? []).length > 0 && (
                <p class="row end pad">
                  <Action label="Forget the history" danger method="history_remove" params={{ channel }} typed="forget" says="The publications that are kept are dropped for good. Offsets go on." />
                </p>
              )}
            </>
          )
        }
      </Shown>
    </Card>
  );
}

function MapState({ channel, entries, more }: { channel: string; entries: MapEntry[]; more: boolean }) {
  return (
    <Card title={`State of the map: ${more ? 'the first ' : ''}${plural(entries.length, 'key')}`} side={<CopyCurl method="map_read_state" params={{ channel, limit: 100 }} />}>
      {entries.length === 0 ? (
        <Empty title="The map is empty." />
      ) : (
        <Table
          label="State of the map"
          rows={entries}
          keyOf={(entry) => entry.key}
          columns={[
            { name: 'Key', cell: (entry) => <Name text={entry.key} /> },
            { name: 'Value', cell: (entry) => <JsonLine value={entry.data ?? entry.b64data} /> },
            { name: 'Offset', cell: (entry) => String(entry.offset ?? ''), class: 'number' },
            { name: 'Published', cell: (entry) => <Time at={entry.time} /> },
            {
              name: 'Do',
              cell: (entry) => (
                <Action label="Remove" name={`Remove ${entry.key}`} danger method="map_remove" params={{ channel, key: entry.key }} says="The key is removed from the map, and its subscribers are told." />
              ),
            },
          ]}
        />
      )}
    </Card>
  );
}

function Publish({ channel, isMap }: { channel: string; isMap: boolean }) {
  const [text, setText] = useState('{"text": "Hello"}');
  const [mapKey, setMapKey] = useState('');
  const [error, setError] = useState<Error>();
  let broken = '';
  try {
    parse(text);
  } catch (failed) {
    broken = (failed as Error).message;
  }
  const method = isMap ? 'map_publish' : 'publish';
  const params = (): Params => ({ channel, key: isMap ? mapKey : undefined, data: new Raw(text) });
  const send = async (event: Event) => {
    event.preventDefault();
    setError(undefined);
    try {
      const result = await call<{ offset?: Num }>(method, params());
      say(result.offset === undefined ? 'Published.' : `Published at offset ${String(result.offset)}.`);
      changes.value++;
    } catch (failed) {
      setError(failed as Error);
    }
  };
  return (
    <Card title="Publish by hand">
      <form class="publish" onSubmit={send}>
        {isMap && (
          <label class="field">
            <span>Key</span>
            <input value={mapKey} spellcheck={false} autocomplete="off" onInput={(event) => setMapKey(event.currentTarget.value)} />
          </label>
        )}
        <label class="field wide">
          <span>Data, JSON</span>
          <textarea rows={3} value={text} spellcheck={false} aria-invalid={broken !== ''} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        {broken && <p class="hint bad">{broken}</p>}
        <Problem error={error} />
        <div class="row">
          <button type="submit" disabled={broken !== '' || (isMap && mapKey === '')}>
            Publish
          </button>
          {broken === '' && <CopyCurl method={method} params={params()} />}
        </div>
      </form>
    </Card>
  );
}
