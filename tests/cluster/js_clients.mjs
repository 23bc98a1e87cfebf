// Clients of the official JavaScript library, steered by lines of JSON on standard input; what they report, and the
// answers to calls, are lines of JSON on standard output. See sdk_clients.py, which starts this.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const require = createRequire(new URL('../sdk/js/', import.meta.url));
const { Centrifuge } = require('centrifuge');
const { EventSource } = require('eventsource');
const WebSocket = require('ws');

const clients = new Map(); // name: Centrifuge

const report = (client, event, fields) => console.log(JSON.stringify({ client, event, ...fields }));

const subscribedFields = ({ channel, wasRecovering, recovered, streamPosition }) => ({
  channel,
  was_recovering: wasRecovering,
  recovered,
  epoch: streamPosition?.epoch,
  offset: streamPosition?.offset,
});

const publicationFields = ({ channel, data, offset }) => ({ channel, data, offset });

function subscribe(name, client, channel) {
  const subscription = client.newSubscription(channel, { minResubscribeDelay: 50, maxResubscribeDelay: 400 });
  subscription.on('subscribed', (context) => report(name, 'subscribed', subscribedFields(context)));
  subscription.on('unsubscribed', ({ code }) => report(name, 'unsubscribed', { channel, code }));
  subscription.on('publication', (context) => report(name, 'publication', publicationFields(context)));
  subscription.on('error', () => {});
  subscription.subscribe();
}

// `transport`: another than WebSocket, whose requests go to `emulation`.
function open({ name, url, token, channels, transport, emulation }) {
  const client = new Centrifuge(transport ? [{ transport, endpoint: url }] : url, {
    token,
    websocket: WebSocket,
    eventsource: EventSource,
    fetch,
    readableStream: ReadableStream,
    emulationEndpoint: emulation,
    minReconnectDelay: 50,
    maxReconnectDelay: 400,
  });
  client.on('connected', () => report(name, 'connected', {}));
  client.on('connecting', ({ code }) => report(name, 'connecting', { code }));
  client.on('disconnected', ({ code }) => report(name, 'disconnected', { code }));
  client.on('subscribed', (context) => report(name, 'server_subscribed', subscribedFields(context)));
  client.on('publication', (context) => report(name, 'server_publication', publicationFields(context)));
  client.on('error', () => {});
  clients.set(name, client);
  for (const channel of channels) subscribe(name, client, channel);
  client.connect();
}

const CALLS = {
  rpc: async (client, method, data) => (await client.rpc(method, data)).data,
  publish: (client, channel, data) => client.publish(channel, data),
  presence: async (client, channel) =>
    Object.values((await client.presence(channel)).clients).map(({ user }) => user).sort(),
  presence_stats: async (client, channel) => {
    const { numClients, numUsers } = await client.presenceStats(channel);
    return [numClients, numUsers];
  },
};

async function call({ name, id, method, channel, data }) {
  try {
    const result = await CALLS[method](clients.get(name), channel, data);
    report(name, 'answer', { id, result });
  } catch (error) {
    report(name, 'answer', { id, error: `${error.code} ${error.message}` });
  }
}

function close({ name }) {
  clients.get(name).disconnect();
  clients.delete(name);
}

const OPERATIONS = { open, call, close };

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  OPERATIONS[command.operation](command);
}
process.exit(0);
