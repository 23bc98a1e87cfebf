// The official JavaScript client, which tracks keys, and a server that asks a service about them.
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Server } from '../../lib/server.mjs';
import { everywhere, next, now, unique, within } from './harness.mjs';

const SECRET = 'poll-secret';
const INTERVAL_MS = 200;

/** As the documentation of shared polls shows it. */
function signatureOf(user, channel, keys, ttl = 600) {
  const [iat, exp] = [now(), now() + ttl];
  const keysHash = createHash('sha256').update(keys.join('\0')).digest('hex');
  const mac = createHmac('sha256', SECRET).update([iat, exp, user, channel, keysHash].join('\0')).digest('hex');
  return `${iat}:${exp}:${mac}`;
}

/** The operator's service: what each key is, what it was asked, and whether it answers. */
class Backend {
  items = new Map();
  asked = [];

  async start() {
    this.http = createServer(async (request, response) => {
      let text = '';
      for await (const piece of request) text += piece;
      const { channel, items } = JSON.parse(text);
      this.asked.push({ channel, items });
      const known = items.filter(({ key }) => this.items.has(key)).map(({ key }) => ({ key, ...this.items.get(key) }));
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ result: { items: known } }));
    });
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    return this;
  }
  url() {
    return `http://127.0.0.1:${this.http.address().port}/`;
  }
  stop() {
    this.http.closeAllConnections();
    this.http.close();
  }
}

function serve(backend) {
  const namespaces = { poll: 'versionless', versioned: 'versioned' };
  return Server.start(process.env.SDK_BINARY, '--http_server.listen=127.0.0.1:0', '--config', process.env.SDK_CONFIG,
    `--shared_poll.hmac_secret_key=${SECRET}`, `--channel.proxy.shared_poll_refresh.endpoint=${backend.url()}`,
    ...Object.entries(namespaces).flatMap(([name, mode]) => [
      `--channel.namespaces.${name}.subscription_type=shared_poll`,
      `--channel.namespaces.${name}.shared_poll.mode=${mode}`,
      `--channel.namespaces.${name}.shared_poll.refresh_interval=${INTERVAL_MS}ms`,
      `--channel.namespaces.${name}.allow_subscribe_for_client=true`,
      `--channel.namespaces.${name}.allowed_delta_types=fossil`,
    ]));
}

/** A case with a server and a backend of its own. */
function polled(name, body) {
  everywhere(`shared poll: ${name}`, async (run) => {
    const backend = await new Backend().start();
    const server = await serve(backend);
    run.http = server.url;
    try {
      await body(run, backend);
    } finally {
      run.close();
      await server.kill();
      backend.stop();
    }
  });
}

/** A subscription, and what it is told of each key. */
async function tracking(run, user, channel, options = {}) {
  const client = await run.connected({ sub: user });
  const getSignature = async ({ keys }) => {
    getSignature.calls++;
    return { signature: signatureOf(user, channel, keys), keys };
  };
  getSignature.calls = 0;
  const subscription = client.newSharedPollSubscription(channel, { getSignature, ...options });
  subscription.on('error', () => {});
  const updates = [];
  subscription.on('update', ({ key, data, removed, version }) =>
    updates.push({ key, version, ...(removed ? { removed } : { value: run.decode(data) }) }));
  const subscribed = next(subscription, 'subscribed');
  subscription.subscribe();
  await subscribed;
  const until = async (wanted) => {
    while (!updates.some(wanted)) await next(subscription, 'update');
    return updates.find(wanted);
  };
  return { client, subscription, updates, until, getSignature };
}

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

polled('two clients see what changes, and the service is asked once for both', async (run, backend) => {
  const channel = unique('poll:');
  backend.items.set('a', { data: { n: 1 } });
  const one = await tracking(run, 'ann', channel);
  const two = await tracking(run, 'bob', channel);
  one.subscription.track(['a', 'b']);
  await one.until(({ value }) => value.n === 1);
  two.subscription.track(['a']);
  await two.until(({ value }) => value.n === 1);

  backend.items.set('a', { data: { n: 2 } });
  backend.items.set('b', { data: { n: 3 } });
  await one.until(({ key, value }) => key === 'a' && value.n === 2);
  await one.until(({ key, value }) => key === 'b' && value.n === 3);
  await two.until(({ value }) => value.n === 2);
  await later(3 * INTERVAL_MS);
  assert.deepEqual(two.updates.map(({ key, value }) => [key, value.n]), [['a', 1], ['a', 2]]);
  assert.deepEqual(one.updates.map(({ value }) => value.n).sort(), [1, 2, 3], 'each change once');
  const together = backend.asked.filter(({ items }) => items.length === 2).length;
  assert.ok(together > 0);
  assert.ok(backend.asked.every(({ items }) => new Set(items.map(({ key }) => key)).size === items.length));
});

