// Who is subscribed to what in this process, and what they are sent.
import { Sender, WebSocket } from 'ws';

const QUEUE_BYTES_MAX = 1 << 20;
const FRAME = { fin: true, opcode: 1, mask: false, rsv1: false, readOnly: true };

export class Hub {
  // topics: channel -> { sockets, confirmed }; the sockets are answered once the topic is confirmed.
  topics = new Map();

  constructor(redis, tuned) {
    this.redis = redis;
    this.tuned = tuned;
    redis?.on('messageBuffer', (channel, payload) => this.deliver(channel.toString(), payload));
  }

  subscribe(socket, channel) {
    const topic = this.topics.get(channel) ?? this.open(channel);
    topic.sockets.add(socket);
    if (topic.confirmed) answer(socket, 'subscribed', channel);
  }

  open(channel) {
    const topic = { sockets: new Set(), confirmed: !this.redis };
    this.topics.set(channel, topic);
    this.redis?.subscribe(channel).then(() => {
      topic.confirmed = true;
      for (const socket of topic.sockets) answer(socket, 'subscribed', channel);
    });
    return topic;
  }

  unsubscribe(socket, channel) {
    const topic = this.topics.get(channel);
    if (!topic?.sockets.delete(socket) || topic.sockets.size > 0) return;
    this.topics.delete(channel);
    this.redis?.unsubscribe(channel);
  }

  deliver(channel, payload) {
    const topic = this.topics.get(channel);
    if (!topic?.confirmed) return;
    if (this.tuned) {
      const frame = Buffer.concat(Sender.frame(payload, FRAME));
      for (const socket of topic.sockets) if (ready(socket, frame)) socket._socket.write(frame);
    } else {
      for (const socket of topic.sockets) if (ready(socket, payload)) socket.send(payload, { binary: false });
    }
  }

  count(channel) {
    return this.topics.get(channel)?.sockets.size ?? 0;
  }
}

export function answer(socket, what, channel) {
  const payload = Buffer.from(JSON.stringify({ [what]: channel }));
  if (ready(socket, payload)) socket.send(payload, { binary: false });
}

// A client that is too far behind is closed.
function ready(socket, payload) {
  if (socket.readyState !== WebSocket.OPEN) return false;
  if (socket.bufferedAmount + payload.length <= QUEUE_BYTES_MAX) return true;
  socket.terminate();
  return false;
}
