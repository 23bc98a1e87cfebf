// Numbers, times and names as people read them.

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const small = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export function count(value: unknown): string {
  const n = Number(value ?? 0);
  return Number.isSafeInteger(n) ? number.format(n) : String(value);
}

export function rate(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? number.format(value) : small.format(value);
}

export function bytes(value: unknown): string {
  let n = Number(value ?? 0);
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (n < 1024) return `${unit === 'B' ? n : small.format(n)} ${unit}`;
    n /= 1024;
  }
  return `${small.format(n)} TiB`;
}

export function seconds(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0 s';
  if (value < 0.001) return `${small.format(value * 1e6)} µs`;
  if (value < 1) return `${small.format(value * 1e3)} ms`;
  if (value < 100) return `${small.format(value)} s`;
  return span(value);
}

/** "3 d 4 h"; the two largest units. */
export function span(value: number): string {
  const units: [string, number][] = [['y', 31_536_000], ['d', 86400], ['h', 3600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, size]) => value >= size);
  if (first < 0) return `${Math.max(0, Math.round(value))} s`;
  const parts: string[] = [];
  let left = Math.round(value);
  for (const [unit, size] of units.slice(first, first + 2)) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) parts.push(`${n} ${unit}`);
  }
  return parts.join(' ');
}

const TIME_MAX = 8.64e15; // of a Date

/** Milliseconds since 1970 of a timestamp of the API: text, seconds or nothing. */
export function instant(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const ms = typeof value === 'string' ? Date.parse(value) : Number(value);
  return Math.abs(ms) <= TIME_MAX ? ms : undefined;
}

export function relative(ms: number, now: number): string {
  const distance = (ms - now) / 1000;
  if (Math.abs(distance) < 1) return 'now';
  return distance > 0 ? `in ${span(distance)}` : `${span(-distance)} ago`;
}

export function absolute(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('.000Z', ' UTC').replace('Z', ' UTC');
}

// Controls, and what turns the direction of text around, could make one name look like another.
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** A name with what nobody would see written out. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same for a text of several lines. */
export const visibleLines = (text: string): string => text.split('\n').map(visible).join('\n');

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
