// Random expressions, zones and instants, all from one seed.

// mulberry32
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(n) {
    return Math.floor(this.next() * n);
  }
  between(low, high) {
    return low + this.below(high - low + 1);
  }
  chance(share) {
    return this.next() < share;
  }
  of(list) {
    return list[this.below(list.length)];
  }
}

const MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split(" ");

function value(random, [min, max], names) {
  const number = random.between(min, max);
  if (!names || number - min >= names.length || random.chance(0.5)) return String(number);
  const name = names[number - min];
  return random.chance(0.5) ? name : name.toLowerCase();
}

function numberOf(text, [min], names) {
  const at = names ? names.indexOf(text.toUpperCase()) : -1;
  return at < 0 ? Number(text) : min + at;
}

function item(random, range, names) {
  if (random.chance(0.4)) return value(random, range, names);
  const top = names === WEEKDAYS ? 6 : range[1];
  if (random.chance(0.25)) return `*/${random.between(2, Math.min(30, top - range[0]))}`;
  if (names !== WEEKDAYS && random.chance(0.15)) {
    const first = random.between(range[0], top - 1);
    return `${first}/${random.between(1, top - first)}`;
  }
  for (;;) {
    const [low, high] = [value(random, range, names), value(random, range, names)];
    const distance = numberOf(high, range, names) - numberOf(low, range, names);
    if (distance < 0 || (distance === 0 && high !== low)) continue;
    if (distance === 0 || random.chance(0.6)) return `${low}-${high}`;
    return `${low}-${high}/${random.between(1, distance)}`;
  }
}

function field(random, range, names, every) {
  if (random.chance(every)) return "*";
  const items = [];
  do items.push(item(random, range, names));
  while (random.chance(0.3));
  return items.join(",");
}

// In the grammar that both programs have.
export function expression(random) {
  const minute = field(random, [0, 59], null, 0.1);
  const hour = random.chance(0.6) ? field(random, [0, 4], null, 0.3) : field(random, [0, 23], null, 0.5);
  let day = field(random, [1, 31], null, 0.6);
  if (random.chance(0.05)) day = "L";
  const month = field(random, [1, 12], MONTHS, 0.7);
  let weekday = field(random, [0, 7], WEEKDAYS, 0.6);
  if (random.chance(0.05)) weekday = `${random.between(0, 6)}#${random.between(1, 4)}`;
  if (random.chance(0.05)) weekday = `${random.between(0, 6)}L`;
  const text = `${minute} ${hour} ${day} ${month} ${weekday}`;
  if (random.chance(0.75)) return text;
  return `${random.chance(0.1) ? "*/7" : random.of(["0", "30", "5,45", "1-4", "59"])} ${text}`;
}

export function damaged(random) {
  const text = [...expression(random)];
  const count = 1 + random.below(2);
  for (let i = 0; i < count; ++i) {
    const at = random.below(text.length);
    const with_ = random.of([..."0123456789*/,-?LW#H AaMmSN@", ""]);
    text.splice(at, random.below(2), with_);
  }
  return text.join("").trim();
}
