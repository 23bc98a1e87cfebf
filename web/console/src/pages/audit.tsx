// Who did what, on what, and what came of it.
import { call } from '../api';
import { usePoll } from '../poll';
import { route, setQuery } from '../router';
import { Card, CopyCurl, Empty, Link, Name, Search, Shown, Table, Tag, Time } from '../ui';

const LOOK_MS = 5000;

interface Entry {
  id: string;
  at: number;
  actor: string;
  actor_name: string;
  action: string;
  target: string;
  target_name: string;
  address: string;
  detail: string;
  result: string;
}

export function Audit() {
  const query = route.value.query;
  const filter = { actor: query.get('actor') ?? '', action: query.get('action') ?? '', target: query.get('target') ?? '' };
  const before = query.get('before') ?? '';
  const params = { ...filter, ...(before && { cursor: before }), limit: 50 };
  const state = usePoll((stop) => call<{ entries: Entry[]; cursor: string | null }>('accounts_audit', params, stop), before ? 0 : LOOK_MS, [...Object.values(filter), before]);
  const search = (name: 'actor' | 'action' | 'target', label: string, placeholder: string) => (
    <Search label={label} value={filter[name]} placeholder={placeholder} onSearch={(text) => setQuery({ [name]: text, before: undefined })} />
  );
  return (
    <>
      <div class="filters">
        {search('actor', 'Who', 'user name, or operator')}
        {search('action', 'Did', 'such as api.jobs')}
        {search('target', 'On', 'such as demo:news')}
      </div>
      <Shown of={state}>
        {({ entries, cursor }) => (
          <Card title={before ? 'Older entries' : 'The newest entries'} side={<CopyCurl method="accounts_audit" params={params} />}>
            {entries.length === 0 ? (
              <Empty title="No such entry.">{cursor ? 'Among the 10,000 that were looked at; there are older ones.' : ''}</Empty>
            ) : (
              <Table label="Audit log" rows={entries} keyOf={(entry) => entry.id} columns={COLUMNS} />
            )}
            <p class="row pad">
              {before && <Link to="audit" query={filter}>Newest</Link>}
              {cursor && <Link to="audit" query={{ ...filter, before: cursor }}>Older</Link>}
            </p>
          </Card>
        )}
      </Shown>
    </>
  );
}

function Result({ entry }: { entry: Entry }) {
  if (entry.result === 'done') return <Tag state="done" />;
  if (entry.result !== '') return <><Tag state="failed" /> <Name text={entry.result} /></>;
  return entry.action.startsWith('api.') ? <Tag state="not known" tone="warn" /> : <Name text={entry.detail} of="" />;
}

const COLUMNS = [
  { name: 'When', cell: (entry: Entry) => <Time at={entry.at} /> },
  { name: 'Who', cell: (entry: Entry) => <Name text={entry.actor_name || entry.actor} /> },
  { name: 'Did', cell: (entry: Entry) => <code>{entry.action}</code> },
  { name: 'On', cell: (entry: Entry) => <Name text={entry.target_name || entry.target} of="–" /> },
  { name: 'Result', cell: (entry: Entry) => <Result entry={entry} /> },
  { name: 'From', cell: (entry: Entry) => <Name text={entry.address} of="–" /> },
];
