// The Socket.IO peer: rooms, and between processes the Redis adapter on ioredis.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const { PORT, API_KEY, REDIS_URL, PING_SECONDS = 25 } = process.env;
const DATA_BYTES_MAX = 64 * 1024;
const BODY_BYTES_MAX = DATA_BYTES_MAX + 4096;
const MESSAGE_BYTES_MAX = 4096;
const QUEUE_BYTES_MAX = 1 << 20;

const publisher = REDIS_URL ? new Redis(REDIS_URL, { enableAutoPipelining: true }) : undefined;
const subscriber = REDIS_URL ? new Redis(REDIS_URL, { maxRetriesPerRequest: null }) : undefined;

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  const answerWith = (status, body = {}) => {
    const text = JSON.stringify(body);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': text.length }).end(text);
  };
  if (url.pathname === '/health') return answerWith(200);
  if (request.headers['x-api-key'] !== API_KEY) return answerWith(401);
  if (request.method === 'POST' && url.pathname === '/publish') return answerWith(await publish(request));
  if (url.pathname === '/presence') return answerWith(200, { count: count(url.searchParams.get('channel')) });
  return answerWith(404);
});

const io = new Server(server, {
  adapter: REDIS_URL ? createAdapter(publisher, subscriber) : undefined,
  transports: ['websocket'],
  serveClient: false,
  perMessageDeflate: false,
  maxHttpBufferSize: MESSAGE_BYTES_MAX,
  pingInterval: PING_SECONDS * 1000,
  pingTimeout: PING_SECONDS * 1000,
});

io.on('connection', (socket) => {
  limitQueue(socket.conn);
  const onChannel = (event, act) => socket.on(event, (channel, acknowledge) => {
    if (typeof channel !== 'string' || typeof acknowledge !== 'function') return socket.disconnect(true);
    act(channel);
    acknowledge();
  });
  onChannel('subscribe', (channel) => socket.join(channel));
  onChannel('unsubscribe', (channel) => socket.leave(channel));
});

// Closes a connection that is too far behind. Engine.IO keeps packets while earlier ones are written.
function limitQueue(connection) {
  const webSocket = connection.transport.socket;
  let kept = 0;
  connection.on('flush', () => { kept = 0; });
  connection.on('packetCreate', ({ data = '' }) => {
    kept += data.length;
    if (kept + webSocket.bufferedAmount > QUEUE_BYTES_MAX) webSocket.terminate();
  });
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
  if (Buffer.byteLength(JSON.stringify(data)) > DATA_BYTES_MAX) return 400;
  io.to(channel).emit('message', { channel, data });
  return 200;
}

function parse(buffer) {
  try {
    return JSON.parse(buffer.toString());
  } catch {
    return undefined;
  }
}

function count(channel) {
  return io.of('/').adapter.rooms.get(channel)?.size ?? 0;
}

await Promise.all([publisher?.ping(), subscriber?.ping()]);
server.listen(PORT, '127.0.0.1');
