// The official JavaScript client where publications are held back for a moment, and where users have a status.
import assert from 'node:assert/strict';
import { api, everywhere, next, now, publishByApi, range, unique, within } from './harness.mjs';

everywhere('of publications that go out together none is missing, also after a reconnect', async (run) => {
  const client = await run.connected({ sub: 'ann' });
  const channel = unique('batched:');
  const subscription = await run.subscribed(client, channel);
  const inbox = run.inbox(subscription);
  await publishByApi(channel, range(1, 10));
  await inbox.upTo(10);
  client.disconnect();
  await publishByApi(channel, range(11, 14));
  await run.reconnect(client);
  await publishByApi(channel, range(15, 20));
  await inbox.upTo(20);
  assert.deepEqual(inbox.numbers, range(1, 20));
});

everywhere('of those of which only the newest is sent the last one comes, and recovery goes on from it', async (run) => {
  for (const options of [{}, { delta: 'fossil' }]) {
    const client = await run.connected({ sub: 'ann' });
    const channel = unique('latest:');
    const subscription = await run.subscribed(client, channel, options);
    const inbox = run.inbox(subscription);
    const comes = (n) => next(subscription, 'publication', ({ data }) => run.decode(data).n === n);
    const last = comes(50);
    await publishByApi(channel, range(1, 50));
    await last;
    const first = [...inbox.numbers];
    assert.ok(first.length < 25, `${first.length} of 50 came`);
    assert.deepEqual(first, [...first].sort((a, b) => a - b));
    client.disconnect();
    await publishByApi(channel, range(51, 53));
    const missed = comes(53);
    await run.reconnect(client);
    await missed;
    assert.deepEqual(inbox.numbers.slice(first.length), range(51, 53), 'exactly what was missed');
    client.disconnect();
  }
});

everywhere('a user that says it is active has a status', async (run) => {
  const user = unique('user-');
  const client = await run.connected({ sub: user });
  const began = now();
  await client.rpc('update_user_status', run.encode({}));
  let status;
  await within(
    (async () => {
      do {
        ({ statuses: [status] } = await api('get_user_status', { users: [user, 'nobody'] }));
      } while (!status.active || !status.online);
    })(),
    'the status',
  );
  assert.ok(status.active >= began && status.online >= began - 1, JSON.stringify(status));
  await api('delete_user_status', { users: [user] });
  const { statuses } = await api('get_user_status', { users: ['nobody'] });
  assert.deepEqual(statuses, [{ user: 'nobody' }]);
});
