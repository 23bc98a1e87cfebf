// Values of a database as people of the viewer's place read them. Pure, but for the browser's language and zone.
import { visible } from '../../console/src/format';
import type { Column, Database } from './model';

const plain = new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 });
const short = new Intl.NumberFormat(undefined, { notation: 'compact', maximumSignificantDigits: 4 });
const BYTES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
const UNITS: Record<string, string> = { s: 'second', ms: 'millisecond', min: 'minute', h: 'hour' };

/** A number, or undefined: what a text says in whole counts too, as SQLite has no types. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function withUnit(value: number, unit: string, more: Intl.NumberFormatOptions): string | undefined {
  if (/^[A-Z]{3}$/.test(unit)) return new Intl.NumberFormat(undefined, { style: 'currency', currency: unit, ...more }).format(value);
  const known = UNITS[unit];
  if (known) return new Intl.NumberFormat(undefined, { style: 'unit', unit: known, unitDisplay: 'short', maximumFractionDigits: 3, ...more }).format(value);
  if (unit !== 'bytes') return undefined;
  const step = Math.min(BYTES.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, Math.abs(value))) / 3)));
  return new Intl.NumberFormat(undefined, { style: 'unit', unit: BYTES[step], unitDisplay: 'short', maximumSignificantDigits: 4 }).format(value / 1000 ** step);
}

function suffixed(text: string, unit: string): string {
  if (unit === '') return text;
  return unit === '%' ? `${text}\u202f%` : `${text}\u00a0${visible(unit)}`;
}

/** `unit`: of the chart; '': none. */
export function showNumber(value: number, unit = ''): string {
  return withUnit(value, unit, {}) ?? suffixed(plain.format(value), unit);
}

/** The same for an axis: few characters. */
export function showShort(value: number, unit = ''): string {
  return withUnit(value, unit, { notation: 'compact', maximumFractionDigits: 2 }) ?? suffixed(short.format(value), unit === '%' ? unit : '');
}

const ISO = /^(\d{4,})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;
const TIMES = new Set(['date', 'timestamp', 'timestamptz']);

function isoTime(text: string, database: Database): number | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [number, number, number, number, number, number];
  const [, , , , , , , fraction, zone] = match;
  const ms = fraction ? Math.trunc(Number(`0.${fraction}`) * 1000) : 0;
  if (zone !== undefined && zone !== '') {
    const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
    const offset = zone === 'Z' ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes ?? 0));
    return Date.UTC(year, month - 1, day, hour, minute, second, ms) - offset * 60_000;
  }
  // A day is one everywhere. SQLite's times without a zone are in UTC (sqlite.org/lang_datefunc.html); those of
  // PostgreSQL are of no zone, and are shown as they are written.
  const inUtc = database === 'sqlite' && match[4] !== undefined;
  const at = inUtc ? Date.UTC(year, month - 1, day, hour, minute, second, ms) : new Date(year, month - 1, day, hour, minute, second, ms).getTime();
  return Number.isFinite(at) ? at : undefined;
}

const MS_FROM = 1e11; // seconds since 1970 reach that in the year 5138

/** Milliseconds since 1970; undefined: it is no time. */
export function timeOf(value: unknown, column: Column | undefined, database: Database): number | undefined {
  if (typeof value === 'string') return isoTime(value, database);
  if (typeof value !== 'number' || !column || !TIMES.has(column.kind)) return undefined;
  return Math.abs(value) < MS_FROM ? value * 1000 : value;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

export const showTime = (ms: number): string => moment.format(ms);
export const showClock = (ms: number): string => clock.format(ms);
export const showDay = (ms: number): string => day.format(ms);

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How an axis of that many milliseconds, with ticks so far apart, writes its times. */
export function axisFormat(span: number, step: number): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions =
    step >= 360 * DAY ? { year: 'numeric' }
    : step >= 27 * DAY ? { year: 'numeric', month: 'short' }
    : step >= DAY ? { month: 'short', day: 'numeric' }
    : step < 60_000 ? { hour: '2-digit', minute: '2-digit', second: '2-digit' }
    : span > 20 * HOUR ? { weekday: 'short', hour: '2-digit', minute: '2-digit' }
    : { hour: '2-digit', minute: '2-digit' };
  return new Intl.DateTimeFormat(undefined, options);
}

export interface Cell {
  text: string;
  /** It stands at the right, as figures do. */
  figures: boolean;
  missing: boolean;
}

/** A value as a cell of a table. */
export function showCell(value: unknown, column: Column, database: Database): Cell {
  const text = (of: string, figures = false): Cell => ({ text: of, figures, missing: false });
  if (value === null || value === undefined) return { text: '–', figures: column.kind === 'number', missing: true };
  if (typeof value === 'number') {
    const at = timeOf(value, column, database);
    if (at !== undefined) return text(showTime(at));
    // JSON of a browser has no more digits.
    return text(Number.isInteger(value) && !Number.isSafeInteger(value) ? `≈ ${plain.format(value)}` : plain.format(value), true);
  }
  if (typeof value === 'boolean') return text(value ? 'yes' : 'no');
  if (typeof value === 'string') {
    // SQLite has no type for times.
    const at = TIMES.has(column.kind) || database === 'sqlite' ? timeOf(value, column, database) : undefined;
    if (at !== undefined) return text(/^\d+-\d\d-\d\d$/.test(value) ? showDay(at) : showTime(at));
    return text(visible(value), column.kind === 'number');
  }
  return text(visible(JSON.stringify(value)));
}

/** Orders two values: numbers and times by what they are, texts as people do, what is missing last. */
export function compare(a: unknown, b: unknown, column: Column, database: Database): number {
  const missing = (value: unknown) => value === null || value === undefined;
  if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
  const ordered = (value: unknown) => timeOf(value, column, database) ?? numberOf(value);
  const [left, right] = [ordered(a), ordered(b)];
  if (left !== undefined && right !== undefined) return left - right;
  const written = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return written(a).localeCompare(written(b), undefined, { numeric: true });
}
