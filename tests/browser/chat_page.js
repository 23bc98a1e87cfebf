// The chat's page against a running server: node chat_page.js BINARY FOLDER_FOR_SCREENSHOTS
import { chromium } from 'playwright-core';
import { comingIn } from './chat_entry.mjs';
import { files } from './chat_files.mjs';
import { lookingWell } from './chat_looks.mjs';
import { keepingOrder, orderLooksWell } from './chat_moderation.mjs';
import { offline, twoTabs, gaps } from './chat_network.mjs';
import { finding, talking, reading } from './chat_talk.mjs';
import { hostile } from './chat_hostile.mjs';
import { World } from './chat_world.mjs';
import { step } from './step.mjs';

const [binary, screenshots] = process.argv.slice(2);
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
const world = await World.start(binary);
let ended = false;
try {
  await comingIn(browser, world, screenshots);
  await step('people join, and rooms are made', async () => {
    world.bob = await world.joins('bob', 'Bob Kahn');
    world.eve = await world.joins('eve', 'Eve Arden');
    world.general = await world.room(world.ada, 'general', [world.bob, world.eve], { topic: 'What everybody should know' });
  });
  await talking(browser, world);
  await reading(browser, world);
  await finding(browser, world);
  await gaps(browser, world);
  await twoTabs(browser, world);
  await hostile(browser, world);
  await keepingOrder(browser, world);
  await orderLooksWell(browser, world, screenshots);
  await files(browser, world, screenshots);
  await lookingWell(browser, world, screenshots);
  await offline(browser, world);
  ended = true;
} finally {
  await browser.close();
  await world.end();
  if (!ended) console.log(`the server's log:\n${world.server.log.slice(-3000)}`);
}
