// What the cases share: a client in either protocol, its events as promises, tokens, and the server's API.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { Centrifuge as JsonCentrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { EventSource } from 'eventsource';
import WebSocket from 'ws';
import { signedToken } from '../../lib/jwt.mjs';

export const URL_HTTP = process.env.TIDEMILL_HTTP;
const API_KEY = process.env.TIDEMILL_API_KEY;
const HMAC_SECRET = 'secret';
const TIMEOUT_MS = 15_000;

const PROTOCOLS = [
  { name: 'json', Client: JsonCentrifuge, encode: (value) => value, decode: (data) => data },
  {
    name: 'protobuf',
    Client: ProtobufCentrifuge,
    encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
    decode: (data) => JSON.parse(new TextDecoder().decode(data)),
  },
];

// Where a client may connect; an event stream has no Protobuf.
const TRANSPORTS = [
  { transport: 'websocket', protocols: ['json', 'protobuf'] },
  { transport: 'http_stream', protocols: ['json', 'protobuf'] },
  { transport: 'sse', protocols: ['json'] },
];

export const now = () => Math.floor(Date.now() / 1000);
export const unique = (prefix) => `${prefix}${randomBytes(6).toString('hex')}`;
export const range = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => first + index);

export const sign = (claims, secret = HMAC_SECRET) => signedToken(claims, secret);

