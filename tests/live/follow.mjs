// Subscribers of live queries with the official client, unmodified, as follow.py asks for them: lines of JSON in and out.
import { createInterface } from 'node:readline';
import { Centrifuge } from 'centrifuge';
import WebSocket from 'ws';

const QUICK = { minReconnectDelay: 20, maxReconnectDelay: 200, maxServerPingDelay: 60_000 };
const followers = new Map();

/** The rows of one channel as an application has them. */
class Follower {
  rows = new Map();
  errors = [];
  ended = null;
  syncs = 0;

  constructor({ url, channel, token, rights }) {
    this.client = new Centrifuge(url, { ...QUICK, token, websocket: WebSocket });
    this.client.on('error', () => {});
    const options = { minResubscribeDelay: 20, maxResubscribeDelay: 200, ...(rights && { token: rights }) };
    this.subscription = this.client.newMapSubscription(channel, options);
    this.subscription.on('sync', ({ entries }) => {
      this.syncs++;
      this.rows = new Map(entries.map((entry) => [entry.key, entry]));
    });
    this.subscription.on('update', (entry) => {
      if (entry.removed) this.rows.delete(entry.key);
      else this.rows.set(entry.key, entry);
    });
    this.subscription.on('error', ({ error }) => this.errors.push(error));
    this.subscription.on('unsubscribed', ({ code, reason }) => {
      this.ended = { code, reason };
    });
    this.subscription.subscribe();
    this.client.connect();
  }

  /** Highest order first; an unordered Map of the client is no excuse. */
  get answer() {
    const byOrder = (a, b) => Number(b.tags.order) - Number(a.tags.order);
    const entries = [...this.rows.values()].sort(byOrder);
    const rows = entries.map(({ data }) => data);
    const tags = entries.map((entry) => entry.tags);
    return { state: this.subscription.state, rows, tags, errors: this.errors, ended: this.ended, syncs: this.syncs };
  }

  end() {
    this.client.disconnect();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { follow, ask, end } = JSON.parse(line);
  if (follow) followers.set(follow.id, new Follower(follow));
  if (ask !== undefined) process.stdout.write(`${JSON.stringify(followers.get(ask).answer)}\n`);
  if (end !== undefined) followers.get(end).end();
}
for (const each of followers.values()) each.end();
