// The official JavaScript client, unmodified, against a running server; every case over each transport, in JSON and
// in Protobuf, but for what only a WebSocket shows.
//
// The server is at TIDEMILL_HTTP and has the configuration tests/sdk/tidemill.toml: tests/sdk/run.sh starts it.
import assert from 'node:assert/strict';
import WebSocket from 'ws';
import {
  api,
  apiBatch,
  both,
  deferred,
  errorOf,
  everywhere,
  issuer,
  next,
  now,
  numbersOf,
  publishByApi,
  range,
  sign,
  unique,
  within,
} from './harness.mjs';

const CHANNEL_LIMIT = 128;

everywhere('a token that is not good is refused for good', async (run) => {
  for (const token of ['garbage', sign({ sub: 'eve', exp: now() + 600 }, 'another secret')]) {
    const client = run.client({ token });
    const disconnected = next(client, 'disconnected');
    client.connect();
    assert.equal((await disconnected).code, 3500, token);
  }
});

everywhere('a client without a token is anonymous, and may do what the anonymous may', async (run) => {
  const client = run.client();
  await run.reconnect(client);
  assert.equal(await run.refusal(client, unique('plain:')), 103);
  const subscription = await run.subscribed(client, unique('open:'));
  const publication = next(subscription, 'publication');
  await subscription.publish(run.encode({ n: 1 }));
  assert.equal((await publication).info.user, '');
});

everywhere('an expired token is replaced by the one of getToken', async (run) => {
  const getToken = issuer({ sub: 'late' });
  await run.connected({ exp: now() - 10 }, { getToken });
  assert.equal(getToken.calls, 1);
});

everywhere('a token is refreshed before it expires, without a reconnect', async (run) => {
  const getToken = issuer({ sub: 'short' });
  const client = await run.connected({ sub: 'short', exp: now() + 2 }, { getToken });
  let reconnects = 0;
  client.on('connecting', () => reconnects++);
  await within(getToken.called, 'getToken');
  const { code } = await errorOf(client.rpc('after refresh', run.encode({})));
  assert.deepEqual([code, reconnects, client.state], [108, 0, 'connected']);
});

both('the connection survives the pings', async (run) => {
  const pings = deferred();
  let count = 0;
  class Observed extends WebSocket {
    constructor(...parameters) {
      super(...parameters);
      this.on('message', (data) => (data.length ?? data.byteLength) <= 2 && ++count === 4 && pings.resolve());
    }
  }
  const client = await run.connected({}, { websocket: Observed });
  let connects = 0;
  client.on('connecting', () => connects++);
  await within(pings.promise, 'fourth ping');
  assert.deepEqual([connects, client.state], [0, 'connected']);
});

both('a client that does not answer a ping is closed with 3012 and connects again', async (run) => {
  class Mute extends WebSocket {
    send(data) {
      if ((data.length ?? data.byteLength) > 2) super.send(data);
    }
  }
  const client = await run.connected({}, { websocket: Mute });
  const reconnected = next(client, 'connected');
  assert.equal((await next(client, 'connecting')).code, 3012);
  await reconnected;
});

everywhere('subscribers receive their own publications and those of others', async (run) => {
  const channel = unique('plain:');
  const [alice, bob] = [await run.connected({ sub: 'alice' }), await run.connected({ sub: 'bob' })];
  const atAlice = await run.subscribed(alice, channel);
  const atBob = await run.subscribed(bob, channel);
  const [inAlice, inBob] = [run.inbox(atAlice), run.inbox(atBob)];
  const seen = next(atBob, 'publication');
  await atAlice.publish(run.encode({ n: 1 }));
  assert.deepEqual((await seen).info.user, 'alice');
  await inAlice.upTo(1);
  await atBob.publish(run.encode({ n: 2 }));
  await Promise.all([inAlice.upTo(2), inBob.upTo(2)]);
  assert.deepEqual([inAlice.numbers, inBob.numbers], [[1, 2], [1, 2]]);
});

everywhere('tags of a publication arrive', async (run) => {
  const channel = unique('plain:');
  const subscription = await run.subscribed(await run.connected(), channel);
  const publication = next(subscription, 'publication');
  await api('publish', { channel, data: { n: 1 }, tags: { kind: 'täg' } });
  assert.deepEqual({ ...(await publication).tags }, { kind: 'täg' });
});

everywhere('1000 publications reach two subscribers in order, none lost', async (run) => {
  const channels = [unique('chat:'), unique('chat:')];
  const clients = [await run.connected(), await run.connected()];
  const inboxes = [];
  for (const client of clients) {
    for (const channel of channels) inboxes.push(run.inbox(await run.subscribed(client, channel)));
  }
  for (let first = 1; first <= 1000; first += 100) {
    const data = range(first, first + 99).map((n) => ({ broadcast: { channels, data: { n } } }));
    await apiBatch(data);
  }
  await Promise.all(inboxes.map((inbox) => inbox.upTo(1000)));
  for (const inbox of inboxes) assert.deepEqual(inbox.numbers, range(1, 1000));
});