polled('of versions of the service the later one counts, and who comes back is not told again', async (run, backend) => {
  const channel = unique('versioned:');
  backend.items.set('a', { data: { n: 1 }, version: 7 });
  const one = await tracking(run, 'ann', channel);
  one.subscription.track(['a']);
  assert.equal((await one.until(() => true)).version, 7);
  backend.items.set('a', { data: { n: 0 }, version: 6 });
  await later(3 * INTERVAL_MS);
  one.client.disconnect();
  await run.reconnect(one.client);
  await later(3 * INTERVAL_MS);
  assert.deepEqual(one.updates.map(({ version }) => version), [7]);
  backend.items.set('a', { data: { n: 2 }, version: 8 });
  await one.until(({ version }) => version === 8);
  assert.equal(one.getSignature.calls, 1, 'the signature is still good');
  assert.ok(backend.asked.some(({ items }) => items[0].version === 7));
});

polled('a key that the service removes, and one that is untracked', async (run, backend) => {
  const channel = unique('versioned:');
  backend.items.set('a', { data: { n: 1 }, version: 1 });
  backend.items.set('b', { data: { n: 1 }, version: 1 });
  const one = await tracking(run, 'ann', channel);
  one.subscription.track(['a', 'b']);
  await one.until(({ key }) => key === 'a');
  await one.until(({ key }) => key === 'b');
  backend.items.set('a', { removed: true });
  await one.until(({ key, removed }) => key === 'a' && removed);
  assert.deepEqual([...one.subscription.trackedKeys()], ['b']);
  one.subscription.untrack(['b']);
  await later(1500); // channel_shutdown_delay
  const count = backend.asked.length;
  await later(3 * INTERVAL_MS);
  assert.equal(backend.asked.length, count, 'nobody tracks anything');
});

polled('changes as deltas', async (run, backend) => {
  const channel = unique('versioned:');
  const text = 'x'.repeat(500);
  backend.items.set('a', { data: { n: 1, text }, version: 1 });
  const one = await tracking(run, 'ann', channel, { delta: 'fossil' });
  one.subscription.track(['a']);
  await one.until(({ version }) => version === 1);
  for (const n of [2, 3]) {
    backend.items.set('a', { data: { n, text }, version: n });
    const { value } = await one.until(({ version }) => version === n);
    assert.deepEqual(value, { n, text });
  }
  const late = await tracking(run, 'bob', channel, { delta: 'fossil' });
  late.subscription.track(['a']);
  assert.deepEqual((await late.until(() => true)).value, { n: 3, text });
  backend.items.set('a', { data: { n: 4, text }, version: 4 });
  assert.deepEqual((await late.until(({ version }) => version === 4)).value, { n: 4, text });
});

polled('a signature of other keys opens nothing', async (run, backend) => {
  const channel = unique('versioned:');
  backend.items.set('a', { data: { n: 1 }, version: 1 });
  const one = await tracking(run, 'ann', channel, { getSignature: undefined });
  const refused = within(
    new Promise((resolve) => one.subscription.on('error', ({ error }) => resolve(error))),
    'refusal',
  );
  one.subscription.track([{ key: 'a', version: 0 }], signatureOf('ann', channel, ['b']));
  assert.equal((await refused).code, 103);
  await later(2 * INTERVAL_MS);
  // The client itself tells of the key as removed, when it is refused.
  assert.deepEqual([one.updates.filter(({ removed }) => !removed), backend.asked], [[], []]);
});

polled('a signature that expires is asked for anew', async (run, backend) => {
  const channel = unique('versioned:');
  backend.items.set('a', { data: { n: 1 }, version: 1 });
  const getSignature = async ({ keys }) => {
    getSignature.calls++;
    return { signature: signatureOf('ann', channel, keys, 1), keys };
  };
  getSignature.calls = 0;
  const one = await tracking(run, 'ann', channel, { getSignature });
  one.subscription.track(['a']);
  await one.until(() => true);
  while (getSignature.calls < 3) await later(100);
  backend.items.set('a', { data: { n: 2 }, version: 2 });
  await one.until(({ version }) => version === 2);
});
