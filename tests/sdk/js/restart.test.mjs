// The official JavaScript client and a server of its own, which is killed and started again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { both, next, publishByApi, unique, within } from './harness.mjs';

/** A server with the common configuration; `address` is given when it listens. */
class Server {
  static async start(address, ...flags) {
    const server = new Server();
    // Without TIDEMILL_…, which a server reads as settings.
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('TIDEMILL_'));
    const parameters = ['serve', '--config', process.env.SDK_CONFIG, `--http_server.listen=${address}`, ...flags];
    const stdio = ['ignore', 'ignore', 'pipe'];
    server.process = spawn(process.env.SDK_BINARY, parameters, { env: Object.fromEntries(kept), stdio });
    server.address = await within(server.#listening(), 'server');
    return server;
  }

  async #listening() {
    for await (const line of createInterface({ input: this.process.stderr })) {
      const found = line.match(/server\.listening address="?([0-9.]+:\d+)/);
      if (found) {
        this.process.stderr.resume();
        return found[1];
      }
    }
    return assert.fail('the server ended before it listened');
  }

  async kill() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exit;
  }
}

both('after a kill -9 the client comes back, and is told that nothing was recovered', async (run) => {
  let server = await Server.start('127.0.0.1:0');
  try {
    run.http = `http://${server.address}`;
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
    server = await Server.start(server.address);
    const { wasRecovering, recovered } = await subscribed;
    assert.deepEqual([wasRecovering, recovered], [true, false]);
    await publishByApi(channel, [3], run.http);
    await inbox.upTo(3);
    assert.deepEqual(inbox.numbers, [1, 2, 3]);
  } finally {
    await server.kill();
  }
});

both('without a token, and without anonymous clients, a client is refused for good', async (run) => {
  const server = await Server.start('127.0.0.1:0', '--client.allow_anonymous_connect_without_token=false');
  try {
    run.http = `http://${server.address}`;
    const client = run.client();
    const disconnected = next(client, 'disconnected');
    client.connect();
    assert.equal((await disconnected).code, 3501);
  } finally {
    await server.kill();
  }
});
