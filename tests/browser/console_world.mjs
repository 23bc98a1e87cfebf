// A server with something of everything: clients, one of them slow, jobs in every state, schedules, a batch, a sequence that
// stands still, SQL endpoints, an outbox with an entry that cannot leave; and names that would be markup.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { signedToken } from '../lib/jwt.mjs';
import { Server } from '../lib/server.mjs';
import { RawClient } from './raw_client.mjs';

export const KEY = 'console-test-key';
export const JOBS_KEY = 'console-test-jobs-key';
const SECRET = 'a secret of thirty-two bytes, yes';
const WAIT_MS = 60_000;

// Would run, or load, if it became markup anywhere.
export const HOSTILE = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>';
export const PASSWORD = 'correct horse battery';
export const BIG = '9007199254740993';

const FILES = {
  'say.post.sql': "-- @auth none\n-- @rows one\n-- @param channel text!\nselect tidemill_publish(:channel, '{\"text\": \"late\"}') as id",
  'migrations/0001_things.sql': 'create table things (id integer primary key, name text not null);',
  'things.get.sql': '-- All things.\n-- @auth none\n-- @live key=id\nselect id, name from things order by id',
  'numbers.get.sql': '-- Numbers.\n-- @auth none\nselect 1 as one',
};

export const tokenOf = (claims, secret = SECRET) => signedToken(claims, secret);

