// How this server is set up: what will hurt, and each setting with where it comes from.
import { call } from '../api';
import { plural } from '../format';
import { type Json, textOf } from '../json';
import { usePoll } from '../poll';
import { route, setQuery } from '../router';
import { Card, Choice, CopyCurl, Empty, Name, Search, Shown, Table, Tag, Time } from '../ui';

const LOOK_MS = 30_000;

interface Finding {
  verdict: 'ok' | 'warn' | 'fail';
  subject: string;
  text: string;
}

interface Setting {
  key: string;
  value: Json;
  default: Json;
  source: string;
  where?: string;
  changed: boolean;
  reloadable: boolean;
  restart_needed?: boolean;
}

export function Server() {
  return (
    <>
      <Doctor />
      <Configuration />
    </>
  );
}

const RANK = { fail: 0, warn: 1, ok: 2 };
const TONE = { fail: 'bad', warn: 'warn', ok: 'good' };

function Doctor() {
  const state = usePoll((stop) => call<{ at: number; findings: Finding[] }>('doctor', {}, stop), LOOK_MS, []);
  return (
    <Shown of={state}>
      {({ at, findings }) => {
        const wrong = findings.filter(({ verdict }) => verdict !== 'ok');
        const good = findings.length - wrong.length;
        const sorted = wrong.sort((a, b) => RANK[a.verdict] - RANK[b.verdict]);
        return (
          <Card
            title={wrong.length === 0 ? 'Nothing that will hurt' : plural(wrong.length, 'thing that may hurt', 'things that may hurt')}
            side={<><span class="soft">looked <Time at={at} /></span> <CopyCurl method="doctor" params={{}} /></>}
          >
            {sorted.length > 0 && (
              <ul class="findings">
                {sorted.map(({ verdict, subject, text }) => (
                  <li key={subject + text} class={TONE[verdict]}>
                    <div><Tag state={verdict} tone={TONE[verdict]} /> <strong>{subject}</strong>: <Name text={text} /></div>
                  </li>
                ))}
              </ul>
            )}
            <p class="pad hint">
              {plural(good, 'check is good', 'checks are good')}. <code>tidemill doctor</code> beside the server also looks at its addresses and at SQLite's file.
            </p>
          </Card>
        );
      }}
    </Shown>
  );
}

function Configuration() {
  const query = route.value.query;
  const find = query.get('find') ?? '';
  const show = query.get('show') ?? 'changed';
  const state = usePoll((stop) => call<{ keys: Setting[] }>('config_show', {}, stop), LOOK_MS, []);
  const admits = (setting: Setting) =>
    (setting.key.includes(find) || textOf(setting.value).includes(find)) &&
    (show === 'all' || (show === 'changed' ? setting.changed || setting.restart_needed : setting.source === show));
  return (
    <>
      <div class="filters">
        <Search label="Setting" value={find} placeholder="name or value" onSearch={(text) => setQuery({ find: text })} />
        <Choice
          label="Show"
          value={show}
          options={[['changed', 'what is not the default'], ['file', 'from the file'], ['environment', 'from the environment'], ['flag', 'from flags'], ['derived', 'set by the server itself'], ['all', 'all']]}
          onChoose={(value) => setQuery({ show: value === 'changed' ? undefined : value })}
        />
      </div>
      <Shown of={state}>
        {({ keys }) => {
          const shown = keys.filter(admits);
          return (
            <Card title={`${plural(shown.length, 'setting')} of ${keys.length}`} side={<CopyCurl method="config_show" params={{}} />}>
              {shown.length === 0 ? <Empty title="No such setting." /> : <Table label="Settings" rows={shown} keyOf={(row) => row.key} columns={COLUMNS} />}
            </Card>
          );
        }}
      </Shown>
    </>
  );
}

const COLUMNS = [
  { name: 'Setting', cell: (row: Setting) => <><code class="setting">{row.key}</code> {row.restart_needed && <Tag state="needs a restart" tone="warn" />}</> },
  { name: 'Value', cell: (row: Setting) => <Name text={textOf(row.value)} /> },
  { name: 'Default', cell: (row: Setting) => (row.changed ? <Name text={textOf(row.default)} /> : <span class="soft">the same</span>) },
  { name: 'From', cell: (row: Setting) => <>{row.source} {row.where && <bdi class="name soft">{row.where}</bdi>}</> },
];
