// Does what tests/sdks/driver.py asks for: lines of JSON in and out.
import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { channelOf, targetOf, Tidemill } from '../dist/index.js';

const QUICK = { minReconnectDelay: 20, maxReconnectDelay: 100, timeout: 10_000 };
const clients = new Map();
const followed = new Map();

const numbers = new WeakMap();
let count = 0;
function numberOf(row) {
  if (!numbers.has(row)) numbers.set(row, ++count);
  return numbers.get(row);
}

/** A live query, as an application has it. */
class Query {
  constructor(query) {
    this.query = query;
    this.end = query.subscribe(() => {});
  }

  get answer() {
    const { status, rows, error } = this.query.getSnapshot();
    return { status, rows, objects: rows.map(numberOf), code: error?.code };
  }
}

const shown = ({ text, deleted_at, reactions }) =>
  deleted_at ? '(deleted)' : [text, ...reactions.map(({ emoji }) => emoji)].join(' ');

/** A room, put together from its events; what the SDK has put together itself must be the same. */
class RoomLog {
  #messages = new Map();
  #version = 0;
  #pages = 0;
  #gaps = 0;

  constructor(room) {
    this.room = room;
    this.end = room.onEvent((event) => this.#take(event));
  }

  #take({ type, version, data }) {
    if (type === 'room.page') {
      this.#pages++;
      this.#messages = new Map(data.messages.map((message) => [message.id, message]));
    } else if (version !== this.#version + 1) this.#gaps++;
    this.#version = version;
    if (data.message) this.#messages.set(data.message.id, data.message);
    if (type.startsWith('reaction.')) {
      const message = this.#messages.get(data.message_id);
      this.#messages.set(message.id, { ...message, reactions: data.reactions });
    }
  }

  get answer() {
    const { status, messages, error } = this.room.messages.getSnapshot();
    const own = [...this.#messages.values()].filter(({ type }) => type === 'text').map(shown);
    const theirs = messages.filter(({ type }) => type === 'text').map(shown);
    const texts = JSON.stringify(own) === JSON.stringify(theirs) ? own : { own, theirs };
    return { status, texts, pages: this.#pages, gaps: this.#gaps, code: error?.code };
  }
}

const does = {
  connect({ as, url, token }) {
    const getToken = token ? { getToken: async () => token } : {};
    clients.set(as, new Tidemill(url, { ...getToken, client: { ...QUICK, websocket: WebSocket } }));
  },
  name: ({ endpoint, params, user }) => ({ channel: channelOf(targetOf(endpoint, params), user) }),
  live: ({ as, of, endpoint, params, everybody }) => void followed.set(as, new Query(clients.get(of).live(endpoint, params, { everybody }))),
  room: ({ as, of, room }) => void followed.set(as, new RoomLog(clients.get(of).chat.room(room))),
  rows: ({ as }) => followed.get(as).answer,
  texts: ({ as }) => followed.get(as).answer,
  async send({ as, text, client_msg_id }) {
    const options = client_msg_id ? { clientMsgId: client_msg_id } : {};
    return { message: (await followed.get(as).room.send(text, options)).id };
  },
  edit: ({ as, message, text }) => followed.get(as).room.edit(message, text).then(() => {}),
  delete: ({ as, message }) => followed.get(as).room.delete(message),
  react: ({ as, message, emoji, on }) => followed.get(as).room.react(message, emoji, on),
  end: ({ as }) => followed.get(as).end(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: what, ...asked } = JSON.parse(line);
  const answer = (more) => process.stdout.write(`${JSON.stringify({ id, ...more })}\n`);
  Promise.resolve()
    .then(() => does[what](asked))
    .then(answer, (error) => answer({ code: error.code ?? -1, message: `${error.stack}` }));
}
for (const client of clients.values()) client.close();
