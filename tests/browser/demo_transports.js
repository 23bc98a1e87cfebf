// The demo page behind a proxy that lets no WebSocket through: node demo_transports.js BINARY FOLDER_FOR_SCREENSHOTS
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { chromium } from 'playwright-core';
import { Server } from '../lib/server.mjs';
import { step } from './step.mjs';

const [binary, screenshots] = process.argv.slice(2);
const WAIT_MS = 20_000;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

// Passes requests on, and refuses upgrades. Counts both.
async function openProxy(target) {
  const seen = { upgrades: 0, paths: new Set() };
  const proxy = http.createServer((request, response) => {
    seen.paths.add(request.url.split('?')[0]);
    const { method, url: path, headers } = request;
    const onward = http.request(target, { method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  proxy.on('upgrade', (_, socket) => {
    seen.upgrades++;
    socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { url: `http://127.0.0.1:${proxy.address().port}`, seen, close: () => proxy.closeAllConnections() ?? proxy.close() };
}

async function open(browser, url) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 760 } });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(url);
  await page.locator('#state[data-state=connected]').waitFor();
  return page;
}

const transportOf = (page) => page.locator('#state').getAttribute('data-transport');
const shows = (page, text) => page.locator('.message p', { hasText: text }).first().waitFor();

async function say(page, text) {
  await page.getByLabel('Your message').fill(text);
  await page.keyboard.press('Enter');
}

async function run(browser, server, proxy) {
  const direct = await open(browser, server.url);
  assert.equal(await transportOf(direct), 'websocket');
  const cases = [
    { query: '', transport: 'http_stream', path: '/connection/http_stream' },
    { query: '?transport=sse', transport: 'sse', path: '/connection/sse' },
  ];
  for (const { query, transport, path } of cases) {
    let page;
    await step(`without WebSocket the page connects over ${transport}`, async () => {
      page = await open(browser, `${proxy.url}/${query}`);
      assert.equal(await transportOf(page), transport);
      assert.ok(proxy.seen.paths.has(path));
      assert.ok(proxy.seen.upgrades > 0, 'the first page has tried a WebSocket');
    });
    await step(`messages cross between ${transport} and WebSocket, both ways`, async () => {
      await say(page, `sent over ${transport}`);
      await shows(direct, `sent over ${transport}`);
      await say(direct, `heard over ${transport}`);
      await shows(page, `heard over ${transport}`);
      assert.ok(proxy.seen.paths.has('/emulation'));
    });
    await step(`what a client over ${transport} missed while it was offline follows`, async () => {
      await page.evaluate(() => window.dispatchEvent(new Event('offline')));
      await page.locator('#state[data-state=connecting]').waitFor();
      await say(direct, `missed by ${transport}`);
      await shows(direct, `missed by ${transport}`);
      await page.evaluate(() => window.dispatchEvent(new Event('online')));
      await shows(page, `missed by ${transport}`);
      assert.equal(await transportOf(page), transport);
      await page.screenshot({ path: `${screenshots}/demo-${transport}.png` });
      await page.close();
    });
  }
}

const server = await Server.start(binary, '--dev');
const proxy = await openProxy(server.url);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
try {
  await run(browser, server, proxy);
} finally {
  await browser.close();
  proxy.close();
  await server.kill();
}
