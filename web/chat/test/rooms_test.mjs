import assert from 'node:assert/strict';
import test from 'node:test';
import { withPersonalEvent } from '../src/model/rooms.ts';

const before = (more = {}) => new Map([['r', { id: 'r', last_seq: 10, root_count: 10, last_message: null, ...more, membership: { read_seq: 10, unread: 0, mentions: 0, ...more.membership } }]]);
const activity = (last_seq, root_count, user_id = 'bob', mention = false) =>
  ({ type: 'room.activity', room_id: 'r', version: 0, ts: 0, data: { room_id: 'r', last_seq, root_count, mention, last_message: { seq: last_seq, user_id, text: '', created_at: 0 } } });
const unread = (read_seq, count, root_count) =>
  ({ type: 'unread.updated', room_id: 'r', version: 0, ts: 0, data: { room_id: 'r', read_seq, unread: count, mentions: 0, root_count } });
const after = (rooms, ...events) => events.reduce((all, event) => withPersonalEvent(all, event, 'ada'), rooms).get('r');

test('an activity that comes behind the marker counts neither what one has read nor one\'s own', () => {
  // Elsewhere one sent 11 and 12; Bob answered with 13. One activity tells of all of them.
  assert.equal(after(before(), unread(12, 0, 12), activity(13, 13)).membership.unread, 1);
  assert.equal(after(before(), unread(13, 0, 13), activity(13, 13)).membership.unread, 0);
  assert.equal(after(before(), unread(11, 2, 13), activity(13, 13)).membership.unread, 2);
});

test('a marker that was counted before the activity that is known leaves what came since', () => {
  assert.equal(after(before(), activity(13, 13), unread(12, 0, 12)).membership.unread, 1);
  assert.equal(after(before(), activity(13, 13), unread(12, 0, 12), activity(14, 14)).membership.unread, 2);
});

test('what this page has shown already is not unread when its activity comes', () => {
  const seen = before({ membership: { read_seq: 12 } });
  const room = after(seen, activity(12, 12, 'bob', true));
  assert.deepEqual([room.membership.unread, room.membership.mentions, room.root_count], [0, 0, 12]);
});

test('each message of others more is unread', () => {
  const room = after(before(), activity(11, 11), activity(13, 13, 'bob', true));
  assert.deepEqual([room.membership.unread, room.membership.mentions], [3, 1]);
  assert.equal(after(before(), activity(11, 11, 'ada')).membership.unread, 0);
});
