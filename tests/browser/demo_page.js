// The demo page as two visitors see it: node demo_page.js BINARY FOLDER_FOR_SCREENSHOTS
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { Server } from '../lib/server.mjs';
import { step } from './step.mjs';

const [binary, screenshots] = process.argv.slice(2);
const WAIT_MS = 20_000;
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

async function open(context, url, complaints, prepare = async () => {}) {
  const page = await context.newPage();
  await prepare(page);
  page.setDefaultTimeout(WAIT_MS);
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // While the server is away the browser says so itself.
    if (message.type() === 'error' && !/ERR_CONNECTION_REFUSED|WebSocket connection/.test(message.text())) {
      complaints.push(`console: ${message.text()}`);
    }
  });
  await page.goto(url);
  await connected(page);
  return page;
}

const connected = (page) => page.locator('#state[data-state=connected]').waitFor();
const shows = (page, text) => page.locator('.message p', { hasText: text }).first().waitFor();
const people = (page, count) =>
  page.waitForFunction((wanted) => document.querySelectorAll('#people .person').length === wanted, count);

// The page's first connection ends, as if the network broke, at its first command that says `word`.
async function breakOnce(page, word) {
  let broken = false;
  await page.routeWebSocket(/\/connection\/websocket$/, (client) => {
    const server = client.connectToServer();
    client.onMessage((message) => {
      if (broken || !message.includes(word)) return server.send(message);
      broken = true;
      server.close();
      client.close({ code: 1012 });
    });
  });
  return () => broken;
}

async function say(page, text) {
  await page.getByLabel('Your message').fill(text);
  await page.keyboard.press('Enter');
}

async function run(browser, started) {
  const complaints = [];
  const context = await browser.newContext({ viewport: { width: 1180, height: 760 } });
  let server = await Server.start(binary, '--dev');
  started.push(server);
  let one;
  let two;

  await step('two visitors connect, and the room is empty', async () => {
    one = await open(context, server.url, complaints);
    two = await open(context, server.url, complaints);
    await one.locator('#empty').waitFor();
  });
  await step('presence shows both', async () => {
    await people(one, 2);
    await people(two, 2);
  });
  await step('a message crosses, both ways and in order', async () => {
    await say(one, 'does the wheel turn?');
    await shows(two, 'does the wheel turn?');
    await say(two, 'it does');
    await shows(one, 'it does');
    for (const page of [one, two]) {
      assert.deepEqual(await page.locator('.message p').allTextContents(), ['does the wheel turn?', 'it does']);
    }
  });
  await step('markup in a message stays text', async () => {
    await say(one, '<img src=x onerror="window.hit=1"><b>bold</b>');
    await shows(two, '<img src=x');
    assert.equal(await two.locator('.message img, .message p b').count(), 0);
    assert.equal(await two.evaluate(() => window.hit), undefined);
  });
  await step('a burst moves the rate in the other tab', async () => {
    await one.getByRole('button', { name: 'Send a burst' }).click();
    await two.waitForFunction(() => Number(document.getElementById('rate-now').textContent) >= 30);
    await one.getByRole('button', { name: 'Stop' }).click();
    await two.waitForFunction(() => document.getElementById('rate-now').textContent === '0');
  });
  await step('a job is pushed, worked on and followed live, and the other tab sees the queue', async () => {
    await one.getByRole('button', { name: 'Push a job' }).click();
    await one.waitForFunction(() => {
      const percent = document.getElementById('job-bar').value;
      return percent > 0 && percent < 100 && document.getElementById('job').dataset.state === 'working';
    });
    await one.screenshot({ path: `${screenshots}/job.png` });
    await two.waitForFunction(() => document.getElementById('job-queue').textContent.includes('1 running'));
    await one.locator('#job[data-state=done]').waitFor();
    assert.equal(await one.locator('#job-text').textContent(), 'result {"steps":20}');
    await two.waitForFunction(() => document.getElementById('job-queue').textContent === '0 waiting, 0 running');
  });
  await step('history survives a reload', async () => {
    await two.reload();
    await connected(two);
    await shows(two, 'does the wheel turn?');
    assert.equal(await two.locator('.message p').count(), 3);
    await people(two, 2);
  });
  await step('history comes though the connection broke while it was asked for', async () => {
    let broken;
    const late = await open(context, server.url, complaints, async (page) => {
      broken = await breakOnce(page, '"history"');
    });
    await shows(late, 'does the wheel turn?');
    await people(late, 3);
    assert.ok(broken());
    assert.equal(await late.locator('.message p').count(), 3);
    await late.close();
    await people(two, 2);
  });
  await step('a message sent while a tab is offline follows when it is back', async () => {
    await two.evaluate(() => window.dispatchEvent(new Event('offline')));
    await two.locator('#state[data-state=connecting]').waitFor();
    await say(one, 'are you asleep?');
    await shows(one, 'are you asleep?');
    await two.evaluate(() => window.dispatchEvent(new Event('online')));
    await shows(two, 'are you asleep?');
    assert.equal(await two.locator('.message p').count(), 4);
  });
  await step('the programs that the page shows have the keys of this server, and the docs are beside it', async () => {
    const { api_key } = await (await fetch(`${server.url}/demo/config.json`)).json();
    for (const [name, wanted] of [['Python', api_key], ['JavaScript', 'newSubscription'], ['curl', api_key]]) {
      await one.getByRole('tab', { name }).click();
      assert.ok((await one.locator('#snippet-code').textContent()).includes(wanted), name);
    }
    const docs = await one.context().newPage();
    await docs.goto(server.url);
    await docs.getByRole('link', { name: 'Docs' }).click();
    await docs.getByRole('heading', { name: 'Quick start' }).waitFor();
    await docs.screenshot({ path: `${screenshots}/docs.png` });
    await docs.close();
    await people(one, 2);
  });
  await one.screenshot({ path: `${screenshots}/demo.png` });
  await step('both come back after the server was killed and started again', async () => {
    await server.kill();
    await one.locator('#state:not([data-state=connected])').waitFor();
    server = await Server.start(binary, '--dev', `--http_server.listen=${server.address}`);
    started.push(server);
    await connected(one);
    await connected(two);
    await people(one, 2);
    await say(one, 'the tide is back');
    await shows(two, 'the tide is back');
    await shows(two, 'does the wheel turn?');
  });
  await step('the page has a phone, and the dark', async () => {
    const phone = await browser.newContext({
      viewport: { width: 390, height: 780 },
      deviceScaleFactor: 2,
      hasTouch: true,
      colorScheme: 'dark',
    });
    const page = await open(phone, server.url, complaints);
    await shows(page, 'the tide is back');
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(overflow, false, 'the page scrolls sideways');
    await page.getByLabel('Your message').click({ trial: true });
    await page.screenshot({ path: `${screenshots}/demo-phone.png` });
  });
  await step('the browser had nothing to complain about', () => assert.deepEqual(complaints, []));
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
const started = [];
let ended = false;
try {
  await run(browser, started);
  ended = true;
} finally {
  await browser.close();
  await Promise.all(started.map((server) => server.kill()));
  if (!ended && started.length > 0) console.log(`the server's log:\n${started.at(-1).log.slice(-2000)}`);
}
