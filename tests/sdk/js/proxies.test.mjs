// The official JavaScript client, and a server that asks a service about it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Server } from '../../lib/server.mjs';
import { errorOf, everywhere, next, now, unique } from './harness.mjs';

/** A service that answers each path by the function of that name. */
async function serveAnswers(answers) {
  const service = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    const path = request.url.slice(1);
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(answers[path](JSON.parse(text))));
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  return service;
}

const NAMESPACE = 'asks';

function serve(service) {
  const url = `http://127.0.0.1:${service.address().port}`;
  const proxies = { 'client.proxy.connect': 'connect', 'client.proxy.refresh': 'refresh', 'rpc.proxy': 'rpc',
    'channel.proxy.subscribe': 'subscribe', 'channel.proxy.publish': 'publish' };
  return Server.start(process.env.SDK_BINARY, '--http_server.listen=127.0.0.1:0', '--config', process.env.SDK_CONFIG,
    ...Object.entries(proxies).map(([key, path]) => `--${key}.endpoint=${url}/${path}`),
    '--client.proxy.connect.enabled=true', '--client.proxy.refresh.enabled=true',
    '--rpc.without_namespace.proxy_enabled=true', `--channel.namespaces.${NAMESPACE}.subscribe_proxy_enabled=true`,
    `--channel.namespaces.${NAMESPACE}.publish_proxy_enabled=true`);
}

everywhere('a service says who it is, what it may and what it gets', async (run) => {
  let refreshes = 0;
  const service = await serveAnswers({
    connect: () => ({ result: { user: 'ann', expire_at: now() + 2, data: { hello: 1 } } }),
    refresh: () => ({ result: { expire_at: now() + ++refreshes * 100 } }),
    rpc: ({ user, method, data }) => ({ result: { data: { user, method, data } } }),
    subscribe: ({ channel }) =>
      channel.endsWith('secret') ? { error: { code: 403, message: 'not you' } } : { result: { data: { n: 0 } } },
    publish: ({ data }) => (data.n < 0 ? { error: { code: 400, message: 'too small' } } : { result: { data: { n: data.n + 1 } } }),
  });
  const server = await serve(service);
  try {
    run.http = server.url;
    const client = run.client();
    const connected = next(client, 'connected');
    client.connect();
    assert.deepEqual(run.decode((await connected).data), { hello: 1 });

    const { data } = await client.rpc('sum', run.encode([1, 2]));
    assert.deepEqual(run.decode(data), { user: 'ann', method: 'sum', data: [1, 2] });

    const subscription = await run.subscribed(client, unique(`${NAMESPACE}:`));
    assert.deepEqual(run.decode(subscription.context.data), { n: 0 });
    const inbox = run.inbox(subscription);
    await subscription.publish(run.encode({ n: 4 }));
    await inbox.upTo(1);
    assert.deepEqual(inbox.numbers, [5]);
    const { code, message } = await errorOf(subscription.publish(run.encode({ n: -1 })));
    assert.deepEqual([code, message], [400, 'too small']);
    assert.equal(await run.refusal(client, `${NAMESPACE}:secret`), 403);

    while (refreshes === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    await client.rpc('still', run.encode(1));
  } finally {
    await server.kill();
    service.closeAllConnections();
    service.close();
  }
});
