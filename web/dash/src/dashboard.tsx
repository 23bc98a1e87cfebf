// One dashboard: the fields of its parameters, and its panels.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { visible } from '../../console/src/format';
import { route, setQuery } from '../../console/src/router';
import { type Chart, type Dashboard, type Database, type Parameter, parametersOf, type Query, titleOf } from './model';
import { Panels, type Wrong } from './panel';

const WAIT_MS = 500;

function Field({ parameter, problem }: { parameter: Parameter; problem: string | undefined }) {
  const { name, kind, schema, default: preset, required, description } = parameter;
  const given = route.value.query.get(name) ?? '';
  const [text, setText] = useState(given);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setText(given), [given]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const set = (value: string) => setQuery({ [name]: value === '' ? undefined : value });
  const later = (value: string) => {
    setText(value);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => set(value), WAIT_MS);
  };
  const options = schema.enum?.filter((each) => typeof each === 'string') ?? (kind === 'boolean' ? ['true', 'false'] : undefined);
  const id = `p-${name}`;
  const about = { id, 'aria-invalid': problem !== undefined, 'aria-describedby': problem || description ? `${id}-about` : undefined };
  return (
    <div class="field">
      <label for={id}>
        {visible(name)}
        {required && preset === undefined && <span class="soft"> (needed)</span>}
      </label>
      {options ? (
        <select {...about} value={text} onChange={(event) => set(event.currentTarget.value)}>
          <option value="">{preset === undefined ? '–' : visible(preset)}</option>
          {options.map((each) => (
            <option key={each} value={each}>
              {visible(each)}
            </option>
          ))}
        </select>
      ) : kind === 'date' ? (
          <input {...about} type="date" value={text} onChange={(event) => set(event.currentTarget.value)} />
        ) : (
          <input
            {...about}
            type="text"
            inputMode={kind === 'number' ? 'decimal' : undefined}
            value={text}
            placeholder={preset ?? ''}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => later(event.currentTarget.value)}
            onChange={(event) => set(event.currentTarget.value)}
          />
      )}
      {(problem || description) && (
        <span id={`${id}-about`} class={problem ? 'bad' : 'soft'}>
          {visible(problem ?? description ?? '')}
        </span>
      )}
    </div>
  );
}

interface Placed {
  query: Query;
  charts: Chart[];
}

/** Single numbers stand above all others. */
function placed(dashboard: Dashboard, numbers: boolean): Placed[] {
  const of = (chart: Chart) => (chart.kind === 'number') === numbers;
  return dashboard.queries.map((query) => ({ query, charts: query.charts.filter(of) })).filter(({ charts }) => charts.length > 0);
}

export function DashboardPage({ dashboard, database, user, gone }: { dashboard: Dashboard; database: Database; user: string; gone: () => void }) {
  const given = route.value.query;
  const parameters = useMemo(() => parametersOf(dashboard), [dashboard]);
  const [wrong, setWrong] = useState<Record<string, Wrong>>({});
  const fields = Object.assign({}, ...Object.values(wrong)) as Wrong;
  const tell = (of: string, told: Wrong) => setWrong((before) => ({ ...before, [of]: told }));
  const figures = placed(dashboard, true);
  const others = placed(dashboard, false);
  const panels = (of: Placed[]) =>
    of.map(({ query, charts }) => <Panels key={query.id} query={query} charts={charts} database={database} user={user} given={given} wrong={tell} gone={gone} />);
  const alone = others.reduce((sum, { charts }) => sum + charts.length, 0) === 1;
  return (
    <>
      <h1>{titleOf(dashboard.folder)}</h1>
      {parameters.length > 0 && (
        <form class="filters" aria-label="Parameters" onSubmit={(event) => event.preventDefault()}>
          {parameters.map((parameter) => (
            <Field key={parameter.name} parameter={parameter} problem={fields[parameter.name]} />
          ))}
        </form>
      )}
      {figures.length > 0 && <div class="figures">{panels(figures)}</div>}
      <div class="panels" data-alone={alone}>
        {panels(others)}
      </div>
    </>
  );
}