both('1000 publications of a client, sent without waiting, arrive in order', async (run) => {
  const channel = unique('chat:');
  const [sender, receiver] = [await run.connected(), await run.connected()];
  const source = await run.subscribed(sender, channel);
  const inbox = run.inbox(await run.subscribed(receiver, channel));
  await within(Promise.all(range(1, 1000).map((n) => source.publish(run.encode({ n })))), 'answers');
  await inbox.upTo(1000);
  assert.deepEqual(inbox.numbers, range(1, 1000));
});

both('just under 64 KiB pass; just over end the connection for good', async (run) => {
  const channel = unique('plain:');
  const client = await run.connected();
  const subscription = await run.subscribed(client, channel);
  const publication = next(subscription, 'publication');
  const large = 'x'.repeat(65_000);
  await subscription.publish(run.encode({ large }));
  assert.equal(run.decode((await publication).data).large, large);
  const disconnected = next(client, 'disconnected');
  const refused = errorOf(subscription.publish(run.encode({ large: 'x'.repeat(65_537) })));
  assert.equal((await disconnected).reason, 'message size limit exceeded');
  await refused;
});

everywhere('history is read with limit, since and reverse', async (run) => {
  const channel = unique('chat:');
  const subscription = await run.subscribed(await run.connected(), channel);
  await publishByApi(channel, range(1, 5));
  const read = async (options) => numbersOf(run, await within(subscription.history(options), 'history'));
  const top = await subscription.history({ limit: 0 });
  assert.deepEqual([Number(top.offset), top.publications.length], [5, 0]);
  const since = (offset) => ({ offset, epoch: top.epoch });
  assert.deepEqual(await read({ limit: 100 }), [1, 2, 3, 4, 5]);
  assert.deepEqual(await read({ limit: 2 }), [1, 2]);
  assert.deepEqual(await read({ limit: 2, since: since(2) }), [3, 4]);
  assert.deepEqual(await read({ limit: 100, since: since(5) }), []);
  assert.deepEqual(await read({ limit: 2, reverse: true }), [5, 4]);
  assert.deepEqual(await read({ limit: 100, since: since(3), reverse: true }), [2, 1]);
  const other = await errorOf(subscription.history({ limit: 1, since: { offset: 1, epoch: 'other' } }));
  assert.equal(other.code, 112);
});

everywhere('what was published while the client was away is recovered, exactly that', async (run) => {
  const channel = unique('chat:');
  const { context, inbox } = await run.away(channel, range(1, 3), range(4, 23));
  assert.deepEqual([context.wasRecovering, context.recovered], [true, true]);
  await publishByApi(channel, [24]);
  await inbox.upTo(24);
  assert.deepEqual(inbox.numbers, range(1, 24));
});

everywhere('a reconnect without anything missed recovers nothing', async (run) => {
  const channel = unique('chat:');
  const { context, inbox } = await run.away(channel, [1], []);
  assert.deepEqual([context.recovered, context.hasRecoveredPublications], [true, false]);
  await publishByApi(channel, [2]);
  await inbox.upTo(2);
  assert.deepEqual(inbox.numbers, [1, 2]);
});

everywhere('more missed than the history holds is not recovered', async (run) => {
  const channel = unique('small:');
  const { context, inbox } = await run.away(channel, [1], range(2, 6));
  assert.deepEqual([context.wasRecovering, context.recovered], [true, false]);
  await publishByApi(channel, [7]);
  await inbox.upTo(2);
  assert.deepEqual(inbox.numbers, [1, 7]);
});

everywhere('a position of another epoch is not recovered', async (run) => {
  const channel = unique('chat:');
  await publishByApi(channel, [1, 2, 3]);
  const client = await run.connected();
  const { context, inbox } = await run.since(client, channel, { offset: 1, epoch: 'other' });
  assert.deepEqual([context.wasRecovering, context.recovered], [true, false]);
  await publishByApi(channel, [4]);
  await inbox.upTo(1);
  assert.deepEqual(inbox.numbers, [4]);
  const { epoch } = context.streamPosition;
  const second = await run.since(await run.connected(), channel, { offset: 1, epoch });
  assert.equal(second.context.recovered, true);
  await second.inbox.upTo(3);
  assert.deepEqual(second.inbox.numbers, [2, 3, 4]);
});

