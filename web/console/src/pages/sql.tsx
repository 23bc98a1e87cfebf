// Endpoints of .sql files: how often, how fast, what the cache had. Reading and trying them is a page of its own.
import { count, plural, rate, seconds } from '../format';
import { buckets, type Metrics, quantile, sum } from '../metrics';
import { latest } from '../sampler';
import { at, config } from '../session';
import { Card, Empty, Facts, Link, Loading, Name, Off, Table, Tag } from '../ui';

interface Row {
  endpoint: string;
  requests: number;
  failed: number;
  p50: number | undefined;
  p99: number | undefined;
  rows: number;
}

function rowsOf(metrics: Metrics): Row[] {
  const names = new Set(metrics.get('tidemill_query_requests_total')?.samples.map((each) => each.labels.endpoint ?? '') ?? []);
  return [...names].sort().map((endpoint) => {
    const mine: Metrics = new Map([
      ['tidemill_query_request_seconds', { name: '', help: '', type: '', samples: (metrics.get('tidemill_query_request_seconds')?.samples ?? []).filter((each) => each.labels.endpoint === endpoint) }],
    ]);
    const times = buckets(mine, 'tidemill_query_request_seconds');
    const of = (family: string, status?: RegExp) => sum(metrics, family, status ? { endpoint, status } : { endpoint }) ?? 0;
    return {
      endpoint,
      requests: of('tidemill_query_requests_total'),
      failed: of('tidemill_query_requests_total', /^5xx$/),
      p50: quantile(0.5, new Map(), times),
      p99: quantile(0.99, new Map(), times),
      rows: of('tidemill_query_rows_total'),
    };
  });
}

export function Sql() {
  const { queries, rest, metrics: isOn } = config.value ?? {};
  if (!queries) {
    return (
      <Off what="SQL endpoints" lines={'[queries]\nfolder = "queries"\n\n[storage.sqlite]\npath = "tidemill.db"'}>
        A folder of <code>.sql</code> files becomes an HTTP API; <code>tidemill new sql shop</code> writes one that works.
      </Off>
    );
  }
  const metrics = latest.value;
  return (
    <>
      {rest ? (
        <Card title="To read and to try">
          <p class="pad">
            <a href={at(`${rest}/`)}>The page of the endpoints</a> lists them with their parameters, and sends requests. <a href={at(`${rest}/openapi.json`)}>openapi.json</a>
          </p>
        </Card>
      ) : (
        <Card title="To read and to try">
          <p class="pad">The endpoints and their page are on the public port, below <code>queries.prefix</code>.</p>
        </Card>
      )}
      {!isOn ? (
        <Card>
          <Empty title="What they do is counted in /metrics, which is off." line={'[prometheus]\nenabled = true'} />
        </Card>
      ) : metrics ? (
        <Figures metrics={metrics} />
      ) : (
        <Loading />
      )}
    </>
  );
}

function Figures({ metrics }: { metrics: Metrics }) {
  const rows = rowsOf(metrics);
  const broken = sum(metrics, 'tidemill_query_endpoints', { state: 'broken' }) ?? 0;
  const lookups = metrics.get('tidemill_query_cache_lookups_total')?.samples ?? [];
  const all = lookups.reduce((total, each) => total + each.value, 0);
  return (
    <>
      <Card title={<>{plural(rows.length, 'endpoint')} {broken > 0 && <Tag state={`${broken} not served`} tone="bad" />}</>}>
        {broken > 0 && <p class="pad">The page of the endpoints says what is wrong; so does <code>tidemill queries check</code>.</p>}
        {rows.length === 0 ? (
          <Empty title="No endpoint is served." line={"echo 'select 1 as one' > queries/one.get.sql"}>
            A file is an endpoint, from the moment it is saved:
          </Empty>
        ) : (
          <Table
            label="Endpoints"
            rows={rows}
            keyOf={(row) => row.endpoint}
            columns={[
              { name: 'Endpoint', cell: (row) => <Name text={row.endpoint} /> },
              { name: 'Requests', cell: (row) => count(row.requests), class: 'number' },
              { name: 'Failed (5xx)', cell: (row) => <span class={row.failed > 0 ? 'bad' : ''}>{count(row.failed)}</span>, class: 'number' },
              { name: 'p50', cell: (row) => (row.p50 === undefined ? '–' : seconds(row.p50)), class: 'number' },
              { name: 'p99', cell: (row) => (row.p99 === undefined ? '–' : seconds(row.p99)), class: 'number' },
              { name: 'Rows', cell: (row) => count(row.rows), class: 'number' },
            ]}
          />
        )}
        <p class="pad hint">On this node, since it started.</p>
      </Card>
      <Live metrics={metrics} />
      {lookups.length > 0 && (
        <Card title="Cache of answers">
          <Facts
            rows={[
              ...lookups.map((each): [string, string] => [each.labels.result ?? '', `${count(each.value)}${all > 0 ? `, ${rate((100 * each.value) / all)} %` : ''}`]),
              ['entries', count(sum(metrics, 'tidemill_query_cache_entries'))],
              ['dropped by commits', count(sum(metrics, 'tidemill_query_cache_invalidations_total'))],
            ]}
          />
        </Card>
      )}
    </>
  );
}

/** Queries with @live, as far as /metrics tells of them. */
function Live({ metrics }: { metrics: Metrics }) {
  const of = (name: string) => sum(metrics, `tidemill_live_${name}`);
  if (of('queries') === undefined) return null;
  const times = buckets(metrics, 'tidemill_live_refresh_seconds');
  const [p50, p99] = [0.5, 0.99].map((q) => quantile(q, new Map(), times));
  const stale = of('queries_stale') ?? 0;
  return (
    <Card title={<>Live queries {stale > 0 && <Tag state={`${stale} stale`} tone="bad" />}</>}>
      <Facts
        rows={[
          ['Followed', <>{count(of('queries'))}, of which {count(of('queries_polled'))} are asked again and again; <Link to="channels" query={{ pattern: 'live:*' }}>their channels</Link></>],
          ['Could not be asked anew', count(stale)],
          ['Asked', `${count(of('refreshes_total'))}, of which ${count(of('refreshes_failed_total'))} were not answered`],
          ['Until published', p50 === undefined || p99 === undefined ? undefined : `p50 ${seconds(p50)}, p99 ${seconds(p99)}`],
          ['Rows published', count(of('changes_total'))],
          ['Subscriptions refused by a limit', count(of('refused_total'))],
          ['Ended by an error', count(of('ended_total'))],
        ]}
      />
    </Card>
  );
}
