// The official JavaScript client and a server of its own, which is killed and started again.
import assert from 'node:assert/strict';
import { Server } from '../../lib/server.mjs';
import { everywhere, next, publishByApi, unique } from './harness.mjs';

/** A server with the common configuration, at a free port or at the address of an earlier one. */
const serve = (address, ...flags) =>
  Server.start(process.env.SDK_BINARY, `--http_server.listen=${address}`, '--config', process.env.SDK_CONFIG, ...flags);

everywhere('after a kill -9 the client comes back, and is told that nothing was recovered', async (run) => {
  let server = await serve('127.0.0.1:0');
  try {
    run.http = server.url;
    const channel = unique('chat:');
    const client = await run.connected();
    const subscription = await run.subscribed(client, channel);
    const inbox = run.inbox(subscription);
    await publishByApi(channel, [1, 2], run.http);
    await inbox.upTo(2);
    const connecting = next(client, 'connecting');
    const subscribed = next(subscription, 'subscribed');
    await server.kill();
    await connecting;
    server = await serve(server.address);
    const { wasRecovering, recovered } = await subscribed;
    assert.deepEqual([wasRecovering, recovered], [true, false]);
    await publishByApi(channel, [3], run.http);
    await inbox.upTo(3);
    assert.deepEqual(inbox.numbers, [1, 2, 3]);
  } finally {
    await server.kill();
  }
});

everywhere('without a token, and without anonymous clients, a client is refused for good', async (run) => {
  const server = await serve('127.0.0.1:0', '--client.allow_anonymous_connect_without_token=false');
  try {
    run.http = server.url;
    const client = run.client();
    const disconnected = next(client, 'disconnected');
    client.connect();
    assert.equal((await disconnected).code, 3501);
  } finally {
    await server.kill();
  }
});
