// Deltas as the official JavaScript client applies them, unmodified; it checks the size and the checksum of each.
import assert from 'node:assert/strict';
import { api, apiBatch, both, everywhere, next, range, unique, within } from './harness.mjs';

/** About 2 KiB of which a little changes from one `n` to the next, in letters of several bytes too. */
const documentOf = (n) => ({
  n,
  text: 'żółć 語 😀 '.repeat(40),
  rows: range(1, 30).map((row) => ({ row, value: row === (n % 30) + 1 ? `${n} – zmiana` : 'bez zmian' })),
});

const publish = (channel, numbers, more = {}) =>
  apiBatch(numbers.map((n) => ({ publish: { channel, data: documentOf(n), ...more } })));

class Documents {
  all = [];
  #waiting = [];

  constructor(run, subscription) {
    subscription.on('publication', ({ data }) => {
      this.all.push(run.decode(data));
      this.#waiting = this.#waiting.filter(({ count, resolve }) => this.all.length < count || resolve());
    });
  }

  async are(numbers) {
    if (this.all.length < numbers.length) {
      await within(
        new Promise((resolve) => this.#waiting.push({ count: numbers.length, resolve })),
        `${numbers.length} documents, not ${this.all.length}`,
      );
    }
    assert.deepEqual(this.all, numbers.map(documentOf));
  }
}

async function follow(run, channel, client) {
  const subscription = run.subscription(client ?? (await run.connected()), channel, { delta: 'fossil' });
  const documents = new Documents(run, subscription);
  const subscribed = next(subscription, 'subscribed');
  subscription.subscribe();
  await subscribed;
  return { subscription, documents, stats: () => subscription.deltaStats() };
}

everywhere('a stream is sent as deltas after its first publication', async (run) => {
  const channel = unique('delta:');
  const { documents, stats } = await follow(run, channel);
  for (const n of range(1, 12)) await publish(channel, [n]);
  await documents.are(range(1, 12));
  const { numFullPayloads, numDeltaPayloads, compressionRatio } = stats();
  assert.ok(numFullPayloads >= 1 && numFullPayloads <= 2, `${numFullPayloads} whole`);
  assert.equal(numFullPayloads + numDeltaPayloads, 12);
  assert.ok(compressionRatio > 0.7, `${compressionRatio}`);
});

both('subscribers that come at different times have the same', async (run) => {
  const channel = unique('delta:');
  const first = await follow(run, channel);
  await publish(channel, [1, 2, 3]);
  const second = await follow(run, channel);
  await publish(channel, [4]);
  const third = await follow(run, channel);
  await publish(channel, range(5, 30));
  await first.documents.are(range(1, 30));
  await second.documents.are(range(4, 30));
  await third.documents.are(range(5, 30));
});

both('what was missed comes as deltas, and the next ones too', async (run) => {
  const channel = unique('delta:');
  const client = await run.connected();
  const { subscription, documents, stats } = await follow(run, channel, client);
  await publish(channel, [1, 2]);
  await documents.are([1, 2]);
  client.disconnect();
  await publish(channel, range(3, 10));
  const before = stats();
  const subscribed = next(subscription, 'subscribed');
  await run.reconnect(client);
  const { recovered } = await subscribed;
  assert.equal(recovered, true);
  await publish(channel, [11, 12]);
  await documents.are(range(1, 12));
  const after = stats();
  assert.equal(after.numFullPayloads - before.numFullPayloads, 1);
  assert.equal(after.numDeltaPayloads - before.numDeltaPayloads, 9);
});

both('after a gap that is not recovered the next one is whole', async (run) => {
  const channel = unique('delta:');
  const client = await run.connected();
  const { subscription, documents } = await follow(run, channel, client);
  await publish(channel, [1, 2]);
  await documents.are([1, 2]);
  client.disconnect();
  await publish(channel, range(3, 200)); // More than the namespace keeps.
  const subscribed = next(subscription, 'subscribed');
  await run.reconnect(client);
  assert.equal((await subscribed).recovered, false);
  await publish(channel, [201, 202]);
  await documents.are([1, 2, 201, 202]);
});

both('in cache mode the latest comes whole, and deltas after it', async (run) => {
  const channel = unique('delta-cache:');
  await publish(channel, [1, 2]);
  const { documents, stats } = await follow(run, channel);
  await publish(channel, [3, 4]);
  await documents.are([2, 3, 4]);
  assert.equal(stats().numFullPayloads, 1);
});

both('a publish decides where the namespace does not', async (run) => {
  const channel = unique('delta-asked:');
  const { documents, stats } = await follow(run, channel);
  await publish(channel, [1, 2]);
  await documents.are([1, 2]);
  assert.equal(stats().numDeltaPayloads, 0);
  await publish(channel, [3, 4], { delta: true });
  await documents.are([1, 2, 3, 4]);
  assert.equal(stats().numDeltaPayloads, 2);
});

both('nobody is given deltas where they are not allowed', async (run) => {
  const channel = unique('open:');
  const { documents, stats } = await follow(run, channel);
  await publish(channel, [1, 2], { delta: true });
  await documents.are([1, 2]);
  assert.equal(stats().numPublications, 0);
});

everywhere('each key of a map is sent as deltas of its own', async (run) => {
  const channel = unique('delta-map:');
  const put = (key, n) => api('map_publish', { channel, key, data: documentOf(n) });
  await put('a', 1);
  await put('b', 2);
  const map = (await run.connected()).newMapSubscription(channel, { delta: 'fossil' });
  map.on('error', () => {});
  const state = new Map();
  let wake = () => {};
  map.on('sync', ({ entries }) => {
    for (const { key, data } of entries) state.set(key, run.decode(data));
  });
  map.on('update', ({ key, data, removed }) => {
    if (removed) state.delete(key);
    else state.set(key, run.decode(data));
    wake();
  });
  const holds = (wanted) => {
    const there = () => JSON.stringify([...state].sort()) === JSON.stringify(Object.entries(wanted).sort());
    if (there()) return Promise.resolve();
    return within(
      new Promise((resolve) => {
        wake = () => there() && resolve();
      }),
      Object.keys(wanted).join(),
    );
  };
  const subscribed = next(map, 'subscribed');
  map.subscribe();
  await subscribed;
  for (const n of [3, 5, 7]) {
    await put('a', n);
    await put('b', n + 1);
  }
  await holds({ a: documentOf(7), b: documentOf(8) });
  const { numDeltaPayloads } = map.deltaStats();
  assert.ok(numDeltaPayloads >= 4, `${numDeltaPayloads} deltas`);
  await api('map_remove', { channel, key: 'a' });
  await put('a', 9);
  await put('a', 10);
  await holds({ a: documentOf(10), b: documentOf(8) });
});

both('a map that was away goes on with what it has', async (run) => {
  const channel = unique('delta-map:');
  const put = (key, n) => api('map_publish', { channel, key, data: documentOf(n) });
  const client = await run.connected();
  const map = client.newMapSubscription(channel, { delta: 'fossil' });
  map.on('error', () => {});
  const seen = [];
  map.on('update', ({ key, data }) => seen.push([key, run.decode(data)]));
  map.on('sync', ({ entries }) => seen.push(...entries.map(({ key, data }) => [key, run.decode(data)])));
  const first = next(map, 'subscribed');
  map.subscribe();
  await first;
  await put('a', 1);
  await put('b', 2);
  client.disconnect();
  await put('a', 3);
  await put('a', 4);
  const again = next(map, 'subscribed');
  await run.reconnect(client);
  await again;
  const last = next(map, 'update', ({ key, data }) => key === 'b' && run.decode(data).n === 5);
  await put('b', 5);
  await last;
  const latest = new Map(seen);
  assert.deepEqual([latest.get('a'), latest.get('b')], [documentOf(4), documentOf(5)]);
});
