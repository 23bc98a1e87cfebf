process.env.TZ = 'Europe/Berlin';
import assert from 'node:assert/strict';
import test from 'node:test';
import { dayAt, fieldOf, isForEver, momentIn, momentOf, mondayAt, untilWords } from '../src/model/moments.ts';

const at = (text) => new Date(text).getTime();

test('tomorrow at nine is nine o\'clock, also where the clock is set back or forward at night', () => {
  assert.equal(dayAt(at('2026-10-24T22:00:00+02:00'), 1, 9), at('2026-10-25T09:00:00+01:00'));
  assert.equal(dayAt(at('2026-03-28T22:00:00+01:00'), 1, 9), at('2026-03-29T09:00:00+02:00'));
});

test('monday is the next one, never today', () => {
  assert.equal(mondayAt(at('2026-11-28T12:00:00+01:00'), 9), at('2026-11-30T09:00:00+01:00'));
  assert.equal(mondayAt(at('2026-11-29T12:00:00+01:00'), 9), at('2026-11-30T09:00:00+01:00'));
  assert.equal(mondayAt(at('2026-11-30T08:00:00+01:00'), 9), at('2026-12-07T09:00:00+01:00'));
});

test('a field for date and time has the local clock', () => {
  const moment = at('2026-07-01T09:05:00+02:00');
  assert.equal(fieldOf(moment), '2026-07-01T09:05');
  assert.equal(momentIn(fieldOf(moment)), moment);
  assert.ok(Number.isNaN(momentIn('')));
});

test('moments and ends have names', () => {
  const now = at('2026-11-28T12:00:00+01:00');
  assert.match(momentOf(now + 60_000, now, '24'), /^today, /);
  assert.match(momentOf(at('2026-11-29T00:30:00+01:00'), now, '24'), /^tomorrow, /);
  assert.match(momentOf(at('2027-02-01T09:00:00+01:00'), now, '24'), /2027/);
  assert.equal(untilWords(null, now, '24'), 'until a moderator ends it');
  assert.deepEqual([isForEver(4_102_444_800_000), isForEver(now)], [true, false]);
});
