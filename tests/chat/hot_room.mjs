// One hot room: acknowledged sends per second of many clients. Used by hand, against a release build:
//   node hot_room.mjs ADDRESS ROOM SECONDS TOKEN…       one client for each token
import { connect } from 'node:net';

const [address, room, seconds, ...tokens] = process.argv.slice(2);
const [host, port] = address.split(':');
const run = Date.now().toString(36);
const times = [];
let acknowledged = 0;
let refused = 0;

function client(token, name) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(port), noDelay: true });
    let number = 0;
    let begun = 0;
    let text = '';
    const send = () => {
      if (performance.now() > deadline) return socket.end(resolve);
      const body = JSON.stringify({ text: `message ${number} of ${name}`, client_msg_id: `${run}-${name}-${number++}` });
      begun = performance.now();
      socket.write(`POST /chat/v1/rooms/${room}/messages HTTP/1.1\r\nHost: ${address}\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      text += chunk;
      const head = text.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)[1]);
      if (Buffer.byteLength(text) < head + 4 + length) return;
      if (text.startsWith('HTTP/1.1 201')) acknowledged++;
      else refused++;
      times.push(performance.now() - begun);
      text = '';
      send();
    });
  });
}

const start = performance.now();
const deadline = start + Number(seconds) * 1000;
await Promise.all(tokens.map((token, index) => client(token, `c${index}`)));
const took = (performance.now() - start) / 1000;
times.sort((a, b) => a - b);
const at = (share) => times[Math.floor(times.length * share)]?.toFixed(1);
console.log(JSON.stringify({ clients: tokens.length, per_second: Math.round(acknowledged / took), refused, p50_ms: at(0.5), p99_ms: at(0.99) }));
