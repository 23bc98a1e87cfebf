// What one writes in Node for the same: a trigger that notifies for each row, LISTEN, the query again for the sensor
// that was named, and what has changed to those who follow it, over WebSocket.
import postgres from 'postgres';
import { WebSocketServer } from 'ws';

const sql = postgres(process.env.DATABASE_URL, { max: 4 });
const sensors = new Map();

class Sensor {
  followers = new Set();
  values = new Map();
  asking = null;
  again = false;

  constructor(number) {
    this.number = number;
  }

  /** One query at a time, and one more for what has changed meanwhile. */
  refresh() {
    if (this.asking) {
      this.again = true;
      return this.asking;
    }
    this.asking = this.ask().finally(() => {
      this.asking = null;
      if (this.again) {
        this.again = false;
        this.refresh();
      }
    });
    return this.asking;
  }

  async ask() {
    const rows = await sql`select id, value::int from readings where sensor = ${this.number} order by id`;
    const changed = rows.filter(({ id, value }) => this.values.get(id) !== value);
    for (const { id, value } of changed) this.values.set(id, value);
    if (changed.length === 0) return;
    const text = JSON.stringify({ sensor: this.number, rows: changed });
    for (const socket of this.followers) socket.send(text);
  }

  async add(socket) {
    if (this.values.size === 0) await this.refresh();
    const rows = [...this.values].map(([id, value]) => ({ id, value }));
    socket.send(JSON.stringify({ sensor: this.number, rows, first: true }));
    this.followers.add(socket);
  }
}

await sql.listen('readings', (number) => sensors.get(Number(number))?.refresh());

const server = new WebSocketServer({ port: Number(process.env.PORT), host: '127.0.0.1' });
server.on('connection', (socket) => {
  let followed = [];
  socket.on('message', (text) => {
    followed = JSON.parse(text).map((number) => {
      if (!sensors.has(number)) sensors.set(number, new Sensor(number));
      return sensors.get(number);
    });
    for (const sensor of followed) sensor.add(socket);
  });
  socket.on('close', () => {
    for (const sensor of followed) sensor.followers.delete(socket);
  });
});
