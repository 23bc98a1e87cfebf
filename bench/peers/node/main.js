// The Node peer: node:http, ws, ioredis.
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';
import { Hub, answer } from './hub.js';

const { PORT, API_KEY, REDIS_URL, PING_SECONDS = 25, TUNED } = process.env;
const DATA_BYTES_MAX = 64 * 1024;
const BODY_BYTES_MAX = DATA_BYTES_MAX + 4096;
const MESSAGE_BYTES_MAX = 4096;
const POLICY_VIOLATION = 1008;

const publisher = REDIS_URL ? new Redis(REDIS_URL, { enableAutoPipelining: true }) : undefined;
const subscriber = REDIS_URL ? new Redis(REDIS_URL, { maxRetriesPerRequest: null }) : undefined;
const hub = new Hub(subscriber, TUNED === '1');
const sockets = new WebSocketServer({
  noServer: true, perMessageDeflate: false, maxPayload: MESSAGE_BYTES_MAX,
});

sockets.on('connection', (socket) => {
  const channels = new Set();
  socket.silentPings = 0;
  socket.on('pong', () => { socket.silentPings = 0; });
  socket.on('message', (payload, isBinary) => {
    socket.silentPings = 0;
    const [what, channel] = command(payload, isBinary);
    if (what === 'subscribe') {
      channels.add(channel);
      hub.subscribe(socket, channel);
    } else if (what === 'unsubscribe') {
      channels.delete(channel);
      hub.unsubscribe(socket, channel);
      answer(socket, 'unsubscribed', channel);
    } else {
      socket.close(POLICY_VIOLATION);
    }
  });
  socket.on('error', () => {}); // 'close' follows
  socket.on('close', () => channels.forEach((channel) => hub.unsubscribe(socket, channel)));
});

setInterval(() => {
  for (const socket of sockets.clients) {
    if (socket.silentPings++ === 2) socket.terminate();
    else socket.ping();
  }
}, PING_SECONDS * 1000);

function command(payload, isBinary) {
  if (isBinary) return [];
  const entries = Object.entries(parse(payload) ?? {});
  const [what, channel] = entries[0] ?? [];
  return entries.length === 1 && typeof channel === 'string' && channel ? [what, channel] : [];
}

function parse(buffer) {
  try {
    return JSON.parse(buffer.toString());
  } catch {
    return undefined;
  }
}

async function publish(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  if (size > BODY_BYTES_MAX) return 400;
  const { channel, data } = parse(Buffer.concat(chunks)) ?? {};
  if (typeof channel !== 'string' || !channel || data === undefined) return 400;
  const encoded = JSON.stringify(data);
  if (Buffer.byteLength(encoded) > DATA_BYTES_MAX) return 400;
  const payload = Buffer.from(`{"channel":${JSON.stringify(channel)},"data":${encoded}}`);
  if (publisher) return publisher.publish(channel, payload).then(() => 200, () => 503);
  hub.deliver(channel, payload);
  return 200;
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const answerWith = (status, body = {}) => {
    const text = JSON.stringify(body);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': text.length }).end(text);
  };
  if (url.pathname === '/health') return answerWith(200);
  if (request.headers['x-api-key'] !== API_KEY) return answerWith(401);
  if (request.method === 'POST' && url.pathname === '/publish') {
    return answerWith(await publish(request));
  }
  if (url.pathname === '/presence') {
    return answerWith(200, { count: hub.count(url.searchParams.get('channel')) });
  }
  return answerWith(404);
});

server.on('upgrade', (request, socket, head) => {
  if (request.url !== '/ws') return socket.destroy();
  sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
});

await Promise.all([publisher?.ping(), subscriber?.ping()]);
server.listen(PORT, '127.0.0.1');
