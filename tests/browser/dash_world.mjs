// A server with dashboards on a database, and somebody else who writes into that database.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { signedToken } from '../lib/jwt.mjs';
import { Server } from '../lib/server.mjs';
import { eventually, PASSWORD } from './chat_world.mjs';

const KEY = 'a secret of thirty-two bytes, yes';
const HOUR_S = 3600;
export const EVIL = '<img src=x onerror="window.xss=1"><script>window.xss=1</script>';
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

const FILES = {
  'sales/a_total.get.sql':
    '-- What was sold in all.\n-- @param region text = null "one of them; empty: all"\n-- @auth none\n-- @rows one\n-- @live\n' +
    '-- @chart number y=total unit=EUR title="Sold"\n-- @chart number y=sales before=some title="Sales"\n' +
    'select coalesce(sum(amount), 0) as total, count(*) as sales, 200 as some from sales where :region is null or region = :region',
  'sales/by_hour.get.sql':
    '-- Sales by hour.\n-- Each region is a line.\n-- @param region text = null "one of them; empty: all"\n-- @auth none\n-- @live key=hour,region\n' +
    '-- @chart line x=hour y=total series=region unit=EUR\n-- @chart area x=hour y=total,least title="All hours"\n' +
    'select hour, region, sum(amount) as total, min(amount) as least from sales where :region is null or region = :region group by hour, region order by hour, region',
  // Not live: it is asked again and again.
  'sales/by_region.get.sql':
    '-- Sales by region.\n-- @auth none\n-- @chart bar x=region y=total,most unit=EUR\n-- @chart pie x=region y=total title="Parts"\n' +
    'select region, sum(amount) as total, max(amount) as most from sales group by region order by region',
  'sales/latest.get.sql':
    '-- The latest sales.\n-- @param region text = null\n-- @auth none\n-- @live key=id\n-- @chart table\n' +
    'select id, hour, region, amount from sales where :region is null or region = :region order by id desc limit 500',
  'staff/rooms.get.sql': '-- Who sits where.\n-- @auth role:staff\n-- @live key=id\n-- @chart table\nselect id, region as secret_room from sales where id < 3',
  'mine/own.get.sql':
    '-- One\'s own.\n-- @param sub text! claim\n-- @auth claims:sub\n-- @live key=id\n-- @chart table\nselect id, text from notes where owner = :sub order by id',
  'ask/needs.get.sql':
    '-- Some of a region.\n-- @param region text!\n-- @param most int = 5 "how many"\n-- @auth none\n-- @chart table title="Some"\n' +
    'select id, amount from sales where region = :region and id <= :most order by id',
  'large/rows.get.sql':
    '-- A thousand rows.\n-- @auth none\n-- @live key=id\n-- @chart line x=id y=value\n-- @chart table title="All of them"\nselect id, value from large order by id',
  'evil/text.get.sql':
    `-- ${EVIL}\n-- @param region text = null "${EVIL.replaceAll('"', '""')}"\n-- @auth none\n-- @live key=id\n` +
    `-- @chart table title="${EVIL.replaceAll('"', '""')}"\n-- @chart pie x=${quoted(EVIL)} y=amount\n-- @chart bar x=${quoted(EVIL)} y=amount series=${quoted(EVIL)} unit="<b>"\n` +
    `select id, text as ${quoted(EVIL)}, amount from evil where :region is null or text = :region order by id`,
};

const TABLES = (time) => `
create table sales (id integer primary key, region text not null, hour ${time} not null, amount integer);
create table notes (id integer primary key, owner text not null, text text not null);
create table large (id integer primary key, value integer not null);
create table evil (id integer primary key, text text not null, amount integer not null);`;

