// The SQL benchmark's service in Fastify and postgres.js; README.md beside this folder says what it does.
import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import jwt from '@fastify/jwt';
import { LRUCache } from 'lru-cache';
import postgres from 'postgres';

const columns = ['id', 'name', 'status', 'quantity', 'score', 'active', 'note', 'created'];
const asText = (oid) => ({ to: oid, from: [oid], parse: (text) => text, serialize: (value) => value });
const asNumber = (oid) => ({ to: oid, from: [oid], parse: Number, serialize: String });
const sql = postgres(process.env.DATABASE_URL, {
  max: Number(process.env.POOL),
  types: {
    bigint: asNumber(20),
    numeric: asNumber(1700),
    date: asText(1082),
    bytea: { to: 17, from: [17], parse: (text) => Buffer.from(text.slice(2), 'hex').toString('base64'), serialize: String },
  },
});

const integer = { type: 'integer' };
const number = { type: 'number' };
const text = { type: 'string' };
const boolean = { type: 'boolean' };
const object = (properties) => ({ type: 'object', properties });
const list = (items) => ({ type: 'array', items });
const item = { id: integer, name: text, status: text, quantity: integer, score: number, active: boolean,
  note: { type: 'string', nullable: true }, created: { type: 'string', format: 'date-time' } };
const callersItem = { ...item, role: text, caller: text };
const types = {
  id: integer, small: integer, big: integer, exact: number, single: number, twice: number, yes: boolean, words: text,
  short: text, fixed: text, day: text, moment: { type: 'string', format: 'date-time' },
  instant: { type: 'string', format: 'date-time' }, uid: text, bytes: text, doc: {}, docb: {}, feeling: text,
  numbers: list(integer), names: list(text), flags: list(boolean), halves: list(number), address: text,
};
const id = object({ id: integer });

const app = Fastify({ forceCloseConnections: true });
app.register(jwt, { secret: process.env.JWT_SECRET, verify: { algorithms: ['HS256'] } });

async function authenticate(request, reply) {
  await request.jwtVerify();
  if (request.user.role !== 'web') reply.code(403).send({ message: 'the token lacks the role' });
}

function found([row]) {
  if (row) return row;
  throw Object.assign(new Error('there is no row'), { statusCode: 404 });
}

// The statement in a transaction that has the caller's role and claims; both go out together.
async function as(user, mode, statement) {
  const [, rows] = await sql.begin(mode, (tx) => [
    tx`select set_config('role', ${user.role}, true), set_config('request.jwt.claims', ${JSON.stringify(user)}, true)`,
    statement(tx),
  ]);
  return rows;
}

const itemOf = (user, itemId) => as(user, 'read only', (tx) => tx`select ${tx(columns)}, current_user::text as role,
  current_setting('request.jwt.claims', true)::json ->> 'sub' as caller from items where id = ${itemId}`);

// Answers are kept for a minute; callers who come while one is made wait for it.
const answers = new LRUCache({ max: 50_000, ttl: 60_000, fetchMethod: async (key, stale, { context }) => {
  const body = JSON.stringify(await context());
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
} });

async function shared(request, reply, key, make) {
  const { body, etag } = await answers.fetch(key, { context: make });
  reply.header('etag', etag);
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.type('application/json').send(body);
}

app.register(async (routes) => {
  routes.get('/items/:id', { onRequest: authenticate, schema: { params: id, response: { 200: object(callersItem) } } },
    async (request) => found(await itemOf(request.user, request.params.id)));

  routes.get('/items', { schema: { querystring: { ...object({ after: integer }), required: ['after'] },
    response: { 200: list(object(item)) } } },
  async (request) => sql`select ${sql(columns)} from items where id > ${request.query.after} order by id limit 100`);

  routes.get('/types/:id', { schema: { params: id, response: { 200: object(types) } } },
    async (request) => found(await sql`select ${sql(Object.keys(types))} from types where id = ${request.params.id}`));

  routes.post('/orders', { onRequest: authenticate, schema: {
    body: { ...object({ item: integer, quantity: integer }), required: ['item', 'quantity'] },
    response: { 200: object({ id: integer, item: integer, quantity: integer, buyer: text }) } } },
  async (request) => found(await as(request.user, 'read write', (tx) => tx`insert into orders (item, quantity, buyer) values
    (${request.body.item}, ${request.body.quantity}, current_setting('request.jwt.claims', true)::json ->> 'sub')
    returning id, item, quantity, buyer`)));

  routes.get('/cached/:id', { onRequest: authenticate, schema: { params: id } }, (request, reply) => shared(request, reply,
    `${request.user.sub} ${request.params.id}`, async () => found(await itemOf(request.user, request.params.id))));

  routes.get('/report/:modulus', { schema: { params: object({ modulus: integer }) } }, (request, reply) => shared(request,
    reply, `report ${request.params.modulus}`, () => sql`select status, count(*) as items, sum(quantity) as quantity
      from items where id % ${request.params.modulus} = 0 group by status order by status`));

  routes.get('/gate/:id', { schema: { params: id, response: { 200: object({ id: integer, name: text }) } } },
    async (request) => found(await sql`select id, name from gate where id = ${request.params.id}`));
}, { prefix: '/rest' });

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT), backlog: 16384 });
process.on('SIGTERM', () => process.exit(0));