export async function eventually(what, holds) {
  let last;
  for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
    last = await holds();
    if (last) return last;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${what}: it did not come to that`);
}

export class World {
  clients = [];

  static async start(binary, ...more) {
    const world = new World();
    world.folder = mkdtempSync(join(tmpdir(), 'tidemill-console-'));
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(world.folder, 'queries', name)), { recursive: true });
      writeFileSync(join(world.folder, 'queries', name), text);
    }
    world.server = await Server.start(
      binary, '--dev', `--http_api.key=${KEY}`, `--http_api.jobs_key=${JOBS_KEY}`, `--client.token.hmac_secret_key=${SECRET}`,
      `--queries.folder=${join(world.folder, 'queries')}`, `--storage.sqlite.path=${join(world.folder, 'console.db')}`,
      '--client.queue_max_size=67108864', '--client.ping_interval=1h', '--channel.namespaces.scores.subscription_type=map', '--channel.namespaces.scores.map.mode=persistent',
      '--channel.namespaces.bare.allow_subscribe_for_client=true', '--jobs.faktory.listen=127.0.0.1:0', ...more,
    );
    return world;
  }

  // No pillar but realtime channels, and no metrics.
  static async startBare(binary, ...options) {
    const world = new World();
    world.server = await Server.start(binary, ...options, `--http_api.key=${KEY}`, '--prometheus.enabled=false');
    return world;
  }

  get url() {
    return this.server.url;
  }

  // `params`: an object, or JSON as it stands.
  async api(method, params = {}, key = KEY) {
    const response = await fetch(`${this.url}/api/${method}`, {
      method: 'POST',
      headers: { 'X-API-Key': key },
      body: typeof params === 'string' ? params : JSON.stringify(params),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method}: ${response.status} ${text}`);
    const answer = JSON.parse(text);
    if (answer.error) throw Object.assign(new Error(`${method}: ${text}`), { code: answer.error.code });
    return answer.result;
  }

  async stateOf(jid) {
    try {
      return (await this.api('jobs_get', { jid })).state;
    } catch (error) {
      if (error.code === 104) return 'unknown';
      throw error;
    }
  }

  async connect(user, channels = []) {
    const client = await RawClient.connect(this.server.address, tokenOf({ sub: user, exp: Math.floor(Date.now() / 1000) + 3600 }), 'console-test');
    for (const channel of channels) await client.subscribe(channel);
    this.clients.push(client);
    return client;
  }

  async fill() {
    await this.fillChannels();
    await this.fillJobs();
    await this.fillOutbox();
    await this.fillPeople();
  }

  // A call of the accounts' routes, as a page of this server makes it. Gives the answer and the cookie.
  async account(method, path, body, cookie = '') {
    const response = await fetch(`${this.url}/accounts/v1/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Origin: this.url, Cookie: cookie },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return { answer: text && JSON.parse(text), cookie: response.headers.getSetCookie().map((each) => each.split(';')[0]).join('; ') };
  }

  // An owner, whoever has a role in the console, a member who has none, and somebody with a name that would be markup.
  async fillPeople() {
    const { url } = await this.api('accounts_owner_link');
    const account = (username) => ({ username, name: username === 'mallory' ? HOSTILE : username, password: PASSWORD });
    const { cookie } = await this.account('POST', 'setup', { token: url.split('token=')[1], ...account('olga') });
    for (const username of ['vera', 'otto', 'ada', 'member', 'mallory']) {
      const { answer } = await this.account('POST', 'invites', { role: 'member' }, cookie);
      await this.account('POST', 'join', { token: answer.invite.url.split('token=')[1], ...account(username) });
    }
    for (const [username, role] of [['vera', 'viewer'], ['otto', 'operator'], ['ada', 'admin'], ['mallory', 'operator']]) {
      await this.api('accounts_change', { username, console: role });
    }
    const mallory = await this.account('POST', 'login', { username: 'mallory', password: PASSWORD });
    await fetch(`${this.url}/api/publish`, {
      method: 'POST',
      headers: { Origin: this.url, Cookie: mallory.cookie },
      body: JSON.stringify({ channel: `demo:${HOSTILE}`, data: {} }),
    });
  }

  async fillChannels() {
    this.ann = await this.connect('ann', ['demo:chat', 'demo:news']);
    this.hostile = await this.connect(HOSTILE, [`demo:${HOSTILE}`]);
    this.slow = await this.connect('slow-reader', ['demo:firehose']);
    await this.api('publish', `{"channel":"demo:chat","data":{"text":${JSON.stringify(HOSTILE)},"big":${BIG}},"tags":{"kind":"test"}}`);
    for (let i = 0; i < 4; i++) await this.api('publish', { channel: 'demo:chat', data: { text: `message ${i}` } });
    await this.api('map_publish', { channel: 'scores:game', key: HOSTILE, data: { points: 7 } });
    await this.api('map_publish', { channel: 'scores:game', key: 'ann', data: { points: 12 } });
    this.slow.stopReading();
    const data = 'x'.repeat(60_000);
    await eventually('bytes wait for the slow reader', async () => {
      for (let i = 0; i < 10; i++) await this.api('publish', { channel: 'demo:firehose', data, skip_history: true });
      const { connections } = await this.api('connections', { user: 'slow-reader' });
      return Object.values(connections).some(({ queued_bytes: queued }) => queued > 200_000);
    });
  }

  async fail(queue, errtype, message) {
    const { jobs } = await this.api('jobs_fetch', { queues: [queue], worker: 'tester-1', wait: 5 });
    const backtrace = ['app/mail.rb:12 in deliver', `app/${HOSTILE}.rb:7 in call`];
    await this.api('jobs_fail', { jid: jobs[0].job.jid, errtype, message, backtrace });
    return jobs[0].job.jid;
  }

  async fillJobs() {
    const push = async (job) => (await this.api('jobs_push', typeof job === 'string' ? job : { args: [], ...job })).jid;
    this.dead = await push({ jobtype: 'email', queue: 'mail', args: ['ann@example.com'], retry: -1 });
    await this.fail('mail', 'SMTPError', 'mailbox full');
    this.dead2 = await push({ jobtype: 'email', queue: 'mail', args: ['bob@example.com'], retry: -1 });
    await this.fail('mail', 'SMTPError', 'mailbox full');
    this.failing = await push({ jobtype: HOSTILE, queue: 'mail', args: [HOSTILE], custom: { note: HOSTILE, retry_schedule: [3600] } });
    await this.fail('mail', HOSTILE, HOSTILE);
    this.working = await push({ jobtype: 'report', queue: 'reports', args: [2026], custom: { track: 1 } });
    await this.api('jobs_fetch', { queues: ['reports'], worker: 'tester-1', wait: 5 });
    const beat = () => this.api('jobs_beat', { worker: 'tester-1', hostname: 'worker-host', pid: 42, labels: ['node'] });
    await beat();
    this.beats = setInterval(() => void beat().catch(() => {}), 5000);
    await this.api('jobs_progress', { jid: this.working, percent: 40, desc: 'page 4 of 10' });
    this.queued = await push(`{"jobtype":"charge","queue":"billing","args":[${BIG},{"10":1,"2":1.10,"__proto__":{"x":1e400}}]}`);
    for (let i = 0; i < 4; i++) await push({ jobtype: 'resize', queue: 'images', args: [`photo-${i}.jpg`] });
    this.scheduled = await push({ jobtype: 'digest', queue: 'mail', at: new Date(Date.now() + 7200_000).toISOString() });
    const first = await push({ jobtype: 'transfer', queue: 'bank', args: [1], retry: -1, custom: { sequence_key: 'account-7' } });
    this.blocked = await push({ jobtype: 'transfer', queue: 'bank', args: [2], custom: { sequence_key: 'account-7' } });
    await this.fail('bank', 'Overdrawn', 'not enough');
    this.halting = first;
    this.waiting = await push({ jobtype: 'ship', queue: 'bank', custom: { signals: ['order-7-paid'] } });
    const { bid } = await this.api('jobs_batch_new', { description: 'import', success: { jobtype: 'report', args: [7] } });
    await push({ jobtype: 'row', queue: 'imports', custom: { bid } });
    await push({ jobtype: 'row', queue: 'imports', custom: { bid } });
    await this.api('jobs_batch_commit', { bid });
    await this.api('jobs_schedule_set', { name: 'nightly-report', schedule: '30 3 * * MON-FRI', zone: 'Europe/Berlin', job: { jobtype: 'report', args: ['daily'] } });
    await this.api('jobs_schedule_set', { name: 'each-hour', schedule: '@every 1h', job: { jobtype: 'tick', args: [HOSTILE] } });
    await this.api('jobs_limits_set', { queue: 'images', limits: { concurrency: 2 } });
  }

  async fillOutbox() {
    const say = (channel) => fetch(`${this.url}/rest/say`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ channel }) });
    await eventually('the endpoints are served', async () => (await say('demo:chat')).ok);
    for (const channel of ['nowhere:one', `nowhere:${HOSTILE}`]) await say(channel);
    await eventually('two entries are parked', async () => (await this.api('outbox_status')).parked === 2);
  }

  async end() {
    clearInterval(this.beats);
    for (const client of this.clients) client.end();
    await this.server.kill();
    if (this.folder) rmSync(this.folder, { recursive: true, force: true });
  }
}
