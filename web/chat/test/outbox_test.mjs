import assert from 'node:assert/strict';
import test from 'node:test';
import { Outbox } from '../src/model/outbox.ts';

class Shelf {
  map = new Map();
  keys = () => [...this.map.keys()];
  get = (key) => this.map.get(key) ?? null;
  set = (key, value) => void this.map.set(key, value);
  remove = (key) => void this.map.delete(key);
}

function world(shelf = new Shelf()) {
  const state = { shelf, calls: [], entries: [], sent: [], waits: [], answer: () => ({ kind: 'sent', message: {} }) };
  let id = 0;
  state.outbox = new Outbox({
    prefix: 'out:',
    shelf,
    send: async (entry) => {
      state.calls.push(`${entry.client_msg_id} ${entry.text}`);
      return state.answer(entry);
    },
    sent: (entry) => state.sent.push(entry.client_msg_id),
    changed: (entries) => (state.entries = entries),
    later: (ms, run) => state.waits.push({ ms, run }),
    newId: () => `id${++id}`,
    now: () => 1000,
  });
  return state;
}
const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
const draft = (text, room_id = 'r') => ({ room_id, thread_id: null, text });

test('messages of a room leave one after another, in order', async () => {
  const state = world();
  let release;
  state.answer = () => new Promise((resolve) => (release = () => resolve({ kind: 'sent', message: {} })));
  state.outbox.add(draft('one'));
  state.outbox.add(draft('two'));
  await settled();
  assert.deepEqual(state.calls, ['id1 one']);
  release();
  await settled();
  assert.deepEqual(state.calls, ['id1 one', 'id2 two']);
  release();
  await settled();
  assert.deepEqual([state.sent, state.entries, state.shelf.keys()], [['id1', 'id2'], [], []]);
});

test('while the server is away they wait, and go again with the same id', async () => {
  const state = world();
  state.answer = () => ({ kind: 'later', afterMs: 3000 });
  state.outbox.add(draft('one'));
  state.outbox.add(draft('two'));
  await settled();
  assert.deepEqual([state.calls, state.waits.map(({ ms }) => ms)], [['id1 one'], [3000]]);
  assert.deepEqual(state.entries.map((entry) => entry.state), ['waiting', 'waiting']);
  state.answer = () => ({ kind: 'sent', message: {} });
  state.waits[0].run();
  await settled();
  assert.deepEqual(state.calls, ['id1 one', 'id1 one', 'id2 two']);
});

test('another room does not wait for one that stands still', async () => {
  const state = world();
  state.answer = ({ room_id }) => (room_id === 'r' ? { kind: 'later', afterMs: 3000 } : { kind: 'sent', message: {} });
  state.outbox.add(draft('one'));
  state.outbox.add(draft('two', 'other'));
  await settled();
  assert.deepEqual(state.sent, ['id2']);
});

test('one that is refused stays to be tried again or discarded, and the next ones go on', async () => {
  const state = world();
  state.answer = ({ text }) => (text === 'bad' ? { kind: 'refused', error: 'too long' } : { kind: 'sent', message: {} });
  state.outbox.add(draft('bad'));
  state.outbox.add(draft('good'));
  await settled();
  assert.deepEqual([state.sent, state.entries.map(({ state: of, error }) => [of, error])], [['id2'], [['failed', 'too long']]]);
  state.answer = () => ({ kind: 'sent', message: {} });
  state.outbox.retry('id1');
  await settled();
  assert.deepEqual([state.sent, state.shelf.keys()], [['id2', 'id1'], []]);
  state.answer = () => ({ kind: 'refused', error: 'no' });
  state.outbox.add(draft('again'));
  await settled();
  state.outbox.discard('id3');
  assert.deepEqual([state.entries, state.shelf.keys()], [[], []]);
});

test('a reload takes up what was under way, and what failed stays so', async () => {
  const before = world();
  before.answer = ({ text }) => (text === 'bad' ? { kind: 'refused', error: 'no' } : { kind: 'later', afterMs: 3000 });
  before.outbox.add(draft('bad'));
  before.outbox.add(draft('one'));
  await settled();
  before.shelf.set('other:x', 'not ours');
  before.shelf.set('out:broken', '{');
  const after = world(before.shelf);
  after.outbox.restore();
  await settled();
  assert.deepEqual(after.calls, ['id2 one']);
  assert.deepEqual(after.entries.map(({ text, state: of }) => [text, of]), [['bad', 'failed']]);
  assert.deepEqual(after.shelf.keys().sort(), ['other:x', 'out:id1']);
});

test('one whose event came first, or that another tab has sent, is gone', async () => {
  const state = world();
  state.answer = () => ({ kind: 'later', afterMs: 3000 });
  state.outbox.add(draft('one'));
  await settled();
  state.outbox.arrived('id1');
  state.outbox.arrived('unknown');
  assert.deepEqual([state.entries, state.shelf.keys()], [[], []]);
  state.waits[0].run();
  await settled();
  assert.equal(state.calls.length, 1);
});

test('after somebody else has signed in nothing more is sent or shown', async () => {
  const state = world();
  state.answer = () => ({ kind: 'later', afterMs: 3000 });
  state.outbox.add(draft('one'));
  await settled();
  const shown = state.entries;
  state.outbox.end();
  state.waits[0].run();
  await settled();
  assert.deepEqual([state.calls.length, state.entries, state.shelf.keys()], [1, shown, ['out:id1']]);
});
