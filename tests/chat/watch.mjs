// Clients of the official library, unmodified, as watch.py asks for them: lines of JSON in and out.
import { createInterface } from 'node:readline';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';

const QUICK = { minReconnectDelay: 20, maxReconnectDelay: 200, maxServerPingDelay: 60_000 };
const watchers = new Map();

/** One connection, and all that its channels have brought. */
class Watcher {
  channels = {};

  constructor({ url, token, channels }) {
    this.client = new Centrifuge(url, { ...QUICK, token, websocket: WebSocket, timeout: 60_000 });
    this.client.on('error', () => {});
    for (const channel of channels) this.follow(channel);
    this.client.connect();
  }

  follow(channel) {
    const seen = { events: [], errors: [], state: 'subscribing', ended: null, recovered: [] };
    this.channels[channel] = seen;
    const old = this.client.getSubscription(channel);
    if (old) this.client.removeSubscription(old);
    const subscription = this.client.newSubscription(channel, { minResubscribeDelay: 20, maxResubscribeDelay: 200 });
    subscription.on('publication', ({ data }) => seen.events.push(data));
    subscription.on('error', ({ error }) => seen.errors.push({ code: error.code, message: error.message }));
    subscription.on('state', ({ newState }) => (seen.state = newState));
    subscription.on('subscribed', ({ wasRecovering, recovered }) => seen.recovered.push({ wasRecovering, recovered }));
    subscription.on('unsubscribed', ({ code, reason }) => (seen.ended = { code, reason }));
    subscription.subscribe();
  }

  async rpc({ method, data }) {
    try {
      return { data: (await this.client.rpc(method, data)).data };
    } catch (error) {
      return { error: { code: error.code, message: error.message } };
    }
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const { watch, follow, ask, end, rpc } = JSON.parse(line);
  if (watch) watchers.set(watch.id, new Watcher(watch));
  if (follow) watchers.get(follow.id).follow(follow.channel);
  if (ask !== undefined) say(watchers.get(ask).channels);
  if (rpc) say(await watchers.get(rpc.id).rpc(rpc));
  if (end !== undefined) watchers.get(end).client.disconnect();
}
for (const each of watchers.values()) each.client.disconnect();