everywhere('position and recovery are given to a subscription that asks, where the channel allows it', async (run) => {
  const client = await run.connected();
  const asked = async (prefix, options) => {
    const { context } = await run.subscribed(client, unique(prefix), options);
    return [context.positioned, context.recoverable];
  };
  assert.deepEqual(await asked('open:', {}), [false, false]);
  assert.deepEqual(await asked('open:', { positioned: true }), [true, false]);
  assert.deepEqual(await asked('open:', { recoverable: true }), [true, true]);
  assert.deepEqual(await asked('plain:', { positioned: true, recoverable: true }), [false, false]);
});

everywhere('cache recovery gives the latest publication only', async (run) => {
  const channel = unique('cache:');
  const { context, inbox } = await run.away(channel, [1], range(2, 6));
  assert.deepEqual([context.wasRecovering, context.recovered], [true, true]);
  await publishByApi(channel, [7]);
  await inbox.upTo(3);
  assert.deepEqual(inbox.numbers, [1, 6, 7]);
});

everywhere('presence and its statistics tell who is there', async (run) => {
  const channel = unique('chat:');
  const clients = [await run.connected({ sub: 'ann', info: { name: 'Ann' } })];
  for (const sub of ['ann', 'ben']) clients.push(await run.connected({ sub }));
  const subscriptions = [];
  for (const client of clients) subscriptions.push(await run.subscribed(client, channel));
  const { clients: present } = await subscriptions[0].presence();
  assert.deepEqual(Object.keys(present).sort(), clients.map(({ id }) => id).sort());
  assert.deepEqual(clients.map(({ id }) => present[id].user), ['ann', 'ann', 'ben']);
  assert.deepEqual(run.decode(present[clients[0].id].connInfo), { name: 'Ann' });
  const { numClients, numUsers } = await subscriptions[0].presenceStats();
  assert.deepEqual({ numClients, numUsers }, { numClients: 3, numUsers: 2 });
});

everywhere('join and leave are seen by the others', async (run) => {
  const channel = unique('chat:');
  const [stays, comes] = [await run.connected(), await run.connected({ sub: 'comes' })];
  const watched = await run.subscribed(stays, channel);
  const isOther = ({ info }) => info.client === comes.id;
  const [join, leave] = [next(watched, 'join', isOther), next(watched, 'leave', isOther)];
  const passing = await run.subscribed(comes, channel);
  assert.equal((await join).info.user, 'comes');
  passing.unsubscribe();
  assert.equal((await leave).info.user, 'comes');
  const again = next(watched, 'join', isOther);
  passing.subscribe();
  await again;
  const gone = next(watched, 'leave', isOther);
  comes.disconnect();
  await gone;
});

everywhere('what is not allowed is refused by name', async (run) => {
  const client = await run.connected();
  assert.equal(await run.refusal(client, unique('nowhere:')), 102);
  const channel = unique('secret:');
  assert.equal(await run.refusal(client, channel), 103);
  const calls = [
    client.publish(channel, run.encode({ n: 1 })),
    client.history(channel, { limit: 1 }),
    client.presence(channel),
    client.presenceStats(channel),
  ];
  const codes = (await Promise.all(calls.map(errorOf))).map(({ code }) => code);
  assert.deepEqual(codes, [103, 108, 108, 108]);
});

everywhere('a channel with "$" needs the token of a subscription', async (run) => {
  const client = await run.connected({ sub: 'owner' });
  const channel = unique('$secret:');
  assert.equal(await run.refusal(client, channel), 103);
  const getToken = issuer({ sub: 'owner', channel });
  const inbox = run.inbox(await run.subscribed(client, channel, { getToken }));
  await publishByApi(channel, [1]);
  await inbox.upTo(1);
  assert.equal(getToken.calls, 1);
});

everywhere('a token of a subscription to another channel, or of another user, is refused for good', async (run) => {
  for (const wrong of [{ channel: '$secret:other' }, { sub: 'other' }]) {
    const client = await run.connected({ sub: 'owner' });
    const channel = unique('$secret:');
    const token = sign({ sub: 'owner', channel, exp: now() + 600, ...wrong });
    const disconnected = next(client, 'disconnected');
    run.subscription(client, channel, { token }).subscribe();
    assert.equal((await disconnected).code, 3500, JSON.stringify(wrong));
  }
});

everywhere('an expired token of a subscription is replaced by the one of getToken', async (run) => {
  const client = await run.connected({ sub: 'owner' });
  const channel = unique('$secret:');
  const getToken = issuer({ sub: 'owner', channel });
  const token = sign({ sub: 'owner', channel, exp: now() - 10 });
  await run.subscribed(client, channel, { token, getToken });
  assert.equal(getToken.calls, 1);
});

