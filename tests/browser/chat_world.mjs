// A server with accounts and chat, the people of it, and what they wrote; and somebody's browser before it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from '../lib/server.mjs';

const WAIT_MS = 30_000;
const DAY_S = 86_400;
export const PASSWORD = 'a long enough sentence';

export async function eventually(what, holds) {
  let last;
  for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
    last = await holds();
    if (last) return last;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what}: it did not come to that`);
}

/** One who calls the server as a page would, without one. */
class Person {
  constructor(world, username) {
    this.world = world;
    this.username = username;
  }

  async call(method, path, body) {
    const headers = { Origin: this.world.url, 'Content-Type': 'application/json', ...(this.cookie ? { Cookie: this.cookie } : {}) };
    const response = await fetch(`${this.world.url}/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), { status: response.status });
    const [cookie] = response.headers.getSetCookie();
    if (cookie) this.cookie = cookie.split(';')[0];
    return text ? JSON.parse(text) : {};
  }

  chat(method, path, body) {
    return this.call(method, `chat/v1/${path}`, body);
  }

  async say(room, text, more = {}) {
    return (await this.chat('POST', `rooms/${room}/messages`, { text, client_msg_id: `t${++this.world.ids}`, ...more })).message;
  }

  /** The cookie of the session, as Playwright takes it. */
  get cookies() {
    const [name, value] = this.cookie.split(/=(.*)/s);
    return [{ name, value, url: this.world.url }];
  }
}

export class World {
  ids = 0;
  people = new Map();

  static async start(binary) {
    const world = new World();
    world.binary = binary;
    world.folder = mkdtempSync(join(tmpdir(), 'tidemill-chat-'));
    await world.startServer();
    return world;
  }

  async startServer() {
    const where = this.server ? [`--http_server.listen=${this.server.address}`] : [];
    // Sends of a test come faster than those of people.
    const limits = ['--chat.sends_per_second=1000', '--chat.sends_burst=1000', '--chat.calls_per_second=2000', '--chat.calls_burst=5000'];
    this.server = await Server.start(
      this.binary, '--chat.enabled=true', '--accounts.enabled=true', '--accounts.logins_per_address=1000', `--storage.sqlite.path=${join(this.folder, 'chat.db')}`, ...limits, ...where,
    );
    await eventually('it is ready', async () => (await fetch(`${this.url}/accounts/v1/status`).catch(() => undefined))?.ok);
  }

  /** As a crash would end it. */
  killServer() {
    return this.server.kill();
  }

  get url() {
    return this.server.url;
  }

  get page() {
    return `${this.url}/chat/`;
  }

  /** The link that makes the owner; each start logs one while there is none. */
  ownerToken() {
    return eventually('the link of the owner is logged', async () => [...this.server.readLog().matchAll(/chat\/#\/setup\?token=([\w-]+)/g)].at(-1)?.[1]);
  }

  async owner(username, name) {
    return this.enter(username, name, 'setup', await this.ownerToken());
  }

  async joins(username, name, role = 'member') {
    const [owner] = this.people.values();
    const { invite } = await owner.call('POST', 'accounts/v1/invites', { role, uses: 1, expires_in_s: DAY_S });
    return this.enter(username, name, 'join', new URLSearchParams(invite.url.split('?')[1]).get('token'));
  }

  async enter(username, name, by, token) {
    const person = new Person(this, username);
    await person.call('POST', `accounts/v1/${by}`, { token, username, name, password: PASSWORD });
    this.people.set(username, person);
    person.id = (await person.chat('GET', 'sync')).me.id;
    return person;
  }

  async logIn(username) {
    const person = new Person(this, username);
    await person.call('POST', 'accounts/v1/login', { username, password: PASSWORD });
    this.people.set(username, person);
    person.id = (await person.chat('GET', 'sync')).me.id;
    return person;
  }

  async room(by, name, members = [], more = {}) {
    const { room } = await by.chat('POST', 'rooms', { type: 'channel', private: false, name, ...more });
    if (members.length > 0) await by.chat('POST', `rooms/${room.id}/members`, { user_ids: members.map(({ id }) => id) });
    return room.id;
  }

  async end() {
    await this.server.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
