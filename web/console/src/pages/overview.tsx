// What this node does now, what the cluster carries, and what somebody should look at.
import { type ComponentChildren } from 'preact';
import { call, notReady } from '../api';
import { count, plural, rate, seconds, span } from '../format';
import { sum } from '../metrics';
import { Plot, type PlotLine } from '../plot';
import { usePoll } from '../poll';
import { route, setQuery } from '../router';
import { latest, trouble } from '../sampler';
import { config } from '../session';
import type { Counts, Node, OutboxStatus, Queue, Sequence } from '../types';
import { Card, Choice, Empty, Link, Name, Problem, Shown, Table } from '../ui';

interface State {
  nodes: Node[];
  counts?: Counts;
  queues: Queue[];
  sequences: Sequence[];
  outbox?: OutboxStatus;
  problems: string[];
}

/** Each part alone: one that fails is a finding, not the end of the page. */
async function load(stop: AbortSignal): Promise<State> {
  const problems: string[] = [];
  const tried = async <T,>(what: string, from: Promise<T>): Promise<T | undefined> => {
    try {
      return await from;
    } catch (error) {
      if (stop.aborted) throw error;
      problems.push(`${what}: ${(error as Error).message}`);
      return undefined;
    }
  };
  const jobs = config.value?.jobs;
  const [info, counts, queues, sequences, outbox, ready] = await Promise.all([
    call<{ nodes: Node[] }>('info', {}, stop),
    jobs ? tried('jobs', call<Counts>('jobs_counts', {}, stop)) : undefined,
    jobs ? tried('queues', call<{ queues: Queue[] }>('jobs_queues', {}, stop)) : undefined,
    jobs ? tried('sequences', call<{ sequences: Sequence[] }>('jobs_sequences', { limit: 100 }, stop)) : undefined,
    config.value?.outbox ? tried('outbox', call<OutboxStatus>('outbox_status', {}, stop)) : undefined,
    config.value?.ready ? tried('/ready', notReady(stop)) : undefined,
  ]);
  if (ready) problems.unshift(`This node is not ready: ${ready}`);
  return {
    nodes: info.nodes ?? [], counts, queues: queues?.queues ?? [], sequences: sequences?.sequences ?? [], outbox,
    problems: [...new Set(problems)],
  };
}

interface Finding {
  tone: 'bad' | 'warn';
  text: ComponentChildren;
}

const LAG_LOOK_S = 0.05;

function findings(state: State): Finding[] {
  const found: Finding[] = state.problems.map((text) => ({ tone: 'bad', text }));
  const add = (tone: Finding['tone'], text: ComponentChildren) => found.push({ tone, text });
  const { counts, queues, outbox } = state;
  if (counts?.dead) add('bad', <><Link to="jobs/list" query={{ state: 'dead' }}>{plural(counts.dead, 'job')} dead</Link>: out of tries, or killed. Look at the error, then retry or discard.</>);
  if (counts?.retries) add('warn', <><Link to="jobs/list" query={{ state: 'retry' }}>{plural(counts.retries, 'job')} failed</Link> and will be tried again.</>);
  for (const queue of queues) {
    const ready = queue.ready ?? 0;
    if (ready === 0) continue;
    const link = <Link to="jobs" query={{ queue: queue.name }}><Name text={queue.name} /></Link>;
    if (queue.paused) add('warn', <>Queue {link} is paused: {plural(ready, 'job waits', 'jobs wait')} in it, the oldest for {span((queue.latency_ms ?? 0) / 1000)}.</>);
    else if (!queue.working && !queue.waiting_fetches && (queue.latency_ms ?? 0) > 10_000) {
      add('bad', <>Nobody works on queue {link}: {plural(ready, 'job waits', 'jobs wait')}, the oldest for {span((queue.latency_ms ?? 0) / 1000)}. Start a worker that fetches from it.</>);
    }
  }
  for (const sequence of state.sequences) {
    if (sequence.halted) add('bad', <>Sequence <Link to="jobs/batches"><Name text={sequence.key} /></Link> stands still: its job <Link to="jobs/job" query={{ jid: sequence.head }}>{sequence.head}</Link> is dead. Retry it, or skip it.</>);
  }
  if (outbox?.parked) add('bad', <><Link to="outbox">{plural(outbox.parked, 'entry', 'entries')} of the outbox</Link> could not leave.</>);
  if (outbox && outbox.relayed_by === '') add('bad', <><Link to="outbox">No node sends</Link> what waits in the outbox.</>);
  const metrics = latest.value;
  if (metrics) {
    const waiting = sum(metrics, 'tidemill_hub_log_bytes') ?? 0;
    if (waiting > 4 << 20) add('warn', <>Slow readers hold {count(waiting >> 20)} MiB of frames: <Link to="connections" query={{ sort: 'queued' }}>connections with bytes queued</Link>.</>);
    const lag = Math.max(0, ...(metrics.get('tidemill_loop_lag_seconds')?.samples.map((each) => each.value) ?? []));
    if (lag > LAG_LOOK_S) add('warn', <>A loop is {seconds(lag)} late: the processor is full.</>);
    if (sum(metrics, 'tidemill_broker_works') === 0) add('bad', 'The broker refuses to work: the log says why (redis.refused).');
    if (sum(metrics, 'tidemill_postgres_up') === 0) add('bad', 'PostgreSQL is away: the log says why (postgres.connect_failed).');
    const stale = sum(metrics, 'tidemill_live_queries_stale') ?? 0;
    if (stale > 0) add('bad', <><Link to="sql">{plural(stale, 'live query', 'live queries')}</Link> could not be asked anew: the database is away or too slow.</>);
    const broken = sum(metrics, 'tidemill_query_endpoints', { state: 'broken' }) ?? 0;
    if (broken > 0) add('bad', <><Link to="sql">{plural(broken, 'endpoint')}</Link> of your .sql files cannot be served.</>);
  }
  return found;
}

