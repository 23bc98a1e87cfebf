// Times, numbers and cells. What depends on the place of whoever runs it is compared with what that place says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, showCell, showNumber, timeOf } from '../src/values';

const column = (kind, type = kind) => ({ name: 'c', kind, type });

test('times with a zone are moments; days and times without one are those of the viewer', () => {
  const of = (value, kind = 'timestamptz', database = 'postgresql') => timeOf(value, column(kind), database);
  assert.equal(of('2026-11-27T10:00:00Z'), Date.UTC(2026, 10, 27, 10));
  assert.equal(of('2026-11-27T10:00:00.123456+05:30'), Date.UTC(2026, 10, 27, 4, 30, 0, 123));
  assert.equal(of('2026-11-27 10:00:00-08'), Date.UTC(2026, 10, 27, 18));
  assert.equal(of('2026-11-27', 'date'), new Date(2026, 10, 27).getTime());
  assert.equal(of('2026-11-27T10:00:00', 'timestamp'), new Date(2026, 10, 27, 10).getTime());
  assert.equal(of('2026-11-27 10:00:00', 'any', 'sqlite'), Date.UTC(2026, 10, 27, 10), 'SQLite means UTC');
  assert.equal(of('2026-11-27', 'any', 'sqlite'), new Date(2026, 10, 27).getTime());
});

test('what is no time is none', () => {
  for (const value of ['infinity', '', 'yesterday', '2026-11', null, undefined, {}, '10:00:00', '2026-11-27T10']) {
    assert.equal(timeOf(value, column('timestamptz'), 'postgresql'), undefined, String(value));
  }
  assert.equal(timeOf(1764237600, column('any'), 'sqlite'), undefined, 'a number says nothing of being a time');
  assert.equal(timeOf(1764237600, column('timestamp', 'datetime'), 'sqlite'), 1764237600000);
});

test('numbers', () => {
  assert.deepEqual(['1.5', ' ', '', 'NaN', null, [], '0x10', 3].map(numberOf), [1.5, undefined, undefined, undefined, undefined, undefined, 16, 3]);
});

test('units', () => {
  const money = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'EUR' });
  assert.equal(showNumber(1234.5, 'EUR'), money.format(1234.5));
  assert.equal(showNumber(5, '%').replace(/\s/g, ' '), '5 %');
  assert.equal(showNumber(5, 'orders').replace(/\s/g, ' '), '5 orders');
  assert.match(showNumber(2_500_000, 'bytes'), /2[.,]5\s?MB/);
  assert.match(showNumber(5, 'XQQ'), /5/, 'no currency, and no failure');
});

test('cells', () => {
  const of = (value, kind = 'any') => showCell(value, column(kind), 'postgresql');
  assert.deepEqual(of(null, 'number'), { text: '–', figures: true, missing: true });
  assert.equal(of(9007199254740993, 'number').text.startsWith('≈'), true, 'digits are missing, and it is said');
  assert.equal(of('<img src=x onerror=alert(1)>').text, '<img src=x onerror=alert(1)>');
  assert.equal(of('a\u202eb').text, 'a\\u202eb');
  assert.equal(of({ a: [1] }).text, '{"a":[1]}');
  assert.equal(of(true).text, 'yes');
});