function rows() {
  const hours = [...Array(48).keys()];
  const sales = hours.flatMap((hour) => ['north', 'south', 'west'].map((region, at) => [hour * 3 + at + 1, region, hour, 5 + ((hour * 7 + at * 11) % 40)]));
  const time = (hour) => new Date(Date.UTC(2026, 10, 26) + hour * HOUR_S * 1000).toISOString();
  const values = (list) => list.map((row) => `(${row.map((each) => (typeof each === 'number' ? each : each === null ? 'null' : `'${each.replaceAll("'", "''")}'`)).join(', ')})`).join(', ');
  return `insert into sales values ${values(sales.map(([id, region, hour, amount]) => [id, region, time(hour), id === 20 ? null : amount]))};
insert into notes values (1, 'ann', 'of ann'), (2, 'bob', 'of bob');
insert into large values ${values([...Array(1000).keys()].map((id) => [id, (id * 37) % 500]))};
insert into evil values ${values([EVIL, "'; drop table sales; --", 'javascript:alert(1)', '\u202egnp.exe', '{{7*7}}', '</script><svg onload=alert(1)>'].map((text, id) => [id, text, id + 1]))};`;
}

export class DashWorld {
  /** `postgres`: its port; undefined: on SQLite. */
  static async start(binary, postgres) {
    const world = new DashWorld();
    Object.assign(world, { binary, postgres, folder: mkdtempSync(join(tmpdir(), 'tidemill-dash-')), options: [] });
    world.file = join(world.folder, 'dash.db');
    for (const [name, text] of Object.entries(FILES)) world.write(name, text);
    if (postgres) world.sql('create role staff');
    world.sql(TABLES(postgres ? 'timestamptz' : 'text'));
    world.sql(rows());
    if (postgres) world.sql('grant select on all tables in schema public to staff');
    await world.startServer();
    return world;
  }

  write(name, text) {
    const path = join(this.folder, 'queries', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Of another process, in one transaction. */
  sql(text) {
    if (this.postgres) {
      return execFileSync('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', '--host=127.0.0.1', `--port=${this.postgres}`, '--username=postgres', '--dbname=dash', `--command=${text}`]);
    }
    const program = 'import sqlite3,sys\nc=sqlite3.connect(sys.argv[1],timeout=20)\nc.executescript("begin immediate;"+sys.argv[2].rstrip().rstrip(";")+";commit;")';
    return execFileSync('python3', ['-c', program, this.file, text]);
  }

  async startServer(anonymous = true) {
    const where = this.server ? [`--http_server.listen=${this.server.address}`] : [];
    this.server = await Server.start(
      this.binary, this.postgres ? `--storage.postgres.url=postgres://postgres@127.0.0.1:${this.postgres}/dash` : `--storage.sqlite.path=${this.file}`,
      `--queries.folder=${join(this.folder, 'queries')}`, `--client.token.hmac_secret_key=${KEY}`,
      `--client.allow_anonymous_connect_without_token=${anonymous}`, '--accounts.enabled=true', '--chat.enabled=true', ...where,
    );
    await eventually('the dashboards are served', async () => {
      const answer = await fetch(`${this.server.url}/rest/dashboards.json`).catch(() => undefined);
      return answer?.ok && (await answer.json()).dashboards.length > 0;
    });
  }

  get url() {
    return this.server.url;
  }

  get page() {
    return `${this.url}/dash/`;
  }

  token(claims, seconds = HOUR_S) {
    return signedToken({ iat: Math.floor(Date.now() / 1000) - 1, exp: Math.floor(Date.now() / 1000) + seconds, ...claims }, KEY);
  }

  /** Somebody with an account: the owner, whose id it gives. */
  async owner(username) {
    const token = await eventually('the link of the owner is logged', async () => [...this.server.readLog().matchAll(/#\/setup\?token=([\w-]+)/g)].at(-1)?.[1]);
    const answer = await fetch(`${this.url}/accounts/v1/setup`, {
      method: 'POST', headers: { Origin: this.url, 'Content-Type': 'application/json' }, body: JSON.stringify({ token, username, name: 'An Owner', password: PASSWORD }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const [cookie] = answer.headers.getSetCookie();
    const me = await (await fetch(`${this.url}/accounts/v1/me`, { headers: { Cookie: cookie.split(';')[0] } })).json();
    return me.user.id;
  }

  async end() {
    await this.server.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
