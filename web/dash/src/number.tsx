// One number, and how it has changed.
import { useRef } from 'preact/hooks';
import { visible } from '../../console/src/format';
import type { Chart, Row } from './model';
import { changeOf, figureOf } from './shape';
import { showClock, showNumber } from './values';

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });

/** `firstAt`: when the first rows came, for what is compared with those. */
export function Figure({ chart, rows, firstAt }: { chart: Chart; rows: readonly Row[]; firstAt: number }) {
  const now = figureOf(chart, rows);
  const first = useRef(now.value);
  first.current ??= now.value;
  const compared = chart.before !== undefined;
  const { change, part } = compared ? now : changeOf(now.value, first.current);
  const than = compared ? `than ${visible(chart.before ?? '')}` : `since ${showClock(firstAt)}`;
  return (
    <div class="figure">
      <p class="value">{now.value === undefined ? '–' : showNumber(now.value, chart.unit)}</p>
      {change === 0 && compared && <p class="change soft">＝ the same as {visible(chart.before ?? '')}</p>}
      {change !== undefined && change !== 0 && (
        <p class="change">
          <span aria-hidden="true">{change > 0 ? '▲' : '▼'}</span> {showNumber(Math.abs(change), chart.unit)} {change > 0 ? 'more' : 'less'}
          {part === undefined ? '' : ` (${percent.format(part)})`} <span class="soft">{than}</span>
        </p>
      )}
    </div>
  );
}
