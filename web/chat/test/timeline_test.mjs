import assert from 'node:assert/strict';
import test from 'node:test';
import { nameOf, timeline, unseenAfter } from '../src/model/timeline.ts';
import { plainOf } from '../src/model/plain.ts';
import { badgeOf, sections, titleOf, totals, withPersonalEvent, withRoomEvent } from '../src/model/rooms.ts';

const noon = new Date(2026, 10, 28, 12, 0, 0).getTime();
const message = (seq, user, minutes, more = {}) => ({
  id: `m${seq}`, seq, user_id: user, type: 'text', text: 'x', thread_id: null, reply_count: 0, deleted_at: null, created_at: noon + minutes * 60_000, ...more,
});
const shape = (rows) => rows.map((row) => (row.kind === 'message' ? `${row.message.seq}${row.head ? '*' : ''}` : row.kind));

const hook = { metadata: { hook: { username: 'Build' } } };

test('messages of one author close together stand under one name', () => {
  const rows = timeline([message(1, 'ada', 0), message(2, 'ada', 1), message(3, 'bob', 2), message(4, 'ada', 3), message(5, 'ada', 30)], undefined, 'me');
  assert.deepEqual(shape(rows), ['day', '1*', '2', '3*', '4*', '5*']);
});

test('days, system messages and names of hooks part them', () => {
  const day = 24 * 60;
  const rows = timeline([
    message(1, 'ada', 0), message(2, 'ada', day), message(3, 'ada', day + 1, { type: 'system' }), message(4, 'ada', day + 2),
    message(5, 'hook-1', day + 3, hook), message(6, 'hook-1', day + 3, hook), message(7, 'hook-1', day + 3),
  ], undefined, 'me');
  assert.deepEqual(shape(rows), ['day', '1*', 'day', '2*', '3*', '4*', '5*', '6', '7*']);
});

test('nobody but a hook has the name that metadata says', () => {
  assert.equal(nameOf(message(1, 'hook-1', 0, hook)), 'Build');
  assert.equal(nameOf(message(1, 'mallory', 0, hook)), undefined);
});

test('the line stands once, above the first message of another that is not read', () => {
  const list = [message(1, 'ada', 0), message(2, 'me', 1), message(3, 'me', 2), message(4, 'ada', 3), message(5, 'ada', 4)];
  assert.deepEqual(shape(timeline(list, 1, 'me')), ['day', '1*', '2*', '3', 'unread', '4*', '5']);
  assert.deepEqual(shape(timeline(list, 0, 'me')), ['day', 'unread', '1*', '2*', '3', '4*', '5']);
  assert.deepEqual(shape(timeline(list, 5, 'me')), ['day', '1*', '2*', '3', '4*', '5']);
});

test('deleted messages stay only with replies below them', () => {
  const list = [message(1, 'ada', 0), message(2, 'ada', 1, { deleted_at: 1 }), message(3, 'ada', 2, { deleted_at: 1, reply_count: 1 })];
  assert.deepEqual(shape(timeline(list, undefined, 'me')), ['day', '1*', '3']);
});

test('only what others have written since counts as new', () => {
  const list = [message(1, 'ada', 0), message(2, 'me', 1), message(3, 'ada', 2, { type: 'system' }), message(4, 'ada', 3), message(5, 'bob', 4, { deleted_at: 1 })];
  assert.equal(unseenAfter(list, 0, 'me'), 2);
  assert.equal(unseenAfter(list, 1, 'me'), 1);
  assert.equal(unseenAfter(list, 5, 'me'), 0);
});

test('markdown becomes a line of text', () => {
  assert.equal(plainOf('# Head\n\n> **bold** and _slanted_ `code`\n- [a link](https://x.y) ![i](z)'), 'Head bold and slanted code a link i');
  assert.equal(plainOf('```js\nlet a = 1;\n```'), 'let a = 1;');
  assert.equal(plainOf('snake_case_name stays'), 'snake_case_name stays');
  assert.equal(plainOf('x'.repeat(300)).length, 160);
});

const membership = (more = {}) => ({ role: 'member', read_seq: 5, unread: 0, mentions: 0, notify: 'mentions', starred: false, draft: '', joined_at: 0, muted_until: null, ...more });
const room = (id, more = {}) => ({
  id, type: 'channel', name: id, created_at: 0, archived_at: null, last_seq: 5, root_count: 4, member_count: 3, last_message: null, membership: membership(), ...more,
});
const roomsOf = (...list) => new Map(list.map((each) => [each.id, each]));
const activity = (id, data) => ({ type: 'room.activity', room_id: id, ts: 0, data });

