// The official JavaScript client, and what its token lets it see of a channel (server_tags_filter).
import assert from 'node:assert/strict';
import { api, apiBatch, everywhere, next, now, numbersOf, range, sign, unique } from './harness.mjs';

const DESK_7 = { key: 'desk', cmp: 'eq', val: '7' };
const LARGE = { key: 'size', cmp: 'gte', val: '4' };

/** Publishes {n}, of desk 7 where n is odd and of desk 8 where it is even; its size is n. */
const publishTagged = (channel, numbers) =>
  apiBatch(numbers.map((n) => ({
    publish: { channel, data: { n }, tags: { desk: n % 2 === 1 ? '7' : '8', size: String(n) } },
  })));

const tokenFor = (user, channel, filter) =>
  sign({ sub: user, channel, exp: now() + 600, ...(filter && { server_tags_filter: filter }) });

async function subscribed(run, user, channel, options) {
  const client = await run.connected({ sub: user });
  const subscription = await run.subscribed(client, channel, options);
  return { client, subscription, inbox: run.inbox(subscription) };
}

everywhere('a subscription token says what of a channel is for its user', async (run) => {
  const [channel, ann, bob] = [unique('chat:'), unique('ann'), unique('bob')];
  const seven = await subscribed(run, ann, channel, { token: tokenFor(ann, channel, DESK_7) });
  const all = await subscribed(run, bob, channel, { token: tokenFor(bob, channel) });
  await publishTagged(channel, range(1, 6));
  await all.inbox.upTo(6);
  await seven.inbox.upTo(3);
  assert.deepEqual([all.inbox.numbers, seven.inbox.numbers], [range(1, 6), [1, 3, 5]]);
  const history = await seven.subscription.history({ limit: 100 });
  assert.deepEqual(numbersOf(run, history), [1, 3, 5], 'history is no way around it');

  seven.client.disconnect();
  await publishTagged(channel, range(7, 10));
  const back = next(seven.subscription, 'subscribed');
  await run.reconnect(seven.client);
  assert.equal((await back).recovered, true);
  await seven.inbox.upTo(5);
  assert.deepEqual(seven.inbox.numbers, [1, 3, 5, 7, 9], 'nor is recovery');
});

everywhere('what the client asks for narrows it further, and cannot widen it', async (run) => {
  const [channel, ann] = [unique('tagged:'), unique('ann')];
  const narrow = await subscribed(run, ann, channel, { token: tokenFor(ann, channel, DESK_7), tagsFilter: LARGE });
  const wide = await subscribed(run, ann, channel, {
    token: tokenFor(ann, channel, DESK_7),
    tagsFilter: { key: 'desk', cmp: 'in', vals: ['7', '8'] },
  });
  await publishTagged(channel, range(1, 7));
  await wide.inbox.upTo(4);
  await narrow.inbox.upTo(2);
  assert.deepEqual([wide.inbox.numbers, narrow.inbox.numbers], [[1, 3, 5, 7], [5, 7]]);
});

everywhere('the subs of a connection token have one too', async (run) => {
  const [channel, ann] = [unique('chat:'), unique('ann')];
  const subs = { [channel]: { server_tags_filter: DESK_7 } };
  const client = run.client({ token: sign({ sub: ann, exp: now() + 600, subs }) });
  const inbox = run.inbox(client, channel);
  await run.serverSubscribed(client, channel);
  await publishTagged(channel, range(1, 5));
  await inbox.upTo(3);
  await api('publish', { channel, data: { n: 99 } });
  await publishTagged(channel, [11]);
  await inbox.upTo(4);
  assert.deepEqual(inbox.numbers, [1, 3, 5, 11], 'what has no tags is not for it');
});
