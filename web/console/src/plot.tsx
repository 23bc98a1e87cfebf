// A plot of lines of the sampler, with what they say now beside their names.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { history, type Line, tick } from './sampler';

export interface PlotLine {
  line: Line;
  label: string;
  /** A variable of the style sheet. */
  color: string;
}

interface Props {
  title: string;
  hint?: string;
  lines: PlotLine[];
  show: (value: number) => string;
  minutes: number;
  /** The scale reaches at least that high. */
  least: number;
  most?: number;
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const scheme = signal(dark.matches);
dark.addEventListener('change', () => {
  scheme.value = dark.matches;
});

const HEIGHT = 132;
const clock = (at: number) => new Date(at * 1000).toTimeString().slice(0, 8);

function lastOf(line: Line): number | undefined {
  return history.lines[line].at(-1) ?? undefined;
}

const LEAST_S = 60;

/** No more than there is, so that a page that was just opened is not empty. */
function shownTime(minutes: number): [number, number] {
  const now = Date.now() / 1000;
  const known = now - (history.times[0] ?? now);
  return [now - Math.min(minutes * 60, Math.max(known, LEAST_S)), now];
}

function options(props: Props, width: number, color: (name: string) => string): uPlot.Options {
  const axis = { stroke: color('--soft'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif' };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    padding: [8, 26, 0, 0],
    scales: {
      x: { time: true, range: () => shownTime(props.minutes) },
      y: { range: (_u, _min, max) => [0, props.most ?? Math.max(props.least, (max ?? 0) * 1.1)] },
    },
    axes: [
      { ...axis, size: 24, space: 70, values: (_u, splits) => splits.map((at) => clock(at)) },
      { ...axis, size: 58, space: 34, values: (_u, splits) => splits.map(props.show) },
    ],
    series: [
      {},
      ...props.lines.map(({ color: name, label }, index) => ({
        label,
        stroke: color(name),
        width: 2,
        points: { show: false },
        ...(index === 0 && props.lines.length === 1 ? { fill: `color-mix(in srgb, ${color(name)} 14%, transparent)` } : {}),
      })),
    ],
  };
}

export function Plot(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const pointed = useRef<HTMLParagraphElement>(null);
  const { minutes, lines } = props;
  void tick.value;
  const isDark = scheme.value;

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const style = getComputedStyle(element);
    const color = (name: string) => style.getPropertyValue(name).trim();
    const data = () => [history.times, ...lines.map(({ line }) => history.lines[line])] as uPlot.AlignedData;
    const shown: uPlot.Options = options(props, Math.max(element.clientWidth, 120), color);
    shown.hooks = {
      setCursor: [
        (u) => {
          const at = u.cursor.idx;
          const note = pointed.current;
          if (!note) return;
          const time = typeof at === 'number' ? history.times[at] : undefined;
          note.textContent =
            typeof at === 'number' && time !== undefined
              ? `${clock(time)}  ${lines.map(({ line, label }) => `${label} ${format(history.lines[line][at], props.show)}`).join('  ')}`
              : '';
        },
      ],
    };
    const made = new uPlot(shown, data(), element);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: Math.max(element.clientWidth, 120), height: HEIGHT }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [minutes, isDark]);
  useEffect(() => {
    plot.current?.setData([history.times, ...lines.map(({ line }) => history.lines[line])] as uPlot.AlignedData);
  });

  const now = lines.map(({ line, label }) => `${label} ${format(lastOf(line), props.show)}`).join(', ');
  return (
    <section class="card plot">
      <h3>
        {props.title}
        {props.hint && <span class="hint"> {props.hint}</span>}
      </h3>
      <p class="legend">
        {lines.map(({ line, label, color }) => (
          <span key={line}>
            <i style={{ background: `var(${color})` }} />
            {label} <b>{format(lastOf(line), props.show)}</b>
          </span>
        ))}
      </p>
      <div ref={box} class="canvas" role="img" aria-label={`${props.title}, last ${minutes} minutes. Now: ${now}`} />
      <p class="pointed" ref={pointed} aria-hidden="true" />
    </section>
  );
}

function format(value: number | null | undefined, show: (value: number) => string): string {
  return value === null || value === undefined ? '–' : show(value);
}
