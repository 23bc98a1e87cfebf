import assert from 'node:assert/strict';
import test from 'node:test';
import { apply, EMPTY_LOG, logOf, withMessage, withNewer, withOlder, withSent } from '../src/model/room_log.ts';
import { applyToReplies, repliesOf } from '../src/model/reply_log.ts';

export const message = (seq, more = {}) => ({
  id: `m${seq}`, room_id: 'r', seq, user_id: 'ada', type: 'text', text: `text ${seq}`, thread_id: null, reply_count: 0, last_reply_at: null,
  reply_user_ids: [], reactions: [], mentions: { user_ids: [], room: false, here: false }, attachments: [], pinned: false, edited_at: null,
  deleted_at: null, created_at: 1_700_000_000_000 + seq * 1000, version: seq, ...more,
});
const page = (messages, more = {}) => ({ messages, users: [], has_more_before: false, has_more_after: false, version: 0, ...more });
const event = (type, version, data) => ({ type, room_id: 'r', version, ts: 0, data });
const seqs = (log) => log.messages.map(({ seq }) => seq);

test('events in order change the log; the next version is the only one that applies', () => {
  let log = logOf(page([message(1), message(2)], { version: 2 }));
  const created = apply(log, event('message.created', 3, { message: message(3) }));
  assert.deepEqual([created.result, seqs(created.log), created.log.version], ['applied', [1, 2, 3], 3]);
  log = created.log;
  assert.equal(apply(log, event('message.created', 3, { message: message(3) })).result, 'old');
  const gap = apply(log, event('message.created', 5, { message: message(5) }));
  assert.deepEqual([gap.result, gap.log], ['gap', log]);
});

test('what was edited, deleted, felt and pinned replaces what was there', () => {
  let log = logOf(page([message(1), message(2)], { version: 2 }));
  const steps = [
    ['message.updated', { message: message(1, { text: 'new', edited_at: 5, version: 3 }) }],
    ['reaction.added', { message_id: 'm2', emoji: '🎉', user_id: 'bob', reactions: [{ emoji: '🎉', count: 1, user_ids: ['bob'] }] }],
    ['pin.added', { message_id: 'm2' }],
    ['thread.updated', { message_id: 'm2', reply_count: 2, last_reply_at: 9, reply_user_ids: ['bob'] }],
    ['message.deleted', { message: message(1, { text: '', deleted_at: 6, version: 7 }) }],
    ['member.added', { member: { user_id: 'eve' } }],
  ];
  steps.forEach(([type, data], index) => {
    const { log: next, result } = apply(log, event(type, 3 + index, data));
    assert.equal(result, 'applied', type);
    log = next;
  });
  assert.equal(log.version, 8);
  assert.deepEqual([log.messages[0].text, log.messages[0].deleted_at], ['', 6]);
  assert.deepEqual([log.messages[1].reactions[0].count, log.messages[1].pinned, log.messages[1].reply_count], [1, true, 2]);
});

test('an event that is older than a page changes nothing that the page knew', () => {
  const log = logOf(page([message(1, { text: 'newest', version: 9, reactions: [] })], { version: 4 }));
  const edited = apply(log, event('message.updated', 5, { message: message(1, { text: 'older', version: 5 }) })).log;
  const felt = apply(edited, event('reaction.added', 6, { message_id: 'm1', reactions: [{ emoji: 'x', count: 1, user_ids: [] }] })).log;
  assert.deepEqual([felt.messages[0].text, felt.messages[0].reactions, felt.version], ['newest', [], 6]);
});

test('a log that does not reach the end takes no new messages, and replies never come into it', () => {
  const log = logOf(page([message(1)], { version: 5, has_more_after: true }));
  assert.deepEqual(seqs(apply(log, event('message.created', 6, { message: message(9) })).log), [1]);
  const end = logOf(page([message(1)], { version: 5 }));
  assert.deepEqual(seqs(apply(end, event('message.created', 6, { message: message(2, { thread_id: 'm1' }) })).log), [1]);
  assert.deepEqual(seqs(withSent(end, message(2, { thread_id: 'm1' }))), [1]);
});

test('the answer to a send and its event make one message, whichever comes first', () => {
  const log = logOf(page([message(1)], { version: 1 }));
  const own = message(2, { client_msg_id: 'c', version: 2 });
  const answerFirst = apply(withSent(log, own), event('message.created', 2, { message: own })).log;
  const eventFirst = withSent(apply(log, event('message.created', 2, { message: own })).log, own);
  assert.deepEqual([seqs(answerFirst), seqs(eventFirst), answerFirst.version], [[1, 2], [1, 2], 2]);
});

test('pages join without holes or duplicates, and the far end leaves a long walk', () => {
  const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
  let log = logOf(page(range(951, 1000), { version: 1000, has_more_before: true }));
  for (let first = 950; first > 1; first -= 50) log = withOlder(log, page(range(first - 49, first), { has_more_before: first > 50 }));
  assert.equal(log.messages.length, 300);
  assert.deepEqual([log.messages[0].seq, log.messages.at(-1).seq, log.moreAfter, log.moreBefore], [1, 300, true, false]);
  log = withNewer(log, page(range(300, 350), { has_more_after: true }));
  assert.deepEqual([log.messages[0].seq, log.messages.at(-1).seq, log.moreBefore], [51, 350, true]);
  assert.deepEqual(new Set(seqs(log)).size, log.messages.length);
});

test('any order of the same messages gives the same log', () => {
  const all = [3, 1, 4, 2, 5, 3].map((seq) => message(seq));
  assert.deepEqual(all.reduce(withMessage, []).map(({ seq }) => seq), [1, 2, 3, 4, 5]);
  assert.deepEqual(EMPTY_LOG.messages, []);
});

test('a thread follows the events of its room, and only its own', () => {
  let log = repliesOf(message(1), page([message(2, { thread_id: 'm1' })]));
  log = applyToReplies(log, event('message.created', 3, { message: message(3, { thread_id: 'm1' }) }));
  log = applyToReplies(log, event('message.created', 4, { message: message(4, { thread_id: 'other' }) }));
  log = applyToReplies(log, event('message.updated', 5, { message: message(4, { version: 5 }) }));
  log = applyToReplies(log, event('message.updated', 6, { message: message(2, { thread_id: 'm1', text: 'new', version: 6 }) }));
  log = applyToReplies(log, event('reaction.added', 7, { message_id: 'm1', reactions: [{ emoji: '👍', count: 1, user_ids: ['bob'] }] }));
  assert.deepEqual(log.replies.map(({ seq, text }) => [seq, text]), [[2, 'new'], [3, 'text 3']]);
  assert.equal(log.root.reactions.length, 1);
});
