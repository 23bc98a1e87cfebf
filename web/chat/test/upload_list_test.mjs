import assert from 'node:assert/strict';
import test from 'node:test';
import { UploadList } from '../src/model/upload_list.ts';

function world(atOnce = 2) {
  const state = { list: [], sent: [], takenBack: [] };
  state.uploads = new UploadList({
    atOnce,
    send: (file, progress, stop) =>
      new Promise((resolve, reject) => {
        state.sent.push({ file, progress, done: () => resolve({ id: `a-${file.name}`, name: file.name }), fail: reject });
        stop.addEventListener('abort', () => reject(new Error('stopped')));
      }),
    failureOf: (error) => ({ message: error.message, passing: error.message === 'offline' }),
    takeBack: ({ id }) => state.takenBack.push(id),
    changed: (list) => (state.list = list),
  });
  state.states = () => state.list.map(({ file, state: of }) => `${file.name} ${of}`);
  return state;
}

const settle = () => new Promise((done) => setTimeout(done));
const file = (name) => ({ name });

test('so many at once, the others after them', async () => {
  const { uploads, states } = world();
  for (const name of 'abc') uploads.add(file(name));
  assert.deepEqual(states(), ['a sending', 'b sending', 'c waiting']);
});

test('the next one goes when one is done, and progress is told', async () => {
  const state = world(1);
  state.uploads.add(file('a'));
  state.uploads.add(file('b'));
  state.sent[0].progress(0.5);
  assert.equal(state.list[0].part, 0.5);
  state.sent[0].done();
  await settle();
  assert.deepEqual(state.states(), ['a done', 'b sending']);
  assert.equal(state.list[0].done.id, 'a-a');
});

test('what failed says why, and is tried again when one asks', async () => {
  const state = world();
  state.uploads.add(file('a'));
  state.sent[0].fail(new Error('the disk is full'));
  await settle();
  assert.deepEqual([state.states(), state.list[0].error], [['a failed'], 'the disk is full']);
  state.uploads.retryPassing();
  assert.deepEqual(state.states(), ['a failed']);
  state.uploads.retry(state.list[0].id);
  assert.deepEqual([state.states(), state.list[0].error], [['a sending'], undefined]);
  state.sent[1].done();
  await settle();
  assert.deepEqual(state.states(), ['a done']);
});

test('what the network stopped is tried again when it is back', async () => {
  const state = world();
  state.uploads.add(file('a'));
  state.sent[0].fail(new Error('offline'));
  await settle();
  state.uploads.retryPassing();
  assert.deepEqual(state.states(), ['a sending']);
});

test('what is taken away is stopped, or taken back, also when it was just done', async () => {
  const state = world(1);
  for (const name of 'abc') state.uploads.add(file(name));
  state.sent[0].done();
  await settle();
  state.uploads.remove(state.list[0].id);
  assert.deepEqual(state.takenBack, ['a-a']);
  state.uploads.remove(state.list[0].id);
  await settle();
  assert.deepEqual([state.states(), state.takenBack], [['c sending'], ['a-a']]);
  const [, , c] = state.sent;
  c.done();
  state.uploads.remove(state.list[0].id);
  await settle();
  assert.deepEqual([state.states(), state.takenBack], [[], ['a-a', 'a-c']]);
});

test('what is tried again twice is sent once', async () => {
  const state = world();
  state.uploads.add(file('a'));
  state.sent[0].fail(new Error('offline'));
  await settle();
  const [{ id }] = state.list;
  state.uploads.retry(id);
  state.uploads.retry(id);
  assert.equal(state.sent.length, 2);
});

test('what is under way and what waits ends with whoever has added it', async () => {
  const state = world(1);
  for (const name of 'ab') state.uploads.add(file(name));
  state.uploads.stop();
  await settle();
  assert.deepEqual([state.list, state.sent.length, state.takenBack], [[], 1, []]);
  state.uploads.retryPassing();
  assert.equal(state.sent.length, 1);
});
