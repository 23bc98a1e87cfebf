// Rows as lines, slices and figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureOf, plotOf, slicesOf, sorted } from '../src/shape';

const columns = [
  { name: 'at', kind: 'timestamptz', type: 'timestamptz' },
  { name: 'n', kind: 'number', type: 'int8' },
  { name: 'm', kind: 'number', type: 'int8' },
  { name: 'region', kind: 'text', type: 'text' },
];
const line = { kind: 'line', x: 'at', y: ['n'] };
const at = (minute) => `2026-11-27T10:${String(minute).padStart(2, '0')}:00Z`;
const seconds = (minute) => Date.UTC(2026, 10, 27, 10, minute) / 1000;

test('times are ordered, and a null is a gap', () => {
  const plot = plotOf(line, columns, [{ at: at(2), n: 3 }, { at: at(0), n: 1 }, { at: at(1), n: null }], 'postgresql');
  assert.equal(plot.axis, 'time');
  assert.deepEqual(plot.xs, [seconds(0), seconds(1), seconds(2)]);
  assert.deepEqual(plot.lines, [{ name: 'n', values: [1, null, 3] }]);
});

test('a line of a series that has no row at a place has no gap there', () => {
  const rows = [{ at: at(0), n: 1, region: 'eu' }, { at: at(1), n: 2, region: null }, { at: at(2), n: 3, region: 'eu' }];
  const plot = plotOf({ ...line, series: 'region' }, columns, rows, 'postgresql');
  assert.deepEqual(plot.lines, [{ name: 'eu', values: [1, undefined, 3] }, { name: '(none)', values: [undefined, 2, undefined] }]);
});

test('several columns are several lines', () => {
  const plot = plotOf({ ...line, y: ['n', 'm'] }, columns, [{ at: at(0), n: 1, m: 2 }], 'postgresql');
  assert.deepEqual(plot.lines.map(({ name }) => name), ['n', 'm']);
});

test('texts are categories in the order of the rows', () => {
  const plot = plotOf({ kind: 'bar', x: 'region', y: ['n'] }, columns, [{ region: 'us', n: 1 }, { region: 'eu', n: 2 }], 'sqlite');
  assert.equal(plot.axis, 'category');
  assert.deepEqual([plot.labels, plot.xs, plot.lines[0].values], [['us', 'eu'], [0, 1], [1, 2]]);
});

test('what is not drawn is said', () => {
  assert.match(plotOf(line, columns, [{ at: at(0), n: 1 }, { at: at(0), n: 2 }], 'sqlite').note, /^1 further values/);
  const many = Array.from({ length: 20 }, (_, i) => ({ at: at(0), n: i, region: `r${i}` }));
  const plot = plotOf({ ...line, series: 'region' }, columns, many, 'sqlite');
  assert.equal(plot.lines.length, 16);
  assert.match(plot.note, /^4 more are not drawn/);
});

test('no value becomes a number that it is not', () => {
  const rows = ['NaN', 'Infinity', '', 'abc', {}, '7', true].map((n, i) => ({ at: at(i), n }));
  assert.deepEqual(plotOf(line, columns, rows, 'sqlite').lines[0].values, [null, null, null, null, null, 7, 1]);
  assert.deepEqual(plotOf(line, columns, [{ at: 'infinity', n: 1 }, { at: at(0), n: 1 }], 'postgresql').axis, 'category');
});

test('a thousand rows take no time', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => ({ at: new Date(i * 60_000).toISOString(), n: i, region: `r${i % 8}` }));
  const begun = performance.now();
  for (let i = 0; i < 10; i++) plotOf({ ...line, series: 'region' }, columns, rows, 'postgresql');
  assert.ok((performance.now() - begun) / 10 < 50);
});

test('slices: the largest first, the small ones together', () => {
  const pie = { kind: 'pie', x: 'region', y: ['n'] };
  const { slices, total, note } = slicesOf(pie, [{ region: 'a', n: 1 }, { region: 'b', n: 3 }, { region: 'c', n: -1 }, { region: 'd', n: null }]);
  assert.deepEqual(slices, [{ name: 'b', value: 3, part: 0.75 }, { name: 'a', value: 1, part: 0.25 }]);
  assert.equal(total, 4);
  assert.match(note, /^2 without/);
  const many = slicesOf(pie, Array.from({ length: 12 }, (_, i) => ({ region: `r${i}`, n: i + 1 })));
  assert.equal(many.slices.length, 8);
  assert.deepEqual(many.slices.at(-1).name, '5 others');
  assert.equal(many.slices.reduce((sum, { value }) => sum + value, 0), many.total);
});

test('a figure and its change', () => {
  const number = { kind: 'number', y: ['n'], before: 'm' };
  assert.deepEqual(figureOf(number, [{ n: 12, m: 10 }]), { value: 12, change: 2, part: 0.2 });
  assert.deepEqual(figureOf(number, [{ n: 12, m: 0 }]), { value: 12, change: 12, part: undefined });
  assert.deepEqual(figureOf(number, [{ n: 1, m: -2 }]), { value: 1, change: 3, part: 1.5 });
  assert.deepEqual(figureOf(number, []), { value: undefined, change: undefined, part: undefined });
});

test('sorting: what is missing last, in both directions, and the order of the query at first', () => {
  const rows = [{ n: 2 }, { n: null }, { n: 10 }, { n: 1 }];
  const of = (order) => sorted(rows, order, columns, 'sqlite').map(({ n }) => n);
  assert.deepEqual(of(undefined), [2, null, 10, 1]);
  assert.deepEqual(of({ column: 'n', descending: false }), [1, 2, 10, null]);
  assert.deepEqual(of({ column: 'n', descending: true }), [10, 2, 1, null]);
  assert.deepEqual(of({ column: 'gone', descending: true }), [2, null, 10, 1]);
});
