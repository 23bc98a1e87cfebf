// Clients that only listen, with what browsers and Node have for it: EventSource, fetch and WebSocket.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventSource } from 'eventsource';
import WebSocket from 'ws';
import { URL_HTTP, api, deferred, publishByApi, sign, unique, within } from './harness.mjs';

const query = (connect) => `?cf_connect=${encodeURIComponent(JSON.stringify(connect))}`;

// Each gives what closes it.
const TRANSPORTS = {
  uni_sse(connect, take) {
    const source = new EventSource(`${URL_HTTP}/connection/uni_sse${query(connect)}`);
    source.onmessage = ({ data }) => take(JSON.parse(data));
    return () => source.close();
  },
  uni_http_stream(connect, take) {
    const abort = new AbortController();
    (async () => {
      const options = { method: 'POST', body: JSON.stringify(connect), signal: abort.signal };
      const { body } = await fetch(`${URL_HTTP}/connection/uni_http_stream`, options);
      let rest = '';
      for await (const bytes of body.pipeThrough(new TextDecoderStream())) {
        const lines = (rest + bytes).split('\n');
        rest = lines.pop();
        lines.forEach((line) => take(JSON.parse(line)));
      }
    })().catch(() => {}); // It was closed.
    return () => abort.abort();
  },
  uni_websocket(connect, take) {
    const socket = new WebSocket(`${URL_HTTP.replace(/^http/, 'ws')}/connection/uni_websocket`);
    socket.on('open', () => socket.send(JSON.stringify(connect)));
    socket.on('message', (data) => take(JSON.parse(data)));
    return () => socket.close();
  },
};

/** A client that has connected; `next(name)` gives the next push that has such a member. */
async function listen(transport, connect) {
  const pushes = [];
  let changed = deferred();
  const close = TRANSPORTS[transport](connect, (push) => {
    pushes.push(push);
    changed.resolve();
    changed = deferred();
  });
  const next = async (name) => {
    for (;;) {
      const at = pushes.findIndex((push) => name in push);
      if (at >= 0) return pushes.splice(0, at + 1).at(-1);
      await within(changed.promise, `"${name}"`);
    }
  };
  const { connect: connected } = await next('connect');
  return { connected, next, close };
}

for (const transport of Object.keys(TRANSPORTS)) {
  test(`${transport}: the channels of the token, what was missed, and what the API does`, { timeout: 60_000 }, async () => {
    const channel = unique('chat:');
    const user = unique('listener');
    const token = sign({ sub: user, channels: [channel] });
    const first = await listen(transport, { token, name: 'test' });
    const { epoch } = first.connected.subs[channel];
    assert.deepEqual([typeof first.connected.session, first.connected.node, first.connected.pong], ['string', undefined, undefined]);
    await publishByApi(channel, [1]);
    const { channel: of, pub } = await first.next('pub');
    assert.deepEqual([of, pub.data, pub.offset], [channel, { n: 1 }, 1]);
    first.close();
    await publishByApi(channel, [2, 3]);

    const second = await listen(transport, { token, subs: { [channel]: { recover: true, epoch, offset: 1 } } });
    const { recovered, publications } = second.connected.subs[channel];
    assert.deepEqual([recovered, publications.map(({ data }) => data.n)], [true, [2, 3]]);
    const given = unique('secret:');
    await api('subscribe', { user, channel: given, session: second.connected.session });
    assert.equal((await second.next('subscribe')).channel, given);
    await api('unsubscribe', { user, channel: given });
    assert.deepEqual((await second.next('unsubscribe')).unsubscribe, { code: 2000, reason: 'server unsubscribe' });
    await api('disconnect', { user, session: second.connected.session });
    assert.equal((await second.next('disconnect')).disconnect.code, 3503);
    second.close();
  });
}
