// The panels of one query: its charts, all from the same rows.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { visible } from '../../console/src/format';
import { ApiError } from './api';
import { borrowFeed, type Feed } from './feed';
import { type Chart, type Column, type Database, type Query, type Request, requestOf, type Row, titleOfChart } from './model';
import { Figure } from './number';
import { Pie } from './pie';
import { PlotView } from './plot';
import { columnOf, plotOf } from './shape';
import { Table } from './table';
import { Ago, Empty, Problem } from './ui';
import { showClock } from './values';

interface Of {
  query: Query;
  chart: Chart;
  database: Database;
}

const kept = (query: Query, names: string[] | undefined): Column[] =>
  names ? names.map((name) => columnOf(query.columns, name)).filter((column) => column !== undefined) : query.columns;

function Drawn({ query, chart, database, rows, title, asTable, firstAt }: Of & { rows: readonly Row[]; title: string; asTable: boolean; firstAt: number }) {
  const plots = chart.kind === 'line' || chart.kind === 'area' || chart.kind === 'bar';
  const plot = useMemo(() => (plots ? plotOf(chart, query.columns, rows, database) : undefined), [chart, query, rows, database, plots]);
  if (rows.length === 0) return <Empty title="No rows">{<p>The query gives none now. They show up here as soon as there are some.</p>}</Empty>;
  if (chart.kind === 'table' || asTable) return <Table label={title} columns={kept(query, chart.columns)} rows={rows} database={database} />;
  if (chart.kind === 'number') return <Figure chart={chart} rows={rows} firstAt={firstAt} />;
  if (chart.kind === 'pie') return <Pie chart={chart} rows={rows} title={title} />;
  if (!plot || plot.xs.length === 0) return <Empty title="Nothing to draw">{<p>No row has a value in {visible(chart.x ?? '')}.</p>}</Empty>;
  return <PlotView plot={plot} chart={chart} title={title} />;
}

function Status({ feed, live }: { feed: Feed; live: boolean }) {
  const state = feed.state.value;
  if (state === 'loading' || state === 'failed') return null;
  if (state === 'stale') {
    return (
      <span class="tag warn" title="What is shown was right then; it is tried again.">
        Stale since {showClock(feed.goodAt.value)}
      </span>
    );
  }
  const why = feed.notLive.value;
  const how = state === 'live' ? 'Live' : live && why ? `Asked again and again: ${visible(why)}` : 'Asked again and again';
  return (
    <span class="status" title={how}>
      <i class="dot" data-on={state === 'live'} />
      <span class="unseen">{state === 'live' ? 'Live.' : 'Polled.'} Last change </span>
      <Ago at={feed.changedAt.value} />
    </span>
  );
}

function Panel({ query, chart, database, feed, wide }: Of & { feed: Feed; wide: boolean }) {
  const [asTable, setAsTable] = useState(false);
  const title = visible(titleOfChart(query, chart));
  const rows = feed.rows.value;
  const error = feed.error.value;
  const turns = chart.kind !== 'table' && chart.kind !== 'number' && rows !== undefined && rows.length > 0;
  return (
    <section class={`card panel is-${chart.kind}`} data-wide={wide} aria-busy={rows === undefined && !error} data-file={query.file}>
      <div class="head">
        <h2 title={query.description ? visible(query.description) : undefined}>{title}</h2>
        <div class="side">
          {turns && (
            <button type="button" class="plain small" aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
              Table
            </button>
          )}
          <Status feed={feed} live={query.live} />
        </div>
      </div>
      {error && <Problem error={error} />}
      {rows === undefined && !error && <p class="loading">Loading…</p>}
      {rows !== undefined && <Drawn query={query} chart={chart} database={database} rows={rows} title={title} asTable={asTable} firstAt={feed.firstAt.value} />}
    </section>
  );
}

const WIDE_COLUMNS = 6;
const isWide = (query: Query, chart: Chart): boolean => chart.kind === 'table' && (chart.columns ?? query.columns).length >= WIDE_COLUMNS;

function Missing({ query, chart, names }: { query: Query; chart: Chart; names: string[] }) {
  const title = visible(titleOfChart(query, chart));
  return (
    <section class={`card panel is-${chart.kind}`}>
      <div class="head">
        <h2>{title}</h2>
      </div>
      <Empty title={`Fill in ${names.map(visible).join(', ')}`}>
        <p>The query needs {names.length === 1 ? 'it' : 'them'}; the fields are above.</p>
      </Empty>
    </section>
  );
}

export interface Wrong {
  [parameter: string]: string;
}

/** `wrong`: told what the endpoint says of its parameters; {}: nothing is wrong. */
export function Panels(props: { query: Query; database: Database; user: string; given: URLSearchParams; wrong: (of: string, fields: Wrong) => void; gone: () => void; charts: Chart[] }) {
  const { query, database, user, given, wrong, gone, charts } = props;
  const request = requestOf(query, given);
  const missing = 'missing' in request ? request.missing : undefined;
  const key = 'missing' in request ? '' : `${request.path}?${request.query}`;
  const [feed, setFeed] = useState<Feed>();
  useEffect(() => {
    if (missing) {
      setFeed(undefined);
      return undefined;
    }
    const borrowed = borrowFeed(query, request as Request, user);
    setFeed(borrowed.feed);
    return borrowed.giveBack;
  }, [query, key, user]);
  const error = feed?.error.value;
  useEffect(() => {
    wrong(query.id, error instanceof ApiError ? error.fields : {});
    if (error instanceof ApiError && error.status === 404) gone();
  }, [error]);
  if (missing) return <>{charts.map((chart, at) => <Missing key={at} query={query} chart={chart} names={missing} />)}</>;
  if (!feed) return null;
  return (
    <>
      {charts.map((chart, at) => (
        <Panel key={at} query={query} chart={chart} database={database} feed={feed} wide={isWide(query, chart)} />
      ))}
    </>
  );
}
