// When a schedule fires, by other people's code: cron-parser knows the calendar, luxon the zones. Only the rules for
// moved clocks (src/jobs/cron/README.md) are written here, and written differently than there.
import { CronExpressionParser } from "cron-parser";
import { IANAZone } from "luxon";

const HOUR = 3600_000;
const DAY = 24 * HOUR;

const MINUTE = 60_000; // clocks are moved at no other times, since 2000

const zones = new Map();
function offset(zone, at) {
  if (!zones.has(zone)) zones.set(zone, { rules: IANAZone.create(zone), known: new Map() });
  const { rules, known } = zones.get(zone);
  const minute = Math.floor(at / MINUTE);
  if (!known.has(minute)) known.set(minute, Math.round(rules.offset(at) * 60_000));
  return known.get(minute);
}

// The first instant after `low`, and not after `high`, with another offset than `low`; null if there is none.
function move(zone, low, high) {
  const before = offset(zone, low);
  if (offset(zone, high) === before) return null;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

// The moves of a zone's clock from `from` to `to`.
export function moves(zone, from, to) {
  const found = [];
  for (let at = from; at < to; at += 7 * DAY) {
    const moved = move(zone, at, at + 7 * DAY);
    if (moved !== null) found.push(moved);
  }
  return found;
}

// When the clock shows `local` (ms, as if it were UTC): none, one or two instants.
function instants(zone, local) {
  const offsets = new Set([offset(zone, local - DAY), offset(zone, local), offset(zone, local + DAY)]);
  return [...offsets].map((o) => local - o).filter((at) => at + offset(zone, at) === local).sort((a, b) => a - b);
}

// The first `count` firings after `after`. `moved` says whether a clock was moved near any of them.
export function firings(text, zone, after, count) {
  const probe = CronExpressionParser.parse(text, { tz: "UTC", currentDate: new Date(after) });
  const everyHour = probe.fields.hour.values.length === 24;
  const start = after + offset(zone, after) - 3 * HOUR;
  const calendar = CronExpressionParser.parse(text, { tz: "UTC", currentDate: new Date(start) });
  const found = new Set();
  let moved = false;
  for (;;) {
    const local = calendar.next().getTime();
    const shown = instants(zone, local);
    moved ||= shown.length !== 1;
    let fires = shown;
    if (!everyHour) {
      fires = shown.length > 0 ? [shown[0]] : [move(zone, local - offset(zone, local) - 26 * HOUR, local - offset(zone, local) + 26 * HOUR)];
    }
    for (const at of fires) if (at > after) found.add(at);
    // Later local times may have earlier instants, in the second of two equal hours.
    const sorted = [...found].sort((a, b) => a - b);
    if (sorted.length >= count && local > sorted[count - 1] + offset(zone, sorted[count - 1]) + 2 * HOUR) {
      return { times: sorted.slice(0, count), moved };
    }
  }
}

// By cron-parser alone, zone and all. It gives up on some dates that are years away: then null.
export function byCronParser(text, zone, after, count) {
  const expression = CronExpressionParser.parse(text, { tz: zone, currentDate: new Date(after) });
  try {
    return Array.from({ length: count }, () => expression.next().getTime());
  } catch (error) {
    if (error.message.includes("loop limit exceeded")) return null;
    throw error;
  }
}
