// Rows as what a chart draws. Pure.
import { visible } from '../../console/src/format';
import type { Chart, Column, Database, Row } from './model';
import { compare, numberOf, timeOf } from './values';

export interface Line {
  name: string;
  /** null: a gap; undefined: no point of this line here, and none is missing. */
  values: (number | null | undefined)[];
}

export interface Plot {
  axis: 'time' | 'number' | 'category';
  /** Seconds since 1970, numbers, or places of `labels`; each once, from small to large. */
  xs: number[];
  labels: string[];
  lines: Line[];
  /** What is not drawn, for people; '': all is. */
  note: string;
}

const LINES_MAX = 16;
const NOTHING = '(none)';

export const columnOf = (columns: readonly Column[], name: string | undefined): Column | undefined => columns.find((each) => each.name === name);

const labelOf = (value: unknown): string =>
  value === null || value === undefined ? NOTHING : visible(typeof value === 'string' ? value : JSON.stringify(value));

function axisOf(rows: readonly Row[], name: string, column: Column | undefined, database: Database): Plot['axis'] {
  const values = rows.map((row) => row[name]).filter((value) => value !== null && value !== undefined);
  if (values.length === 0) return column && ['date', 'timestamp', 'timestamptz'].includes(column.kind) ? 'time' : 'number';
  if (values.every((value) => timeOf(value, column, database) !== undefined)) return 'time';
  return values.every((value) => typeof value === 'number') ? 'number' : 'category';
}

/** The rows of a line, an area or a bar chart. */
export function plotOf(chart: Chart, columns: readonly Column[], rows: readonly Row[], database: Database): Plot {
  const name = chart.x ?? '';
  const column = columnOf(columns, name);
  const axis = axisOf(rows, name, column, database);
  const labels: string[] = [];
  const places = new Map<string, number>();
  const placeOf = (value: unknown): number | undefined => {
    if (axis === 'time') {
      const ms = timeOf(value, column, database);
      return ms === undefined ? undefined : ms / 1000;
    }
    if (axis === 'number') return numberOf(value);
    const label = labelOf(value);
    let place = places.get(label);
    if (place === undefined) {
      place = labels.push(label) - 1;
      places.set(label, place);
    }
    return place;
  };

  const lines = new Map<string, Map<number, number | null>>();
  const hidden = new Set<string>();
  let twice = 0;
  const put = (line: string, x: number, value: unknown) => {
    let points = lines.get(line);
    if (!points) {
      if (lines.size === LINES_MAX) {
        hidden.add(line);
        return;
      }
      points = new Map();
      lines.set(line, points);
    }
    if (points.has(x)) twice++;
    else points.set(x, numberOf(value) ?? null);
  };
  for (const row of rows) {
    const x = placeOf(row[name]);
    if (x === undefined) continue;
    for (const y of chart.y ?? []) put(chart.series ? labelOf(row[chart.series]) : visible(y), x, row[y]);
  }

  const xs = [...new Set([...lines.values()].flatMap((points) => [...points.keys()]))].sort((a, b) => a - b);
  const notes = [
    hidden.size > 0 ? `${hidden.size} more are not drawn.` : '',
    twice > 0 ? `${twice} further values at a place that has one are not drawn: series= tells them apart.` : '',
  ];
  return {
    axis,
    xs,
    labels,
    lines: [...lines].map(([line, points]) => ({ name: line, values: xs.map((x) => points.get(x)) })),
    note: notes.filter(Boolean).join(' '),
  };
}

export interface Slice {
  name: string;
  value: number;
  /** Of the whole, from 0 to 1. */
  part: number;
}

const SLICES_MAX = 8;

/** The largest first; those that are small are one. What is not above 0 has no slice. */
export function slicesOf(chart: Chart, rows: readonly Row[]): { slices: Slice[]; total: number; note: string } {
  const [y = ''] = chart.y ?? [];
  const sums = new Map<string, number>();
  let without = 0;
  for (const row of rows) {
    const value = numberOf(row[y]);
    if (value === undefined || value <= 0) without++;
    else sums.set(labelOf(row[chart.x ?? '']), (sums.get(labelOf(row[chart.x ?? ''])) ?? 0) + value);
  }
  const all = [...sums].map(([name, value]) => ({ name, value })).sort((a, b) => b.value - a.value);
  const total = all.reduce((sum, { value }) => sum + value, 0);
  const kept = all.length > SLICES_MAX ? all.slice(0, SLICES_MAX - 1) : all;
  const rest = all.slice(kept.length);
  const shown = rest.length > 0 ? [...kept, { name: `${rest.length} others`, value: rest.reduce((sum, { value }) => sum + value, 0) }] : kept;
  const note = without > 0 ? `${without} without a value above 0 are not drawn.` : '';
  return { slices: shown.map(({ name, value }) => ({ name, value, part: total > 0 ? value / total : 0 })), total, note };
}

export interface Figure {
  value: number | undefined;
  /** Since `before`, if the chart names it. */
  change: number | undefined;
  /** The same as a part of the value before; undefined: that was 0. */
  part: number | undefined;
}

export function changeOf(value: number | undefined, before: number | undefined): Pick<Figure, 'change' | 'part'> {
  if (value === undefined || before === undefined) return { change: undefined, part: undefined };
  return { change: value - before, part: before === 0 ? undefined : (value - before) / Math.abs(before) };
}

/** Of the first row. */
export function figureOf(chart: Chart, rows: readonly Row[]): Figure {
  const [row] = rows;
  const [y = ''] = chart.y ?? [];
  const value = row ? numberOf(row[y]) : undefined;
  return { value, ...changeOf(value, row && chart.before ? numberOf(row[chart.before]) : undefined) };
}

export interface Order {
  column: string;
  descending: boolean;
}

/** Rows in the order that was asked for; otherwise in that of the query. */
export function sorted(rows: readonly Row[], order: Order | undefined, columns: readonly Column[], database: Database): readonly Row[] {
  const column = columnOf(columns, order?.column);
  if (!order || !column) return rows;
  const missing = (row: Row) => row[column.name] === null || row[column.name] === undefined;
  return [...rows].sort((a, b) => {
    const ordered = compare(a[column.name], b[column.name], column, database);
    // What is missing stays last.
    return order.descending && !missing(a) && !missing(b) ? -ordered : ordered;
  });
}
