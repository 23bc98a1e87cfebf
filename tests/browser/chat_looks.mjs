// How it looks: every view in light and dark, at three widths, searched by axe-core and photographed.
import assert from 'node:assert/strict';
import { png, uploadAs } from './chat_files.mjs';
import { Visitor } from './chat_visitor.mjs';
import { step } from './step.mjs';

const WIDTHS = [375, 800, 1280];

async function furnish(world) {
  const { ada, bob, eve } = world;
  const room = (world.shown = await world.room(ada, 'release', [bob, eve], { topic: 'Version 2.0 leaves on Thursday' }));
  await bob.say(room, 'Good morning! The **release** is on Thursday. Please look at the [checklist](https://example.com/list) before noon.');
  await bob.say(room, 'It has three parts:\n\n1. the notes\n2. the packages\n3. the announcement');
  await eve.say(room, 'I take the packages.');
  const code = (world.threadRoot = await eve.say(room, 'The build is green again:\n\n```sh\ncmake --preset release\nninja -C build/release\n```\nand `./dev test` passes everywhere.'));
  for (const person of [ada, bob]) await person.chat('PUT', `messages/${code.id}/reactions/${encodeURIComponent('🎉')}`);
  await bob.say(room, 'How long did it take?', { thread_id: code.id });
  await eve.say(room, 'Eleven minutes, half of what it was.', { thread_id: code.id });
  await bob.say(room, '> Half of what it was\n\nThat is the best news of the week.\n\n| what | before | now |\n|---|---|---|\n| build | 22 min | 11 min |\n| tests | 9 min | 8 min |');
  await eve.say(room, 'שלום, this one begins at the right.');
  await ada.chat('PUT', `rooms/${room}/pins/${code.id}`);
  await ada.chat('PUT', `rooms/${room}/star`);
  const last = await ada.say(room, 'Thursday it is. @eve, the notes by noon, please.');
  await ada.chat('PATCH', `messages/${last.id}`, { text: `${last.text} Thank you!` });
  await bob.say(room, 'I have read the first half; only typos.');
  await bob.say(world.general, 'Lunch, @ada?');
  const pictures = (world.pictures = await world.room(ada, 'pictures', [bob, eve], { topic: 'How it looks' }));
  const sea = await uploadAs(bob, pictures, 'sea.png', png(900, 600));
  const rust = await uploadAs(bob, pictures, 'rust.png', png(320, 480, [168, 72, 11]));
  const notes = await uploadAs(bob, pictures, 'Notes of the meeting of Thursday, with everything that was said about the release.txt', Buffer.from('Thursday\n'));
  await bob.say(pictures, 'Two proposals, and the notes:', { attachment_ids: [sea, rust, notes] });
  await eve.say(pictures, '', { attachment_ids: [await uploadAs(eve, pictures, 'wide.png', png(1600, 120, [24, 119, 64]))] });
  await eve.say(pictures, 'The first, please.');
}

const VIEWS = (world) => [
  ['room', `#/r/${world.shown}`],
  ['thread', `#/r/${world.shown}/t/${world.threadRoot.id}`],
  ['members', `#/r/${world.shown}`, (page) => page.getByRole('button', { name: /^Members/ }).click()],
  ['pins', `#/r/${world.shown}`, (page) => page.evaluate(() => document.querySelector('[aria-label="Pinned messages"]').click())],
  ['details', `#/r/${world.shown}`, (page) => page.getByRole('button', { name: 'About this room' }).click()],
  ['home', '#/'],
  ['threads', '#/threads'],
  ['search', '#/search?q=release'],
  ['search-empty', '#/search'],
  ['browse', '#/browse'],
  ['settings', '#/settings'],
  ['people', '#/people'],
  ['switcher', `#/r/${world.shown}`, (page) => page.keyboard.press('Control+k')],
  ['emoji', `#/r/${world.shown}`, (page) => page.getByRole('button', { name: 'Emoji', exact: true }).click()],
  ['completion', `#/r/${world.shown}`, (page) => page.locator('.room .composer textarea').pressSequentially('@')],
  ['keys', `#/r/${world.shown}`, (page) => page.keyboard.press('Escape').then(() => page.locator('.room-head h1').click()).then(() => page.keyboard.press('Shift+?'))],
  ['new-room', `#/browse`, (page) => page.locator('.page').getByRole('button', { name: 'New room' }).click()],
  ['pictures', `#/r/${world.pictures}`],
  ['picture-large', `#/r/${world.pictures}`, (page) => page.locator('.picture').first().click()],
  ['files-to-send', `#/r/${world.pictures}`, (page) => page.locator('.room .composer input[type=file]').setInputFiles([
    { name: 'green.png', mimeType: 'image/png', buffer: png(300, 300, [24, 119, 64]) },
    { name: 'A plan with a rather long name, version 3.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7') },
  ])],
  ['missing', '#/r/999999999'],
];

// What a view has opened or typed does not stay for the next one.
async function tidy(page, world) {
  await world.ada.chat('PUT', `rooms/${world.shown}/draft`, { text: '' });
  await page.evaluate(() => {
    for (const key of Object.keys(localStorage)) if (key.includes(':draft:')) localStorage.removeItem(key);
  });
  await page.goto('about:blank');
}

export async function lookingWell(browser, world, screenshots) {
  await step('a room gets something of everything', () => furnish(world));
  await step('axe-core finds nothing in any view, in light and in dark, wide and narrow', async () => {
    const found = [];
    for (const scheme of ['light', 'dark']) {
      // axe is no part of the page, and its policy would not let it in.
      const visitor = await Visitor.open(browser, world, world.ada, { colorScheme: scheme, bypassCSP: true, reducedMotion: 'reduce' });
      const { page } = visitor;
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width === 375 ? 812 : 900 });
        for (const [name, hash, open] of VIEWS(world)) {
          await visitor.go(hash);
          await page.waitForTimeout(250);
          await open?.(page);
          await page.waitForTimeout(250);
          await page.screenshot({ path: `${screenshots}/chat-${name}-${width}-${scheme}.png` });
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (overflow > 0) found.push(`${name} ${width}: ${overflow} px too wide`);
          for (const violation of width === 800 ? [] : await visitor.axe()) found.push(`${name} ${width} ${scheme}: ${violation}`);
          await tidy(page, world);
        }
      }
      await visitor.end();
      const outside = await Visitor.open(browser, world, undefined, { colorScheme: scheme, bypassCSP: true });
      for (const [name, hash] of [['login', ''], ['invite-void', '#/join?token=none'], ['reset', '#/reset?token=none']]) {
        await outside.page.goto(`${world.page}${hash}`);
        await outside.page.locator('h1').waitFor();
        for (const width of WIDTHS) {
          await outside.page.setViewportSize({ width, height: 812 });
          await outside.page.screenshot({ path: `${screenshots}/chat-${name}-${width}-${scheme}.png` });
        }
        for (const violation of await outside.axe()) found.push(`${name} ${scheme}: ${violation}`);
        await outside.page.goto('about:blank');
      }
      await outside.end();
    }
    assert.deepEqual([...new Set(found)], []);
  });
}
