// A client of the Centrifuge protocol over WebSocket that can stop reading: what a slow one looks like to the server.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

const WAIT_MS = 20_000;

// A text frame of a client (RFC 6455 section 5.2); the mask is zero.
function frameOf(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.from([0x81, 0x80 | payload.length]) : Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

export class RawClient {
  received = '';
  closed = false;

  // Connected with this token; "": as nobody.
  static async connect(address, token, name = 'raw') {
    const client = new RawClient();
    const [host, port] = address.split(':');
    client.socket = connect({ host, port: Number(port) });
    await once(client.socket, 'connect');
    client.socket.on('data', (data) => (client.received += data.toString('latin1')));
    client.socket.on('close', () => (client.closed = true));
    client.socket.on('error', () => (client.closed = true));
    client.socket.write(
      `GET /connection/websocket HTTP/1.1\r\nHost: ${address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    await client.until(() => client.received.includes('\r\n\r\n'), 'the handshake');
    await client.command({ id: 1, connect: { token, name, version: '1.2.3' } });
    client.id = /"client":"([^"]+)"/.exec(client.received)?.[1];
    return client;
  }

  async subscribe(channel, options = {}) {
    await this.command({ id: ++this.last, subscribe: { channel, ...options } });
  }

  last = 1;

  send(command) {
    this.socket.write(frameOf(JSON.stringify(command)));
  }

  async command(command) {
    this.send(command);
    await this.until(() => this.received.includes(`{"id":${command.id},`), `the answer to ${JSON.stringify(command)}`);
    const answer = this.received.slice(this.received.lastIndexOf(`{"id":${command.id},`));
    if (answer.startsWith(`{"id":${command.id},"error"`)) throw new Error(`${JSON.stringify(command)}: ${answer}`);
  }

  async until(holds, what) {
    for (const end = Date.now() + WAIT_MS; Date.now() < end; ) {
      if (holds()) return;
      if (this.closed) break;
      await new Promise((done) => setTimeout(done, 10));
    }
    throw new Error(`${what} did not come: ${this.received.slice(-500)}`);
  }

  stopReading() {
    this.socket.pause();
  }

  end() {
    this.socket.destroy();
  }
}
