// Lines, areas and bars: uPlot draws them; the legend, and what stands where one points, are text of the page.
import { signal } from '@preact/signals';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Chart } from './model';
import type { Plot } from './shape';
import { axisFormat, showNumber, showShort, showTime } from './values';

const dark = matchMedia('(prefers-color-scheme: dark)');
const scheme = signal(dark.matches);
dark.addEventListener('change', () => {
  scheme.value = dark.matches;
});

export const COLORS = 8;
export const colorOf = (index: number): string => `--s${(index % COLORS) + 1}`;
const HEIGHT = 230;
const LABEL_MAX = 16;

interface Shown {
  plot: Plot;
  chart: Chart;
  hidden: ReadonlySet<string>;
}

/** What stands at a place of the x axis, in full. */
export function placeName(plot: Plot, x: number): string {
  if (plot.axis === 'time') return showTime(x * 1000);
  if (plot.axis === 'category') return plot.labels[x] ?? '';
  return showNumber(x);
}

const cut = (text: string): string => (text.length > LABEL_MAX ? `${text.slice(0, LABEL_MAX - 1)}…` : text);

/** Of bars: the least distance of two places. */
function stepOf(xs: readonly number[]): number {
  let step = Infinity;
  for (let i = 1; i < xs.length; i++) step = Math.min(step, (xs[i] ?? 0) - (xs[i - 1] ?? 0));
  return Number.isFinite(step) ? step : 1;
}

/** Bars of several lines stand side by side. */
function bars(shown: () => Shown): uPlot.Series.PathBuilder {
  return (u, series, from, to) => {
    const { plot } = shown();
    const visible = u.series.map((each, at) => (at > 0 && each.show ? at : 0)).filter((at) => at > 0);
    const place = visible.indexOf(series);
    const [xs, values] = [u.data[0], u.data[series] ?? []];
    const path = new Path2D();
    const step = Math.abs(u.valToPos((xs[0] ?? 0) + stepOf(plot.xs), 'x', true) - u.valToPos(xs[0] ?? 0, 'x', true));
    const group = Math.max(1, Math.min(step * 0.78, 90 * devicePixelRatio));
    const width = group / Math.max(1, visible.length);
    const zero = u.valToPos(Math.min(Math.max(0, u.scales.y?.min ?? 0), u.scales.y?.max ?? 0), 'y', true);
    for (let i = from; i <= to; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      const left = u.valToPos(xs[i] ?? 0, 'x', true) - group / 2 + place * width;
      const top = u.valToPos(value, 'y', true);
      path.rect(left, Math.min(top, zero), Math.max(1, width - devicePixelRatio), Math.abs(zero - top));
    }
    return { stroke: null, fill: path, flags: 0 };
  };
}

function rangeOfX(kind: Chart['kind'], plot: Plot): [number, number] {
  const first = plot.xs[0] ?? 0;
  const last = plot.xs.at(-1) ?? first;
  if (kind === 'bar' || plot.axis === 'category') {
    const half = stepOf(plot.xs) * 0.6;
    return [first - half, last + half];
  }
  // One point is in the middle.
  return first === last ? [first - (plot.axis === 'time' ? 60 : 1), last + (plot.axis === 'time' ? 60 : 1)] : [first, last];
}

function rangeOfY(kind: Chart['kind'], low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const fromZero = kind !== 'line' || (low >= 0 && low < high * 0.6);
  const [least, most] = fromZero ? [Math.min(0, low), Math.max(0, high)] : [low, high];
  const room = (most - least || Math.abs(most) || 1) * 0.08;
  return [least === 0 ? 0 : least - room, most === 0 && least < 0 ? 0 : most + room];
}

function timeTicks(splits: number[]): string[] {
  const step = stepOf(splits);
  const span = (splits.at(-1) ?? 0) - (splits[0] ?? 0);
  const format = axisFormat(span * 1000, step * 1000);
  return splits.map((at) => format.format(at * 1000));
}

