// The last hour of this node, read from /metrics while the page is seen, and kept in this tab only.
import { effect, signal } from '@preact/signals';
import { metricsText } from './api';
import { buckets, type Metrics, parseMetrics, quantile, sum } from './metrics';
import { hidden, paused } from './poll';
import { route } from './router';
import { config, scope } from './session';

const FAST_MS = 1000;
const SLOW_MS = 5000;
const KEPT_MAX = 3600;
const WINDOW_S = 10;

export const LINES = [
  'connections', 'subscriptions', 'published', 'delivered', 'flushP50', 'flushP99', 'jobsDone', 'jobsFailed', 'queries',
  'cacheHits', 'errors', 'apiCalls', 'loopLag',
] as const;
export type Line = (typeof LINES)[number];

/** Seconds since 1970, and a value of each line for each; null: not known. */
export interface History {
  times: number[];
  lines: Record<Line, (number | null)[]>;
}

interface Reading {
  at: number;
  metrics: Metrics;
  flush: Map<number, number>;
}

export const history: History = { times: [], lines: Object.fromEntries(LINES.map((line) => [line, []])) as unknown as History['lines'] };
/** Counts the readings; what shows them looks at it. */
export const tick = signal(0);
export const latest = signal<Metrics | undefined>(undefined);
export const trouble = signal('');

const readings: Reading[] = [];

const PUBLISHES = /^(publish|broadcast|map_publish)$/;
const counters: Partial<Record<Line, (m: Metrics) => number | undefined>> = {
  published: (m) =>
    (sum(m, 'tidemill_api_command_duration_seconds', { method: PUBLISHES }, '_count') ?? 0) + (sum(m, 'tidemill_commands_total', { command: 'publish' }) ?? 0),
  delivered: (m) => sum(m, 'tidemill_hub_frames_sent_total'),
  jobsDone: (m) => sum(m, 'tidemill_jobs_changes_total', { state: 'done' }),
  jobsFailed: (m) => sum(m, 'tidemill_jobs_changes_total', { state: 'failed' }),
  queries: (m) => sum(m, 'tidemill_query_requests_total'),
  apiCalls: (m) => sum(m, 'tidemill_api_command_duration_seconds', {}, '_count'),
  errors: (m) =>
    (sum(m, 'tidemill_reply_errors_total') ?? 0) + (sum(m, 'tidemill_api_command_errors_total') ?? 0) +
    (sum(m, 'tidemill_query_requests_total', { status: '5xx' }) ?? 0),
};

function append(at: number, values: Partial<Record<Line, number | undefined>>): void {
  history.times.push(at);
  for (const line of LINES) history.lines[line].push(values[line] ?? null);
  if (history.times.length <= KEPT_MAX) return;
  history.times.shift();
  for (const line of LINES) history.lines[line].shift();
}

function rateOf(read: (m: Metrics) => number | undefined, before: Reading, now: Reading): number | undefined {
  const a = read(before.metrics);
  const b = read(now.metrics);
  // Less than before: the server has started anew.
  if (b === undefined || b < (a ?? 0)) return undefined;
  return (b - (a ?? 0)) / (now.at - before.at);
}

function hitRatio(before: Reading, now: Reading): number | undefined {
  const all = rateOf((m) => sum(m, 'tidemill_query_cache_lookups_total'), before, now);
  const hits = rateOf((m) => sum(m, 'tidemill_query_cache_lookups_total', { result: 'hit' }), before, now);
  return all ? (100 * (hits ?? 0)) / all : undefined;
}

/** Adds what /metrics says now. */
export function take(text: string, at: number): void {
  const metrics = parseMetrics(text);
  const now: Reading = { at, metrics, flush: buckets(metrics, 'tidemill_hub_flush_seconds') };
  const before = readings.at(-1);
  latest.value = metrics;
  readings.push(now);
  while ((readings[0]?.at ?? at) < at - WINDOW_S && readings.length > 2) readings.shift();
  const values: Partial<Record<Line, number | undefined>> = {
    connections: sum(metrics, 'tidemill_connections'),
    subscriptions: sum(metrics, 'tidemill_subscriptions'),
    loopLag: Math.max(...(metrics.get('tidemill_loop_lag_seconds')?.samples.map((each) => each.value) ?? [0])),
  };
  if (before) {
    // Nobody looked for a while: no line is drawn over the gap.
    if (at - before.at > (3 * SLOW_MS) / 1000) append(before.at + 1, {});
    for (const [line, read] of Object.entries(counters)) values[line as Line] = rateOf(read, before, now);
    values.cacheHits = hitRatio(before, now);
    const first = readings[0] ?? before;
    values.flushP50 = quantile(0.5, first.flush, now.flush);
    values.flushP99 = quantile(0.99, first.flush, now.flush);
  }
  append(at, values);
  tick.value++;
}

/** Each second while the overview is shown, each five seconds elsewhere. */
export function startSampling(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wanted = () => Boolean(config.value?.metrics && scope.value !== 'none' && !hidden.value && !paused.value);
  const run = async () => {
    timer = undefined;
    if (!wanted()) return;
    const begun = Date.now();
    try {
      take(await metricsText(), begun / 1000);
      trouble.value = '';
    } catch (error) {
      trouble.value = (error as Error).message;
    }
    const every = route.value.page === '' ? FAST_MS : SLOW_MS;
    timer = setTimeout(run, Math.max(every - (Date.now() - begun), 250));
  };
  effect(() => {
    if (!wanted()) return;
    void route.value.page;
    clearTimeout(timer);
    timer = setTimeout(run, 0);
  });
}
