// A pie with its parts beside it, as a list.
import type { Chart, Row } from './model';
import { colorOf } from './plot';
import { slicesOf } from './shape';
import { showNumber } from './values';

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const RADIUS = 50;
const HOLE = 30;
const WHOLE = 0.9999; // an arc that ends where it begins is none

function arc(from: number, part: number): string {
  const point = (at: number, radius: number) => `${(RADIUS + radius * Math.sin(2 * Math.PI * at)).toFixed(3)} ${(RADIUS - radius * Math.cos(2 * Math.PI * at)).toFixed(3)}`;
  const to = from + Math.min(part, WHOLE);
  const large = part > 0.5 ? 1 : 0;
  return `M${point(from, RADIUS)}A${RADIUS} ${RADIUS} 0 ${large} 1 ${point(to, RADIUS)}L${point(to, HOLE)}A${HOLE} ${HOLE} 0 ${large} 0 ${point(from, HOLE)}Z`;
}

export function Pie({ chart, rows, title }: { chart: Chart; rows: readonly Row[]; title: string }) {
  const { slices, total, note } = slicesOf(chart, rows);
  let from = 0;
  const paths = slices.map(({ name, part }, index) => {
    const path = arc(from, part);
    from += part;
    return <path key={name} d={path} style={{ fill: `var(${colorOf(index)})` }} />;
  });
  return (
    <div class="pie">
      <svg viewBox="0 0 100 100" role="img" aria-label={`${title}: ${slices.length} parts; the list beside it has them`}>
        {paths}
      </svg>
      <ul>
        {slices.map(({ name, value, part }, index) => (
          <li key={name}>
            <i style={{ background: `var(${colorOf(index)})` }} />
            <bdi>{name}</bdi>
            <b>{showNumber(value, chart.unit)}</b>
            <span class="soft">{percent.format(part)}</span>
          </li>
        ))}
        <li class="total">
          <i />
          All <b>{showNumber(total, chart.unit)}</b>
          <span />
        </li>
      </ul>
      {note && <p class="hint">{note}</p>}
    </div>
  );
}
