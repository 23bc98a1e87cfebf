// What is asked for, and where it is followed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channelOf, parametersOf, requestOf, rowsOf, titleOf } from '../src/model';

const query = (more = {}) => ({
  id: 'q', path: '/orders/{id}', file: 'orders/[id].get.sql', rows: 'many', live: true, everybody: true, columns: [], charts: [],
  parameters: [
    { name: 'id', in: 'path', required: true, kind: 'number', schema: {} },
    { name: 'status', in: 'query', required: true, default: 'open', kind: 'text', schema: {} },
    { name: 'b', in: 'query', required: false, kind: 'text', schema: {} },
  ],
  ...more,
});

test('a request has the parameters of its query alone, sorted', () => {
  const given = new URLSearchParams({ id: 'a/ä b', status: 'x&y', b: '1', other: '2' });
  assert.deepEqual(requestOf(query(), given), { path: '/orders/a%2F%C3%A4%20b', query: 'b=1&status=x%26y' });
  assert.deepEqual(requestOf(query(), new URLSearchParams({ id: '7', b: '' })), { path: '/orders/7', query: '' });
});

test('what is needed and not given is named', () => {
  assert.deepEqual(requestOf(query(), new URLSearchParams()), { missing: ['id'] });
});

test('a channel is as the server spells it', () => {
  const request = { path: '/orders/7', query: 'b=1' };
  assert.equal(channelOf(query(), request, 'live', ''), 'live:/orders/7?b=1');
  assert.equal(channelOf(query({ everybody: false }), { path: '/orders/7', query: '' }, 'live', '42'), 'live:/orders/7#42');
  assert.equal(channelOf(query({ live: false }), request, 'live', '42'), '');
  assert.equal(channelOf(query(), request, '', '42'), '', 'no live queries here');
  assert.equal(channelOf(query({ everybody: false }), request, 'live', ''), '', 'nobody has no channel of their own');
  assert.equal(channelOf(query({ everybody: false }), request, 'live', '4,2'), '');
});

test('parameters of one name are one, and needed if any query needs it', () => {
  const other = query({ parameters: [{ name: 'b', in: 'query', required: true, kind: 'text', schema: {} }] });
  const all = parametersOf({ folder: '', queries: [query(), other] });
  assert.deepEqual(all.map(({ name }) => name), ['id', 'status', 'b']);
  assert.equal(all[2].required, true);
});

test('titles are words', () => {
  assert.equal(titleOf(''), 'Dashboard');
  assert.equal(titleOf('sales/by_region'), 'Sales / By region');
});

test('a bare value has the name of its column', () => {
  assert.deepEqual(rowsOf(query({ rows: 'value', columns: [{ name: 'n' }] }), [5]), [{ n: 5 }]);
  assert.deepEqual(rowsOf(query(), [{ a: 1 }, null, 3]), [{ a: 1 }]);
});
