// What the benchmark of stores asks, through postgres.js: README.md beside this folder says what each mode does.
//
// It pipelines by itself: queries that wait for a connection share those there are.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import postgres from 'postgres';

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    mode: text, host: text, port: text, user: text, database: text, sql: text,
    'in-flight': { ...text, default: '1' }, connections: { ...text, default: '1' },
    seconds: { ...text, default: '1' }, 'warm-up': { ...text, default: '0.5' }, ids: { ...text, default: '1' },
  },
});
const [inFlight, connections, seconds, warmUp, ids] =
  ['in-flight', 'connections', 'seconds', 'warm-up', 'ids'].map((name) => Number(options[name]));

const sql = postgres({
  ...(options.host.startsWith('/') ? { path: `${options.host}/.s.PGSQL.${options.port}` } : { host: options.host }),
  port: Number(options.port), user: options.user, database: options.database, max: connections,
  // Numbers, as the others have them.
  types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
});

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function statusKiB(field) {
  return Number(fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${field}:\\s+(\\d+)`, 'm'))[1]);
}

async function one(id) {
  const [row] = await sql.unsafe(options.sql, [id], { prepare: true });
  if (row.id !== id) throw new Error('an answer to another question');
  return JSON.stringify(row);
}

async function lookup() {
  const from = performance.now() + warmUp * 1000;
  const until = from + seconds * 1000;
  let [queries, bytes, begun, cpuFrom] = [0, 0, 0, 0];
  await Promise.all(Array.from({ length: inFlight }, async () => {
    for (;;) {
      const json = await one(1 + Math.floor(Math.random() * ids));
      const now = performance.now();
      if (now > until) return;
      if (now < from) continue;
      if (!begun) [begun, cpuFrom] = [now, cpuSeconds()];
      queries += 1;
      bytes += json.length;
    }
  }));
  const measured = (performance.now() - begun) / 1000;
  return { queries, seconds: measured, cpu_seconds: cpuSeconds() - cpuFrom, json_bytes: bytes };
}

async function stream() {
  const [begun, cpuBegun] = [performance.now(), cpuSeconds()];
  let [rows, bytes] = [0, 0];
  for await (const piece of sql.unsafe(options.sql).cursor(1000)) {
    for (const row of piece) {
      rows += 1;
      bytes += JSON.stringify(row).length + 1;
    }
  }
  return { rows, seconds: (performance.now() - begun) / 1000, cpu_seconds: cpuSeconds() - cpuBegun, json_bytes: bytes,
    peak_kib: statusKiB('VmHWM') };
}

async function idle() {
  const held = [];
  for (let at = 0; at < connections; at += 1) held.push(await sql.reserve());
  await Promise.all(held.map((connection) => connection.unsafe(options.sql, [1], { prepare: true })));
  for (const connection of held) connection.release();
  held.length = 0;
  globalThis.gc();
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  globalThis.gc();
  return { anonymous_kib: statusKiB('RssAnon') };
}

async function check() {
  for (let id = 1; id <= ids; id += 1) console.log(await one(id));
}

const modes = { lookup, stream, idle, check };
const result = await modes[options.mode]();
if (result) console.log(JSON.stringify(result));
await sql.end({ timeout: 1 });
