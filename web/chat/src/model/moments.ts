// Moments that people choose, in the zone of the browser, and how they are named.
import { type Clock, timeOf } from './times';
import { sameDay } from './timeline';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** So many days after the day of `now`, at the full hour of that day's clock: an hour that was set back does not shift it. */
export function dayAt(now: number, days: number, hour: number): number {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  return date.setHours(hour, 0, 0, 0);
}

/** The next Monday: on a Monday, that of the week to come. */
export const mondayAt = (now: number, hour: number): number => dayAt(now, ((8 - new Date(now).getDay()) % 7) || 7, hour);

export interface Preset {
  id: string;
  label: string;
  at: (now: number) => number;
}

export const SEND_PRESETS: readonly Preset[] = [
  { id: 'hour', label: 'In 1 hour', at: (now) => now + HOUR_MS },
  { id: 'tomorrow', label: 'Tomorrow at 9:00', at: (now) => dayAt(now, 1, 9) },
  { id: 'monday', label: 'Monday at 9:00', at: (now) => mondayAt(now, 9) },
];

export const REMIND_PRESETS: readonly Preset[] = [
  { id: 'minutes', label: 'In 20 minutes', at: (now) => now + 20 * MINUTE_MS },
  { id: 'hour', label: 'In 1 hour', at: (now) => now + HOUR_MS },
  { id: 'tomorrow', label: 'Tomorrow at 9:00', at: (now) => dayAt(now, 1, 9) },
];

const two = (value: number): string => String(value).padStart(2, '0');

/** As a field for date and time has it: the local clock, without a zone. */
export function fieldOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** NaN where nothing, or no time, stands in the field. */
export const momentIn = (field: string): number => new Date(field).getTime();

/** "today, 15:30", "tomorrow, 9:00", "Mon, 30 Nov, 9:00". */
export function momentOf(at: number, now: number, clock: Clock): string {
  const time = timeOf(at, clock);
  if (sameDay(at, now)) return `today, ${time}`;
  if (sameDay(at, dayAt(now, 1, 12))) return `tomorrow, ${time}`;
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? {} : { year: 'numeric' as const };
  return `${new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short', ...year }).format(at)}, ${time}`;
}

/** How the server says "without an end". */
const FOR_EVER = 4_102_444_800_000;
export const isForEver = (until: number | null | undefined): boolean => until === null || until === undefined || until >= FOR_EVER;

export const untilWords = (until: number | null | undefined, now: number, clock: Clock): string =>
  isForEver(until) ? 'until a moderator ends it' : `until ${momentOf(until as number, now, clock)}`;