const PLOTS: { title: string; hint?: string; lines: PlotLine[]; show: (value: number) => string; least: number; most?: number }[] = [
  { title: 'Connections', lines: [{ line: 'connections', label: 'clients', color: '--a' }], show: count, least: 4 },
  { title: 'Publications', hint: 'a second', lines: [{ line: 'published', label: 'published', color: '--a' }], show: rate, least: 4 },
  { title: 'Deliveries', hint: 'frames to subscribers, a second', lines: [{ line: 'delivered', label: 'delivered', color: '--a' }], show: rate, least: 4 },
  {
    title: 'Publish to write', hint: 'of the last 10 s', show: seconds, least: 0.001,
    lines: [{ line: 'flushP50', label: 'p50', color: '--a' }, { line: 'flushP99', label: 'p99', color: '--b' }],
  },
  {
    title: 'Jobs', hint: 'a second', show: rate, least: 4,
    lines: [{ line: 'jobsDone', label: 'done', color: '--a' }, { line: 'jobsFailed', label: 'failed', color: '--c' }],
  },
  { title: 'Queries', hint: 'requests to SQL endpoints, a second', lines: [{ line: 'queries', label: 'queries', color: '--a' }], show: rate, least: 4 },
  { title: 'Cache hits', hint: 'of lookups', lines: [{ line: 'cacheHits', label: 'hits', color: '--a' }], show: (value) => `${Math.round(value)} %`, least: 100, most: 100 },
  {
    title: 'Errors', hint: 'to clients and backends, a second', show: rate, least: 1,
    lines: [{ line: 'errors', label: 'errors', color: '--c' }],
  },
];

const shownPlots = () =>
  PLOTS.filter(({ title }) => (title !== 'Jobs' || config.value?.jobs) && (!['Queries', 'Cache hits'].includes(title) || config.value?.queries));

export function Overview() {
  const state = usePoll(load, 2000, []);
  const minutes = Number(route.value.query.get('minutes') ?? 5);
  return (
    <>
      <Shown of={state}>{(data) => <Attention found={findings(data)} />}</Shown>
      {state.data && <Totals state={state.data} />}
      {config.value?.metrics ? (
        <>
          <div class="row spread">
            <p class="hint">
              {trouble.value ? '' : 'This node, while this tab is seen; a reload begins anew.'}
              {(state.data?.nodes.length ?? 0) > 1 && ' Of several nodes it is the one that answered.'}
            </p>
            <Choice label="Last" value={String(minutes)} options={[['1', '1 minute'], ['5', '5 minutes'], ['60', '1 hour']]} onChoose={(value) => setQuery({ minutes: value })} />
          </div>
          {trouble.value && <Problem error={new Error(trouble.value)} hint="The plots need /metrics." />}
          <div class="plots">
            {shownPlots().map((plot) => (
              <Plot key={plot.title} {...plot} minutes={minutes} />
            ))}
          </div>
        </>
      ) : (
        <Card>
          <Empty title="Plots need /metrics, which is off." line={'[prometheus]\nenabled = true'} />
        </Card>
      )}
      {state.data && <Nodes nodes={state.data.nodes} />}
    </>
  );
}

function Attention({ found }: { found: Finding[] }) {
  return (
    <Card title="Needs attention" class={found.length > 0 ? 'attention' : 'calm'}>
      {found.length === 0 ? (
        <p class="pad soft">Nothing: no dead jobs, no queue without a worker, nothing parked, every store answers.</p>
      ) : (
        <ul class="findings">
          {found.map(({ tone, text }, index) => (
            <li key={index} class={tone}>
              {text}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Totals({ state: { nodes, counts, outbox } }: { state: State }) {
  const total = (read: (node: Node) => number | undefined) => count(nodes.reduce((all, node) => all + (read(node) ?? 0), 0));
  const figures: [string, string, string][] = [
    ['Connections', total((node) => node.num_clients), 'connections'],
    ['Subscriptions', total((node) => node.num_subs), 'channels'],
  ];
  if (counts) {
    figures.push(['May run', count(counts.enqueued), 'jobs'], ['Working', count(counts.working), 'jobs/list?state=working'], ['Dead', count(counts.dead), 'jobs/list?state=dead']);
  }
  if (outbox) figures.push(['In the outbox', count(outbox.waiting), 'outbox']);
  return (
    <ul class="figures">
      {figures.map(([name, value, to]) => (
        <li key={name}>
          <a href={`#/${to}`}>
            <b>{value}</b>
            <span>{name}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Nodes({ nodes }: { nodes: Node[] }) {
  return (
    <Card title={plural(nodes.length, 'node')}>
      <Table
        label="Nodes"
        rows={nodes}
        keyOf={(node) => node.uid}
        columns={[
          { name: 'Node', cell: (node) => <Name text={node.name} /> },
          { name: 'Version', cell: (node) => <Name text={node.version} /> },
          { name: 'Clients', cell: (node) => count(node.num_clients), class: 'number' },
          { name: 'Users', cell: (node) => count(node.num_users), class: 'number' },
          { name: 'Subscriptions', cell: (node) => count(node.num_subs), class: 'number' },
          { name: 'Channels', cell: (node) => count(node.num_channels), class: 'number' },
          { name: 'Up for', cell: (node) => span(node.uptime ?? 0) },
        ]}
      />
    </Card>
  );
}