export async function api(method, request, http = URL_HTTP) {
  const response = await fetch(`${http}/api/${method}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': API_KEY },
    body: JSON.stringify(request),
  });
  assert.equal(response.status, 200, method);
  const answer = await response.json();
  assert.equal(answer.error, undefined, `${method}: ${JSON.stringify(answer.error)}`);
  return answer.result ?? answer; // A batch gives its replies without a result around them.
}

/** Makes the calls in this order, in one request; none of them may fail. */
export async function apiBatch(commands, http = URL_HTTP) {
  const { replies } = await api('batch', { commands }, http);
  assert.deepEqual([replies.length, replies.filter(({ error }) => error)], [commands.length, []]);
}

export const publishByApi = (channel, numbers, http = URL_HTTP) =>
  apiBatch(
    numbers.map((n) => ({ publish: { channel, data: { n } } })),
    http,
  );

/** A promise and what resolves it. */
export function deferred() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A getToken that signs these claims; counts its calls, and `called` is done at the first. */
export function issuer(claims) {
  const { promise, resolve } = deferred();
  const getToken = async () => {
    getToken.calls++;
    resolve();
    return sign({ ...claims, exp: now() + 600 });
  };
  return Object.assign(getToken, { calls: 0, called: promise });
}

/** Rejects when `promise` takes longer than TIMEOUT_MS, naming what was waited for. */
export function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Gives the next event of that name that `wanted` accepts. */
export function next(emitter, name, wanted = () => true) {
  let listener;
  const event = new Promise((resolve) => {
    listener = (context) => wanted(context) && resolve(context);
    emitter.on(name, listener);
  });
  const found = within(event, `"${name}"`).finally(() => emitter.off(name, listener));
  found.catch(() => {}); // Nobody awaits it when the case fails before.
  return found;
}

/** Gives the error that the promise is rejected with. */
export async function errorOf(promise) {
  try {
    await within(promise, 'answer');
  } catch (error) {
    return error;
  }
  return assert.fail('succeeded, though an error was expected');
}

/** Collects the numbers of publications; `upTo(count)` waits until so many are there. */
class Inbox {
  numbers = [];
  #waiting = [];

  constructor(emitter, decode, channel) {
    emitter.on('publication', (context) => {
      if (channel !== undefined && context.channel !== channel) return;
      this.numbers.push(decode(context.data).n);
      this.#waiting = this.#waiting.filter(({ count, resolve }) => this.numbers.length < count || resolve());
    });
  }

  upTo(count) {
    if (this.numbers.length >= count) return Promise.resolve();
    const reached = new Promise((resolve) => this.#waiting.push({ count, resolve }));
    return within(reached, `${count} publications`);
  }
}

/** One case in one protocol over one transport: makes clients and closes them when it ends. */
class Case {
  http = URL_HTTP;
  #clients = [];

  constructor(protocol, transport) {
    Object.assign(this, protocol, { transport });
  }

  endpoint() {
    const { transport } = this;
    if (transport === 'websocket') return `${this.http.replace(/^http/, 'ws')}/connection/websocket`;
    return [{ transport, endpoint: `${this.http}/connection/${transport}` }];
  }

  client(options = {}) {
    const client = new this.Client(this.endpoint(), {
      websocket: WebSocket,
      eventsource: EventSource,
      fetch,
      readableStream: ReadableStream,
      emulationEndpoint: `${this.http}/emulation`,
      minReconnectDelay: 10,
      maxReconnectDelay: 50,
      ...options,
    });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  async connected(claims = {}, options = {}) {
    const token = sign({ sub: unique('user'), exp: now() + 600, ...claims });
    const client = this.client({ token, ...options });
    const connected = next(client, 'connected');
    client.connect();
    client.id = (await connected).client;
    return client;
  }

  async reconnect(client) {
    const connected = next(client, 'connected');
    client.connect();
    await connected;
  }

  subscription(client, channel, options = {}) {
    const delays = { minResubscribeDelay: 10, maxResubscribeDelay: 50 };
    const subscription = client.newSubscription(channel, { ...delays, ...options });
    subscription.on('error', () => {});
    return subscription;
  }

  async subscribed(client, channel, options = {}) {
    const subscription = this.subscription(client, channel, options);
    const subscribed = next(subscription, 'subscribed');
    subscription.subscribe();
    subscription.context = await subscribed;
    return subscription;
  }

  /** Subscribes from that position of the stream on. */
  async since(client, channel, since) {
    const subscription = this.subscription(client, channel, { since });
    const inbox = this.inbox(subscription);
    const subscribed = next(subscription, 'subscribed');
    subscription.subscribe();
    return { context: await subscribed, inbox };
  }

  /** Connects, and gives the server's subscription to the channel. */
  serverSubscribed(client, channel) {
    const subscribed = next(client, 'subscribed', (context) => context.channel === channel);
    client.connect();
    return subscribed;
  }

  /** Gives the code that a new subscription to the channel ends with. */
  async refusal(client, channel) {
    const subscription = this.subscription(client, channel);
    const unsubscribed = next(subscription, 'unsubscribed');
    subscription.subscribe();
    const { code } = await unsubscribed;
    client.removeSubscription(subscription);
    return code;
  }

  /** Subscribes, gets `before`, is away while `missed` is published, and comes back. */
  async away(channel, before, missed) {
    const client = await this.connected();
    const subscription = await this.subscribed(client, channel);
    const inbox = this.inbox(subscription);
    await publishByApi(channel, before);
    await inbox.upTo(before.length);
    client.disconnect();
    if (missed.length > 0) await publishByApi(channel, missed);
    const subscribed = next(subscription, 'subscribed');
    await this.reconnect(client);
    return { context: await subscribed, inbox };
  }

  inbox(emitter, channel) {
    return new Inbox(emitter, this.decode, channel);
  }

  close() {
    for (const client of this.#clients) client.disconnect();
  }
}

function run(protocol, transport, name, body) {
  test(`${protocol.name} over ${transport}: ${name}`, { timeout: 60_000 }, async () => {
    const run = new Case(protocol, transport);
    try {
      await body(run);
    } finally {
      run.close();
    }
  });
}

/** A case over WebSocket alone, in both encodings. */
export function both(name, body) {
  for (const protocol of PROTOCOLS) run(protocol, 'websocket', name, body);
}

/** A case over each transport, in each encoding that it has. */
export function everywhere(name, body) {
  for (const { transport, protocols } of TRANSPORTS) {
    for (const protocol of PROTOCOLS.filter(({ name: encoding }) => protocols.includes(encoding))) {
      run(protocol, transport, name, body);
    }
  }
}

/** The numbers of publications in a history's answer. */
export const numbersOf = (run, history) => history.publications.map(({ data }) => run.decode(data).n);
