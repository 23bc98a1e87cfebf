// Prometheus' text format, as /metrics gives it: https://prometheus.io/docs/instrumenting/exposition_formats/

export interface Sample {
  /** With the suffix, as written: "x_bucket". */
  name: string;
  labels: Record<string, string>;
  value: number;
}

export interface Family {
  name: string;
  help: string;
  type: string;
  samples: Sample[];
}

export type Metrics = Map<string, Family>;

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

const unescaped = (text: string) => (text.includes('\\') ? text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)) : text);

function valueOf(text: string): number {
  return text === '+Inf' ? Infinity : text === '-Inf' ? -Infinity : Number(text);
}

export function parseMetrics(text: string): Metrics {
  const families: Metrics = new Map();
  const familyOf = (name: string): Family => {
    const found = families.get(name);
    if (found) return found;
    const made = { name, help: '', type: 'untyped', samples: [] };
    families.set(name, made);
    return made;
  };
  let current: Family | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) {
      const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)/.exec(line) ?? [];
      if (!what) continue;
      current = familyOf(name);
      if (what === 'HELP') current.help = unescaped(rest);
      else current.type = rest;
      continue;
    }
    const found = LINE.exec(line);
    if (!found) continue;
    const [, name = '', inner = '', value = ''] = found;
    const labels: Record<string, string> = {};
    for (const [, label = '', content = ''] of inner.matchAll(LABEL)) labels[label] = unescaped(content);
    const owner = current && (name === current.name || name.startsWith(`${current.name}_`)) ? current : familyOf(name);
    owner.samples.push({ name, labels, value: valueOf(value) });
  }
  return families;
}

type Wanted = Record<string, string | RegExp>;

function admits(labels: Record<string, string>, wanted: Wanted): boolean {
  return Object.entries(wanted).every(([label, want]) => {
    const value = labels[label] ?? '';
    return typeof want === 'string' ? value === want : want.test(value);
  });
}

/** Of the series with these labels; undefined: there is none. `suffix`: "_count", of a histogram. */
export function sum(metrics: Metrics, family: string, wanted: Wanted = {}, suffix = ''): number | undefined {
  let total: number | undefined;
  for (const sample of metrics.get(family)?.samples ?? []) {
    if (sample.name === family + suffix && admits(sample.labels, wanted)) total = (total ?? 0) + sample.value;
  }
  return total;
}

/** Upper bounds and, up to each, how many: of all series of a histogram together. */
export function buckets(metrics: Metrics, family: string): Map<number, number> {
  const found = new Map<number, number>();
  for (const sample of metrics.get(family)?.samples ?? []) {
    if (sample.name !== `${family}_bucket`) continue;
    const bound = valueOf(sample.labels.le ?? '');
    found.set(bound, (found.get(bound) ?? 0) + sample.value);
  }
  return found;
}

/** Of what came between two readings, as Prometheus' histogram_quantile; undefined: nothing came. */
export function quantile(q: number, before: Map<number, number>, now: Map<number, number>): number | undefined {
  const bounds = [...now.keys()].sort((a, b) => a - b);
  const upTo = bounds.map((bound) => (now.get(bound) ?? 0) - (before.get(bound) ?? 0));
  const total = upTo.at(-1) ?? 0;
  if (total <= 0) return undefined;
  const rank = q * total;
  const at = upTo.findIndex((n) => n >= rank);
  const low = at === 0 ? 0 : (bounds[at - 1] ?? 0);
  const high = bounds[at] ?? Infinity;
  if (!Number.isFinite(high)) return low;
  const below = at === 0 ? 0 : (upTo[at - 1] ?? 0);
  const inside = (upTo[at] ?? 0) - below;
  return inside === 0 ? high : low + ((high - low) * (rank - below)) / inside;
}