everywhere('a token of a subscription is refreshed before it expires, without a resubscribe', async (run) => {
  const client = await run.connected({ sub: 'owner' });
  const channel = unique('$secret:');
  const getToken = issuer({ sub: 'owner', channel });
  const token = sign({ sub: 'owner', channel, exp: now() + 2 });
  const subscription = await run.subscribed(client, channel, { token, getToken });
  let resubscribes = 0;
  subscription.on('subscribing', () => resubscribes++);
  await within(getToken.called, 'getToken');
  const inbox = run.inbox(subscription);
  await errorOf(client.rpc('after refresh', run.encode({})));
  await publishByApi(channel, [1]);
  await inbox.upTo(1);
  assert.deepEqual([resubscribes, subscription.state], [0, 'subscribed']);
});

everywhere('the channels of a token are subscribed by the server, and recovered', async (run) => {
  const channel = unique('chat:');
  const client = run.client({ token: sign({ sub: 'listener', exp: now() + 600, channels: [channel] }) });
  const inbox = run.inbox(client, channel);
  await run.serverSubscribed(client, channel);
  await publishByApi(channel, [1]);
  await inbox.upTo(1);
  client.disconnect();
  await publishByApi(channel, [2, 3]);
  assert.equal((await run.serverSubscribed(client, channel)).recovered, true);
  await publishByApi(channel, [4]);
  await inbox.upTo(4);
  assert.deepEqual(inbox.numbers, [1, 2, 3, 4]);
});

everywhere('a user is subscribed to the personal channel', async (run) => {
  const user = unique('user');
  const client = run.client({ token: sign({ sub: user, exp: now() + 600 }) });
  const channel = `personal:#${user}`;
  const inbox = run.inbox(client, channel);
  await run.serverSubscribed(client, channel);
  await publishByApi(channel, [1]);
  await inbox.upTo(1);
  assert.deepEqual(inbox.numbers, [1]);
});

everywhere('the API subscribes and unsubscribes a user', async (run) => {
  const user = unique('user');
  const channel = unique('chat:');
  const client = await run.connected({ sub: user });
  const isChannel = (context) => context.channel === channel;
  const subscribed = next(client, 'subscribed', isChannel);
  await api('subscribe', { user, channel });
  await subscribed;
  const inbox = run.inbox(client, channel);
  await publishByApi(channel, [1]);
  await inbox.upTo(1);
  const unsubscribed = next(client, 'unsubscribed', isChannel);
  await api('unsubscribe', { user, channel });
  await unsubscribed;
});

everywhere('the API ends a subscription of the client', async (run) => {
  const user = unique('user');
  const channel = unique('chat:');
  const subscription = await run.subscribed(await run.connected({ sub: user }), channel);
  const unsubscribed = next(subscription, 'unsubscribed');
  await api('unsubscribe', { user, channel });
  assert.equal((await unsubscribed).code, 2000);
});

everywhere('the API disconnects a user for good', async (run) => {
  const user = unique('user');
  const client = await run.connected({ sub: user });
  const disconnected = next(client, 'disconnected');
  await api('disconnect', { user, disconnect: { code: 4500, reason: 'enough' } });
  const { code, reason } = await disconnected;
  assert.deepEqual([code, reason, client.state], [4500, 'enough', 'disconnected']);
});

everywhere('an rpc is error 108', async (run) => {
  const error = await errorOf((await run.connected()).rpc('method', run.encode({})));
  assert.deepEqual([error.code, error.message], [108, 'not available']);
});

everywhere('a message to the server, which nothing handles, ends the connection with 3508', async (run) => {
  const client = await run.connected();
  const disconnected = next(client, 'disconnected');
  await client.send(run.encode({ hello: 1 }));
  assert.equal((await disconnected).code, 3508);
});

both('the subscription beyond the limit is error 106', async (run) => {
  const client = run.client({ token: sign({ sub: unique('user'), exp: now() + 600 }) });
  let ofServer = 0;
  client.on('subscribed', () => ofServer++);
  await run.reconnect(client);
  const prefix = unique('plain:');
  const names = range(1, CHANNEL_LIMIT - ofServer).map((n) => `${prefix}-${n}`);
  await Promise.all(names.map((name) => run.subscribed(client, name)));
  const oneMore = `${prefix}-one-more`;
  assert.equal(await run.refusal(client, oneMore), 106);
  client.getSubscription(names[0]).unsubscribe();
  await run.subscribed(client, oneMore);
});

everywhere('50 times unsubscribed and subscribed, the subscription is still whole', async (run) => {
  const channel = unique('chat:');
  const subscription = await run.subscribed(await run.connected(), channel);
  for (let round = 0; round < 50; round++) {
    subscription.unsubscribe();
    const subscribed = next(subscription, 'subscribed');
    subscription.subscribe();
    await subscribed;
  }
  const inbox = run.inbox(subscription);
  await publishByApi(channel, [1, 2]);
  await inbox.upTo(2);
  assert.deepEqual(inbox.numbers, [1, 2]);
  assert.equal((await subscription.presenceStats()).numClients, 1);
});
