// The dashboards against running servers: node dash_page.js BINARY FOLDER_FOR_SCREENSHOTS PORT_OF_POSTGRESQL
import { chromium } from 'playwright-core';
import { hostile, large } from './dash_hostile.mjs';
import { followed, restarted } from './dash_live.mjs';
import { lookingWell } from './dash_looks.mjs';
import { DashWorld } from './dash_world.mjs';

const [binary, screenshots, port] = process.argv.slice(2);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
const worlds = [];
let ended = false;
try {
  worlds.push(await DashWorld.start(binary));
  await followed(browser, worlds[0], 'SQLite');
  await lookingWell(browser, worlds[0], screenshots);
  await large(browser, worlds[0]);
  await restarted(browser, worlds[0], 'SQLite');
  await hostile(browser, worlds[0]);
  worlds.push(await DashWorld.start(binary, port));
  await followed(browser, worlds[1], 'PostgreSQL');
  await restarted(browser, worlds[1], 'PostgreSQL');
  ended = true;
} finally {
  await browser.close();
  if (!ended) console.log(`the server's log:\n${worlds.at(-1)?.server?.readLog().slice(-4000)}`);
  for (const world of worlds) await world.end();
}