test('activity counts what is unread, whether one event or many were folded into it', () => {
  let rooms = roomsOf(room('a'));
  rooms = withPersonalEvent(rooms, activity('a', { last_seq: 6, root_count: 5, last_message: { seq: 6, user_id: 'ada' }, mention: false }), 'me');
  rooms = withPersonalEvent(rooms, activity('a', { last_seq: 12, root_count: 9, last_message: { seq: 12, user_id: 'ada' }, mention: true }), 'me');
  assert.deepEqual([rooms.get('a').membership.unread, rooms.get('a').membership.mentions], [5, 1]);
  const again = withPersonalEvent(rooms, activity('a', { last_seq: 6, root_count: 5, last_message: { seq: 6, user_id: 'ada' }, mention: true }), 'me');
  assert.deepEqual(again.get('a').membership, rooms.get('a').membership, 'an old one changes nothing');
  rooms = withPersonalEvent(rooms, activity('a', { last_seq: 13, root_count: 10, last_message: { seq: 13, user_id: 'me' }, mention: true }), 'me');
  assert.deepEqual([rooms.get('a').membership.unread, rooms.get('a').membership.mentions], [5, 1], 'own ones are not unread');
  rooms = withPersonalEvent(rooms, { type: 'unread.updated', room_id: 'a', data: { room_id: 'a', read_seq: 13, unread: 0, mentions: 0, root_count: 10 } }, 'me');
  assert.equal(rooms.get('a').membership.unread, 0);
});

test('rooms come, change and go', () => {
  let rooms = roomsOf(room('a'));
  rooms = withPersonalEvent(rooms, { type: 'member.added', room_id: 'b', data: { room: room('b') } }, 'me');
  rooms = withRoomEvent(rooms, { type: 'room.updated', room_id: 'b', data: { room: { ...room('b', { topic: 'new' }), membership: undefined } } });
  assert.deepEqual([rooms.get('b').topic, rooms.get('b').membership.read_seq], ['new', 5]);
  rooms = withPersonalEvent(rooms, { type: 'membership.updated', room_id: 'b', data: { room_id: 'b', membership: membership({ starred: true }) } }, 'me');
  assert.equal(rooms.get('b').membership.starred, true);
  rooms = withPersonalEvent(rooms, { type: 'member.removed', room_id: 'a', data: { room_id: 'a' } }, 'me');
  assert.deepEqual([...rooms.keys()], ['b']);
});

test('sections, titles and badges', () => {
  const users = new Map([['ada', { id: 'ada', name: 'Ada' }], ['bob', { id: 'bob', name: 'Bob' }], ['me', { id: 'me', name: 'Me' }]]);
  const rooms = roomsOf(
    room('zoo'), room('alpha', { membership: membership({ starred: true }) }), room('room 10'), room('room 2'), room('gone', { archived_at: 1 }), room('seen', { membership: null }),
    room('d1', { type: 'direct', user_ids: ['ada', 'me'], last_message: { created_at: 5 } }), room('d2', { type: 'group', user_ids: ['ada', 'bob', 'me'], last_message: { created_at: 9 } }),
  );
  const { starred, channels, direct } = sections(rooms, users, 'me');
  assert.deepEqual([starred, channels, direct].map((list) => list.map(({ id }) => id)), [['alpha'], ['room 2', 'room 10', 'zoo'], ['d2', 'd1']]);
  assert.equal(titleOf(rooms.get('d2'), users, 'me'), 'Ada, Bob');
  assert.deepEqual(badgeOf(room('x', { membership: membership({ unread: 3, mentions: 1 }) })), { bold: true, count: 1 });
  assert.deepEqual(badgeOf(room('x', { type: 'direct', membership: membership({ unread: 3 }) })), { bold: true, count: 3 });
  assert.deepEqual(badgeOf(room('x', { membership: membership({ unread: 3, notify: 'none' }) })), { bold: false, count: 0 });
  assert.deepEqual(totals(roomsOf(room('x', { membership: membership({ unread: 2, mentions: 2 }) }), room('y'))), { count: 2, unread: true });
});
