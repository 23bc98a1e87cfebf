// Map subscriptions of the official JavaScript client, unmodified; every case over each transport and in each encoding.
import assert from 'node:assert/strict';
import { api, apiBatch, everywhere, next, range, unique, within } from './harness.mjs';

/** A map as its subscriber sees it: applies each sync and update, and waits until it holds what is wanted. */
class Mirror {
  state = new Map();
  #waiting = [];

  constructor(run, subscription) {
    subscription.on('sync', ({ entries }) => {
      this.state = new Map(entries.map(({ key, data }) => [key, run.decode(data)]));
      this.#wake();
    });
    subscription.on('update', ({ key, data, removed }) => {
      if (removed) this.state.delete(key);
      else this.state.set(key, data === undefined || data.length === 0 ? null : run.decode(data));
      this.#wake();
    });
  }

  until(wanted, what) {
    if (wanted(this.state)) return Promise.resolve();
    const reached = new Promise((resolve) => this.#waiting.push({ wanted, resolve }));
    return within(reached, what);
  }

  holds(wanted) {
    const text = JSON.stringify(Object.entries(wanted).sort());
    return this.until((state) => JSON.stringify([...state].sort()) === text, text);
  }

  #wake() {
    this.#waiting = this.#waiting.filter(({ wanted, resolve }) => !wanted(this.state) || resolve());
  }
}

const put = (channel, key, data) => api('map_publish', { channel, key, data });

function subscription(run, client, channel, options = {}, make = 'newMapSubscription') {
  const delays = { minResubscribeDelay: 10, maxResubscribeDelay: 50 };
  const made = client[make](channel, { ...delays, ...options });
  made.on('error', () => {});
  return made;
}

async function follow(run, client, channel, options, make) {
  const made = subscription(run, client, channel, options, make);
  const mirror = new Mirror(run, made);
  const subscribed = next(made, 'subscribed');
  made.subscribe();
  mirror.context = await subscribed;
  return Object.assign(mirror, { subscription: made });
}

everywhere('a map is read and followed', async (run) => {
  const channel = unique('scores:');
  await put(channel, 'a', 1);
  const map = await follow(run, await run.connected(), channel);
  await map.holds({ a: 1 });
  await put(channel, 'b', { n: 2 });
  await put(channel, 'a', 3);
  await map.holds({ a: 3, b: { n: 2 } });
  await api('map_remove', { channel, key: 'a' });
  await map.holds({ b: { n: 2 } });
});

everywhere('a large map is read in pages while it changes', async (run) => {
  const channel = unique('scores:');
  const keys = range(1000, 1349).map((n) => `k${n}`);
  await apiBatch(keys.map((key) => ({ map_publish: { channel, key, data: 0 } })));
  const map = subscription(run, await run.connected(), channel, { pageSize: 50 });
  const mirror = new Mirror(run, map);
  map.subscribe();
  for (const key of ['k1000', 'k1200', 'k1349', 'new']) await put(channel, key, 1);
  await api('map_remove', { channel, key: 'k1100' });
  const wanted = Object.fromEntries(keys.map((key) => [key, 0]));
  delete wanted.k1100;
  await mirror.holds({ ...wanted, k1000: 1, k1200: 1, k1349: 1, new: 1 });
});

everywhere('what changed while a client was away comes when it is back', async (run) => {
  const channel = unique('scores:');
  await put(channel, 'a', 1);
  await put(channel, 'b', 1);
  const client = await run.connected();
  const map = await follow(run, client, channel);
  client.disconnect();
  await put(channel, 'b', 2);
  await api('map_remove', { channel, key: 'a' });
  const subscribed = next(map.subscription, 'subscribed');
  await run.reconnect(client);
  assert.equal((await subscribed).recovered, true);
  await map.holds({ b: 2 });
});

everywhere('a client that missed too much, or a map that was cleared, is read anew', async (run) => {
  const channel = unique('scores:');
  await put(channel, 'a', 1);
  const client = await run.connected();
  const map = await follow(run, client, channel);
  client.disconnect();
  await apiBatch(range(1, 30).map((n) => ({ map_publish: { channel, key: `k${n % 3}`, data: n } })));
  await run.reconnect(client);
  await map.holds({ a: 1, k0: 30, k1: 28, k2: 29 });
  await api('map_clear', { channel });
  await put(channel, 'z', 1);
  await map.holds({ z: 1 });
});

everywhere('clients publish and remove keys', async (run) => {
  const channel = unique('scores:');
  const map = await follow(run, await run.connected(), channel);
  await map.subscription.publish('mine', run.encode({ n: 1 }));
  await map.holds({ mine: { n: 1 } });
  await map.subscription.remove('mine');
  await map.holds({});
});

everywhere('keys expire', async (run) => {
  const channel = unique('brief-map:');
  const map = await follow(run, await run.connected(), channel);
  await put(channel, 'a', 1);
  await map.holds({ a: 1 });
  await map.holds({});
  assert.equal((await api('map_stats', { channel })).num_keys, 0);
});

everywhere('an ephemeral map has state and updates; a client that leaves takes its key with it', async (run) => {
  const channel = unique('cursors:');
  const watcher = await follow(run, await run.connected(), channel);
  const client = await run.connected();
  const map = await follow(run, client, channel);
  await map.subscription.publish('whatever', run.encode([1, 2]));
  await watcher.holds({ [client.id]: [1, 2] });
  client.disconnect();
  await watcher.holds({});
});

everywhere('who is in a channel is a map of clients and one of users', async (run) => {
  const room = unique('lobby:');
  const watcher = await run.connected();
  const clients = await follow(run, watcher, `clients:${room}`, {}, 'newMapClientsSubscription');
  const users = await follow(run, watcher, `users:${room}`, {}, 'newMapUsersSubscription');
  const client = await run.connected({ sub: 'ann' });
  const update = next(clients.subscription, 'update');
  await run.subscribed(client, room);
  assert.equal((await update).info.user, 'ann');
  await clients.until((state) => state.has(client.id), 'the client');
  await users.until((state) => state.has('ann'), 'the user');
  client.disconnect();
  await clients.until((state) => state.size === 0, 'no client');
  await users.until((state) => state.size === 0, 'no user');
});

everywhere('a map is not subscribed to as a stream, nor the reverse', async (run) => {
  const client = await run.connected();
  assert.equal(await run.refusal(client, unique('scores:')), 103);
  const map = subscription(run, client, unique('plain:'));
  const unsubscribed = next(map, 'unsubscribed');
  map.subscribe();
  assert.equal((await unsubscribed).code, 103);
});
