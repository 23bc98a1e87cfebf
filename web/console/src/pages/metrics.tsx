// /metrics as it is, to be searched.
import { count, plural } from '../format';
import type { Family } from '../metrics';
import { route, setQuery } from '../router';
import { latest, trouble } from '../sampler';
import { at, config } from '../session';
import { Card, CopyButton, Empty, Loading, Problem, Search } from '../ui';

const SERIES_MAX = 60;

export function MetricsPage() {
  if (!config.value?.metrics) {
    return (
      <Card>
        <Empty title="/metrics is off." line={'[prometheus]\nenabled = true'} />
      </Card>
    );
  }
  const find = route.value.query.get('find') ?? '';
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  const metrics = latest.value;
  const nonzero = route.value.query.has('nonzero');
  const families = metrics ? [...metrics.values()].filter((family) => admits(family, words) && (!nonzero || family.samples.some(({ value }) => value !== 0))) : [];
  return (
    <>
      <div class="filters">
        <Search label="Find" value={find} placeholder="jobs queue=mail" onSearch={(text) => setQuery({ find: text })} />
        <label class="check">
          <input type="checkbox" checked={route.value.query.has('nonzero')} onChange={(event) => setQuery({ nonzero: event.currentTarget.checked ? 'yes' : undefined })} />
          Without zeros
        </label>
        <CopyButton text={() => `curl -s '${at('/metrics')}'`} label="Copy as curl" />
      </div>
      <Problem error={trouble.value ? new Error(trouble.value) : undefined} />
      {!metrics && !trouble.value && <Loading />}
      {metrics && <p class="hint">{plural(families.length, 'metric')} of {count(metrics.size)}, of this node. What to watch stands in the guide under "Metrics and alerts".</p>}
      {metrics && families.length === 0 && (
        <Card>
          <Empty title="No metric matches." >Every word must be in its name, its text or one of its labels.</Empty>
        </Card>
      )}
      {families.map((family) => (
        <FamilyCard key={family.name} family={family} words={words} nonzero={nonzero} />
      ))}
    </>
  );
}

const labelsOf = (labels: Record<string, string>) => Object.entries(labels).map(([name, value]) => `${name}="${value}"`).join(', ');
const bare = (labels: Record<string, string>) => Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ').toLowerCase();

function admits(family: Family, words: string[]): boolean {
  const head = `${family.name} ${family.help}`.toLowerCase();
  return words.every((word) => head.includes(word) || family.samples.some(({ labels }) => bare(labels).includes(word)));
}

function FamilyCard({ family, words, nonzero }: { family: Family; words: string[]; nonzero: boolean }) {
  const head = `${family.name} ${family.help}`.toLowerCase();
  const wanted = words.filter((word) => !head.includes(word));
  const shown = family.samples.filter(({ name, labels, value }) => (!nonzero || value !== 0) && !name.endsWith('_bucket') && wanted.every((word) => bare(labels).includes(word)));
  return (
    <section class="card family">
      <h2>{family.name}</h2>
      <p class="hint">
        {family.help} <i>{family.type}</i>
      </p>
      <dl>
        {shown.slice(0, SERIES_MAX).map(({ name, labels, value }) => (
          <div key={`${name} ${labelsOf(labels)}`}>
            <dt>{[name === family.name ? '' : name.slice(family.name.length), labelsOf(labels)].filter(Boolean).join(' ') || 'value'}</dt>
            <dd>{String(value)}</dd>
          </div>
        ))}
      </dl>
      {shown.length > SERIES_MAX && <p class="hint">{count(shown.length - SERIES_MAX)} more series: add a word of their labels.</p>}
    </section>
  );
}
