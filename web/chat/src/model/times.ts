// Times as people write them, in the zone and the language of the browser.
import { sameDay } from './timeline';

export type Clock = 'auto' | '12' | '24';

const hourOptions = (clock: Clock): Intl.DateTimeFormatOptions =>
  clock === 'auto' ? {} : clock === '12' ? { hour12: true } : { hourCycle: 'h23' };

const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  let format = cache.get(key);
  if (!format) cache.set(key, (format = new Intl.DateTimeFormat(undefined, options)));
  return format;
}

export const timeOf = (at: number, clock: Clock): string =>
  formatter({ hour: 'numeric', minute: '2-digit', ...hourOptions(clock) }).format(at);

export const dateTimeOf = (at: number, clock: Clock): string =>
  formatter({ dateStyle: 'full', timeStyle: 'short', ...hourOptions(clock) }).format(at);

export function dayOf(at: number, now: number): string {
  if (sameDay(at, now)) return 'Today';
  if (sameDay(at, now - 86_400_000)) return 'Yesterday';
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' as const };
  return formatter({ weekday: 'long', day: 'numeric', month: 'long', ...year }).format(at);
}

/** Short: the time today, the day before that. */
export function briefly(at: number, now: number, clock: Clock): string {
  if (sameDay(at, now)) return timeOf(at, clock);
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' as const };
  return formatter({ day: 'numeric', month: 'short', ...year }).format(at);
}

export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 60) return 'just now';
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [[60, 'minute'], [3600, 'hour'], [86_400, 'day'], [30 * 86_400, 'month'], [365 * 86_400, 'year']];
  const [size, unit] = steps.filter(([each]) => seconds >= each).at(-1) as [number, Intl.RelativeTimeFormatUnit];
  return new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' }).format(-Math.floor(seconds / size), unit);
}

export function bytesOf(size: number): string {
  const units = ['B', 'KB', 'MB', 'GB'];
  const step = Math.min(units.length - 1, Math.floor(Math.log(Math.max(1, size)) / Math.log(1000)));
  const value = size / 1000 ** step;
  return `${value.toFixed(step === 0 || value >= 100 ? 0 : 1)} ${units[step]}`;
}
