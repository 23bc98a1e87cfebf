// The page of a folder of .sql files, to read and to try: node sql_page.js BINARY FOLDER_FOR_SCREENSHOTS
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { signedToken } from '../lib/jwt.mjs';
import { Server } from '../lib/server.mjs';
import { step } from './step.mjs';

const [binary, screenshots] = process.argv.slice(2);
const WAIT_MS = 20_000;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const KEY = 'a secret of thirty-two bytes, yes';
const FILES = {
  'migrations/0001_things.sql':
    "create table things (id integer primary key, name text not null, owner text); insert into things values (9007199254740993, 'a', 'ann');",
  'things.get.sql': '-- All things.\n-- @auth none\n-- @page limit=10\nselect id, name from things order by id',
  'things.post.sql':
    '-- Adds a thing.\n-- @auth claims:sub\n-- @rows one\n-- @param name text!\n-- @param sub text claim\n' +
    'insert into things (name, owner) values (:name, :sub) returning name, owner',
  'things/[id].get.sql': '-- One thing.\n-- @auth none\n-- @rows one\n-- @param id int!\nselect id, name from things where id = :id',
  'wrong.get.sql': '-- @auth none\nselect nothing from things',
};

async function served(server) {
  for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
    const answer = await fetch(`${server.url}/rest/things`);
    if (answer.ok) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`the endpoints are not served:\n${server.log}`);
}

async function run(browser, server) {
  const complaints = [];
  const asked = [];
  const page = await browser.newPage({ viewport: { width: 1180, height: 900 } });
  page.setDefaultTimeout(WAIT_MS);
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A status that the form shows itself.
    if (message.type() === 'error' && !/status of 40[14]/.test(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => asked.push(request.url()));
  const endpoint = async (id) => {
    const found = page.locator(`#${id}`);
    if (!(await found.evaluate((details) => details.open))) await found.locator('summary').click();
    return found;
  };
  const send = async (at, wanted) => {
    await at.getByRole('button', { name: 'Send' }).click();
    await at.locator('.answer .status', { hasText: wanted }).waitFor();
    return (await at.locator('.answer pre').textContent()) ?? '';
  };

  await step('the page lists the endpoints, and those that are not served with their reason', async () => {
    await page.goto(`${server.url}/rest/`);
    await page.locator('#note', { hasText: '3 endpoints' }).waitFor();
    const broken = await page.locator('#broken').textContent();
    assert.match(broken, /GET \/wrong/);
    assert.match(broken, /wrong\.get\.sql:2:8/);
  });
  await step('a read is sent, and its numbers are shown to the letter', async () => {
    const things = await endpoint('get_things');
    assert.match(await send(things, '200'), /9007199254740993/);
    assert.match(await things.locator('.headers').textContent(), /content-range: 0-0\/\*/);
  });
  await step('a path parameter is filled in, and a row that is not there says so', async () => {
    const one = await endpoint('get_things_id');
    await one.getByLabel('id').fill('9007199254740993');
    assert.match(await send(one, '200'), /"name": "a"/);
    await one.getByLabel('id').fill('7');
    assert.match(await send(one, '404'), /TM103/);
  });
  await step('a write needs a token, and happens once for an Idempotency-Key', async () => {
    const add = await endpoint('post_things');
    await add.getByLabel('name').fill('it\'s "new"');
    await send(add, '401');
    await page.getByLabel('Token').fill(signedToken({ sub: 'ann' }, KEY));
    await add.getByLabel('Idempotency-Key').fill('a key of a page'.replaceAll(' ', '-'));
    for (let i = 0; i < 2; ++i) assert.match(await send(add, '200'), /"owner": "ann"/);
    const rows = await (await fetch(`${server.url}/rest/things`)).json();
    assert.equal(rows.length, 2);
  });
  await step('the search narrows the list, and a link opens an endpoint', async () => {
    await page.getByLabel('Find').fill('post');
    await page.locator('#note', { hasText: '1 of 3 endpoints' }).waitFor();
    await page.goto(`${server.url}/rest/#get_things`);
    await page.reload();
    await page.locator('#get_things[open]').waitFor();
  });
  await page.screenshot({ path: `${screenshots}/sql.png`, fullPage: true });
  await step('nothing came from elsewhere, and the browser had nothing to complain about', () => {
    assert.deepEqual(asked.filter((url) => !url.startsWith(`${server.url}/rest`)), []);
    assert.deepEqual(complaints, []);
  });
}

const folder = mkdtempSync(join(tmpdir(), 'tidemill-page-'));
for (const [name, text] of Object.entries(FILES)) {
  mkdirSync(dirname(join(folder, 'queries', name)), { recursive: true });
  writeFileSync(join(folder, 'queries', name), text);
}
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
const server = await Server.start(binary, '--dev', `--queries.folder=${join(folder, 'queries')}`,
  `--storage.sqlite.path=${join(folder, 'page.db')}`, `--client.token.hmac_secret_key=${KEY}`);
let ended = false;
try {
  await served(server);
  await run(browser, server);
  ended = true;
} finally {
  await browser.close();
  await server.kill();
  if (!ended) console.log(`the server's log:\n${server.log.slice(-2000)}`);
  rmSync(folder, { recursive: true, force: true });
}