function optionsOf(shown: () => Shown, width: number, color: (name: string) => string, pointed: (index: number | null) => void): uPlot.Options {
  const { plot, chart } = shown();
  const unit = chart.unit ?? '';
  const axis = { stroke: color('--soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  const xAxis: uPlot.Axis =
    plot.axis === 'category'
      ? { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000], values: (_u, splits) => splits.map((at) => cut(shown().plot.labels[at] ?? '')) }
      : plot.axis === 'time'
        ? { values: (_u, splits) => timeTicks(splits) }
        : { values: (_u, splits) => splits.map((at) => showShort(at)) };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7, show: chart.kind !== 'bar' } },
    padding: [10, 18, 0, 4],
    scales: {
      x: { time: plot.axis === 'time', range: () => rangeOfX(chart.kind, shown().plot) },
      y: { range: (_u, low, high) => rangeOfY(chart.kind, low, high) },
    },
    axes: [
      { ...axis, ...xAxis, size: 30, space: plot.axis === 'time' ? 84 : 72, grid: { show: false } },
      { ...axis, size: 64, space: 34, values: (_u, splits) => splits.map((value) => showShort(value, unit)) },
    ],
    series: [
      {},
      ...plot.lines.map(({ name }, index): uPlot.Series => {
        const stroke = color(colorOf(index));
        return {
          label: name,
          show: !shown().hidden.has(name),
          stroke,
          width: chart.kind === 'bar' ? 0 : 2,
          points: { show: chart.kind === 'bar' || plot.xs.length > 60 ? false : undefined, size: 5 },
          ...(index >= COLORS ? { dash: [6, 4] } : {}),
          ...(chart.kind === 'area' ? { fill: `color-mix(in srgb, ${stroke} 22%, transparent)` } : {}),
          ...(chart.kind === 'bar' ? { fill: stroke, paths: bars(shown) } : {}),
        };
      }),
    ],
    hooks: { setCursor: [(u) => pointed(u.cursor.idx ?? null)] },
  };
}

const dataOf = (plot: Plot): uPlot.AlignedData => [plot.xs, ...plot.lines.map(({ values }) => values)] as uPlot.AlignedData;

/** Says what stands at the place that is pointed at. */
function Pointed({ shown, index }: { shown: Shown; index: number | null }) {
  const { plot, chart, hidden } = shown;
  const x = index === null ? undefined : plot.xs[index];
  if (index === null || x === undefined) return <p class="pointed" role="status" />;
  return (
    <p class="pointed" role="status">
      <b>{placeName(plot, x)}</b>
      {plot.lines.map(({ name, values }, line) => {
        const value = values[index];
        if (hidden.has(name) || value === undefined) return null;
        return (
          <span key={name}>
            <i style={{ background: `var(${colorOf(line)})` }} />
            <bdi>{name}</bdi> <b>{value === null ? '–' : showNumber(value, chart.unit)}</b>
          </span>
        );
      })}
    </p>
  );
}

export function PlotView({ plot, chart, title }: { plot: Plot; chart: Chart; title: string }) {
  const box = useRef<HTMLDivElement>(null);
  const made = useRef<uPlot | undefined>(undefined);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [index, setIndex] = useState<number | null>(null);
  const shown = useRef<Shown>({ plot, chart, hidden });
  shown.current = { plot, chart, hidden };
  const isDark = scheme.value;
  // With other lines, or another axis, it is another plot.
  const form = useMemo(() => JSON.stringify([plot.axis, plot.lines.map(({ name }) => name), chart, plot.xs.length > 60]), [plot, chart]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const width = () => Math.max(element.clientWidth, 120);
    const current = new uPlot(optionsOf(() => shown.current, width(), color, setIndex), dataOf(shown.current.plot), element);
    made.current = current;
    const resized = new ResizeObserver(() => {
      if (current.width !== width()) current.setSize({ width: width(), height: HEIGHT });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      current.destroy();
      made.current = undefined;
    };
  }, [form, isDark]);
  useEffect(() => {
    made.current?.setData(dataOf(plot));
  }, [plot]);

  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    setHidden(next);
    shown.current = { ...shown.current, hidden: next };
    made.current?.setSeries(plot.lines.findIndex((line) => line.name === name) + 1, { show: !next.has(name) });
  };
  const point = (at: number | null) => {
    const u = made.current;
    if (!u) return;
    const x = at === null ? undefined : plot.xs[at];
    u.setCursor(x === undefined ? { left: -10, top: -10 } : { left: u.valToPos(x, 'x'), top: 10 });
  };
  const onKey = (event: KeyboardEvent) => {
    const last = plot.xs.length - 1;
    const from = index ?? (event.key === 'ArrowLeft' ? last + 1 : -1);
    const to: Record<string, number | null> = { ArrowLeft: Math.max(0, from - 1), ArrowRight: Math.min(last, from + 1), Home: 0, End: last, Escape: null };
    const next = to[event.key];
    if (next === undefined) return;
    event.preventDefault();
    point(next);
  };
  return (
    <>
      {plot.lines.length > 1 && (
        <p class="legend">
          {plot.lines.map(({ name }, line) => (
            <button key={name} type="button" aria-pressed={!hidden.has(name)} onClick={() => toggle(name)}>
              <i style={{ background: `var(${colorOf(line)})` }} />
              <bdi>{name}</bdi>
            </button>
          ))}
        </p>
      )}
      <Pointed shown={shown.current} index={index} />
      <div
        ref={box}
        class="canvas"
        role="img"
        tabIndex={0}
        aria-label={`${title}: a chart with ${plot.lines.length === 1 ? 'one line' : `${plot.lines.length} lines`} of ${plot.xs.length} places. The arrow keys read them.`}
        onKeyDown={onKey}
        onBlur={() => point(null)}
      />
      {plot.note && <p class="hint pad">{plot.note}</p>}
    </>
  );
}

