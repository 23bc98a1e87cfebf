// Moderation, what is sent later, reminders and hooks: two people before the page, and curl.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { eventually } from './chat_world.mjs';
import { Visitor } from './chat_visitor.mjs';
import { step } from './step.mjs';

const HOUR_MS = 3_600_000;

async function menu(visitor, text, item) {
  const row = visitor.row(text);
  await row.hover();
  await row.getByRole('button', { name: 'More', exact: true }).click();
  await visitor.page.getByRole('menuitem', { name: item }).click();
}

const dialog = (visitor) => visitor.page.getByRole('dialog');
const said = (visitor, text) => visitor.page.locator('.said', { hasText: text }).waitFor();

async function moderating(world, court, ada, bob) {
  await step('whoever is muted sees it at once, until when, and when it ends', async () => {
    await bob.send('Something rude');
    await ada.row('Something rude').waitFor();
    await menu(ada, 'Something rude', 'Mute author…');
    await dialog(ada).getByRole('combobox', { name: 'How long' }).selectOption({ label: '1 hour' });
    await dialog(ada).getByRole('button', { name: 'Mute', exact: true }).click();
    const note = bob.page.locator('.composer.outside', { hasText: 'A moderator has muted you in this room, until ' });
    await note.waitFor();
    assert.equal(await bob.composer().count(), 0);
    assert.match(await note.innerText(), /until (today|tomorrow), /);
    await ada.page.getByRole('button', { name: /^Members/ }).click();
    await ada.page.locator('.people li', { hasText: 'muted until' }).waitFor();
    await ada.page.getByRole('button', { name: 'What to do with Bob Kahn' }).click();
    await ada.page.getByRole('menuitem', { name: 'Unmute' }).click();
    await bob.composer().waitFor();
    await ada.page.locator('.people li', { hasText: 'muted until' }).waitFor({ state: 'detached' });
    // Nothing tells of an end that comes by the clock.
    await world.ada.chat('PUT', `rooms/${court}/members/${world.bob.id}/mute`, { until: Date.now() + 3000 });
    await note.waitFor();
    await bob.composer().waitFor({ timeout: 10_000 });
    await world.ada.chat('PUT', `rooms/${court}/members/${world.bob.id}/mute`, {});
    await bob.page.locator('.composer.outside', { hasText: 'until a moderator ends it' }).waitFor();
    await world.ada.chat('DELETE', `rooms/${court}/members/${world.bob.id}/mute`);
    await bob.composer().waitFor();
  });

  await step('who is muted while another room is open finds it so', async () => {
    await bob.goRoom(world.general);
    await world.ada.chat('PUT', `rooms/${court}/members/${world.bob.id}/mute`, { until: Date.now() + HOUR_MS });
    await bob.sideRoom('court').locator('a').click();
    await bob.page.locator('.composer.outside', { hasText: 'muted you' }).waitFor();
    await world.ada.chat('DELETE', `rooms/${court}/members/${world.bob.id}/mute`);
    await bob.composer().waitFor();
  });

  await step('a report reaches the moderators, who resolve it; the audit tells of it', async () => {
    await world.eve.say(court, 'Buy my things');
    await menu(bob, 'Buy my things', 'Report…');
    await dialog(bob).getByLabel('Reason').fill('Spam, again');
    await dialog(bob).getByRole('button', { name: 'Report', exact: true }).click();
    await said(bob, 'Reported');
    await ada.page.locator('.side-room', { hasText: 'Reports' }).locator('a').click();
    const report = ada.page.locator('.report', { hasText: 'Spam, again' });
    await report.getByText('Buy my things').waitFor();
    assert.equal(await bob.page.locator('.side-room', { hasText: 'Reports' }).count(), 0);
    await report.getByRole('button', { name: 'Resolve' }).click();
    await report.waitFor({ state: 'detached' });
    await ada.goRoom(court);
    await ada.page.getByRole('button', { name: 'About this room' }).click();
    await ada.page.getByRole('button', { name: 'Reports, bans and what was done' }).click();
    const audit = ada.page.getByRole('region', { name: 'Audit' });
    await audit.getByText(/resolved a report/).waitFor();
    await audit.getByText(/muted/).first().waitFor();
    await ada.page.getByText('No open reports.').waitFor();
  });

  await step('whoever is banned sees it at once with the reason, and comes back when it is lifted', async () => {
    await menu(ada, 'Something rude', 'Ban from the room…');
    await dialog(ada).getByLabel('Reason').fill('Be kind');
    await dialog(ada).getByRole('button', { name: 'Ban', exact: true }).click();
    await bob.page.getByRole('heading', { name: 'You are banned from this room.' }).waitFor();
    await bob.page.getByText('Be kind').waitFor();
    await bob.page.reload();
    await bob.page.getByRole('heading', { name: 'You are banned from this room.' }).waitFor();
    const banned = ada.page.getByRole('region', { name: 'Banned' });
    await banned.getByText('Be kind').waitFor();
    await banned.getByRole('button', { name: 'Unban Bob Kahn' }).click();
    await said(ada, 'may come back');
    await bob.page.getByRole('button', { name: 'Try again' }).click();
    await bob.page.getByRole('button', { name: 'Join #court' }).click();
    await bob.composer().waitFor();
    // A ban that ends by the clock lets its room be seen again without a press.
    await world.ada.chat('PUT', `rooms/${court}/bans/${world.bob.id}`, { until: Date.now() + 3000 });
    await bob.page.getByRole('heading', { name: 'You are banned from this room.' }).waitFor();
    await bob.page.getByRole('button', { name: 'Join #court' }).click({ timeout: 15_000 });
    await bob.composer().waitFor();
  });
}

async function later(world, court, ada, bob) {
  await step('a message is scheduled, changed, sent now; another is cancelled', async () => {
    await bob.composer().fill('The minutes of **today**');
    await bob.page.getByRole('button', { name: 'Send later' }).click();
    await bob.page.getByRole('menuitem', { name: 'In 1 hour' }).click();
    await bob.page.locator('.scheduled-here', { hasText: 'A message is scheduled' }).waitFor();
    assert.equal(await bob.composer().inputValue(), '');
    await bob.composer().fill('Never mind');
    await bob.page.getByRole('button', { name: 'Send later' }).click();
    await bob.page.getByRole('menuitem', { name: 'At a time of my own…' }).click();
    const tomorrow = new Date(Date.now() + 26 * HOUR_MS);
    const field = (at) => new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
    await dialog(bob).getByLabel('Date and time').fill(field(tomorrow));
    await dialog(bob).getByRole('button', { name: 'Schedule' }).click();
    await bob.page.locator('.scheduled-here', { hasText: '2 messages are scheduled' }).getByRole('link', { name: 'Show' }).click();
    const minutes = bob.page.locator('.card-message', { hasText: 'minutes' });
    await minutes.getByRole('button', { name: 'Edit' }).click();
    await dialog(bob).getByLabel('Message').fill('The minutes of yesterday');
    await dialog(bob).getByRole('button', { name: 'Save' }).click();
    await minutes.getByText('yesterday').waitFor();
    await minutes.getByRole('button', { name: 'Send now' }).click();
    await ada.row('The minutes of yesterday').waitFor();
    await minutes.waitFor({ state: 'detached' });
    const other = bob.page.locator('.card-message', { hasText: 'Never mind' });
    await other.getByRole('button', { name: /^Cancel/ }).click();
    await dialog(bob).getByRole('button', { name: 'Cancel the message' }).click();
    await other.waitFor({ state: 'detached' });
    assert.deepEqual((await world.bob.chat('GET', 'scheduled')).scheduled, []);
  });

  await step('a scheduled message arrives at its time; one that is refused says why', async () => {
    await bob.goRoom(court);
    await world.bob.chat('POST', `rooms/${court}/scheduled`, { text: 'Good morning, all', at: Date.now() + 2500 });
    await bob.page.locator('.scheduled-here').waitFor();
    await ada.row('Good morning, all').waitFor();
    await bob.row('Good morning, all').waitFor();
    await bob.page.locator('.scheduled-here').waitFor({ state: 'detached' });
    await world.bob.chat('POST', `rooms/${court}/scheduled`, { text: 'Too late', at: Date.now() + 2500 });
    await world.ada.chat('PUT', `rooms/${court}/members/${world.bob.id}/mute`, { until: Date.now() + HOUR_MS });
    await said(bob, 'was not sent');
    await bob.go('#/later');
    const failed = bob.page.locator('.card-message', { hasText: 'Too late' });
    await failed.locator('.field-error', { hasText: 'muted' }).waitFor();
    await world.ada.chat('DELETE', `rooms/${court}/members/${world.bob.id}/mute`);
    await failed.getByRole('button', { name: 'Send now' }).click();
    await ada.row('Too late').waitFor();
    await failed.waitFor({ state: 'detached' });
  });

  await step('one is reminded of a message, and is done with it', async () => {
    await bob.goRoom(court);
    await menu(bob, 'Good morning, all', 'Remind me…');
    await dialog(bob).getByRole('combobox', { name: 'When' }).selectOption({ label: 'Tomorrow at 9:00' });
    await dialog(bob).getByLabel('Note for yourself').fill('Bring cake');
    await bob.page.keyboard.press('Enter');
    await said(bob, 'You will be reminded');
    const [{ at }] = (await world.bob.chat('GET', 'reminders')).reminders;
    assert.deepEqual([new Date(at).getHours(), new Date(at).getMinutes()], [9, 0]);
    const { message_id } = (await world.bob.chat('GET', 'reminders')).reminders[0];
    await world.bob.chat('POST', `messages/${message_id}/reminders`, { at: Date.now() + 1500, note: 'Right now' });
    await said(bob, 'Reminder: Right now');
    await bob.page.locator('.side-room.bold', { hasText: 'Later' }).locator('a').click();
    const due = bob.page.locator('.card-message', { hasText: 'Right now' });
    await due.getByText('due', { exact: true }).waitFor();
    await due.getByRole('button', { name: 'Done' }).click();
    await due.waitFor({ state: 'detached' });
    await bob.page.locator('.card-message', { hasText: 'Bring cake' }).getByRole('button', { name: 'Remove' }).click();
    await bob.page.getByText('No reminders.').waitFor();
  });
}

async function hooking(court, ada, bob) {
  await step('a hook is made, posts by the curl line that the page shows, and is revoked', async () => {
    await bob.goRoom(court);
    await ada.goRoom(court);
    await ada.page.getByRole('button', { name: 'About this room' }).click();
    await ada.page.getByLabel('Name of a new hook').fill('Builds');
    await ada.page.getByRole('button', { name: 'Make a hook' }).click();
    const line = await ada.page.locator('.secret pre').innerText();
    assert.equal(execFileSync('sh', ['-c', line], { encoding: 'utf8' }), 'ok');
    const row = bob.row('Hello from a hook');
    await row.locator('.tag', { hasText: 'hook' }).waitFor();
    assert.match(await row.locator('.who').innerText(), /Builds/);
    const named = line.replace(/'\{.*\}'/, `'{"text": "Build 7 failed", "username": "CI of main"}'`);
    assert.equal(execFileSync('sh', ['-c', named], { encoding: 'utf8' }), 'ok');
    await bob.row('Build 7 failed').locator('.who', { hasText: 'CI of main' }).waitFor();
    await ada.page.locator('.secret').getByRole('button', { name: 'Done' }).click();
    await ada.page.reload();
    await ada.page.getByRole('button', { name: 'About this room' }).click();
    await ada.page.locator('.hooks li', { hasText: 'Builds' }).waitFor();
    assert.equal(await ada.page.locator('.secret').count(), 0);
    await ada.page.getByRole('button', { name: 'Revoke Builds' }).click();
    await dialog(ada).getByRole('button', { name: 'Revoke' }).click();
    await ada.page.locator('.hooks li').waitFor({ state: 'detached' });
    assert.equal(execFileSync('sh', ['-c', line], { encoding: 'utf8' }), 'no_service');
  });
}

async function counting(world, court, bob) {
  await step('what was read elsewhere is not unread when its activity comes', async () => {
    await bob.goRoom(world.general);
    const link = bob.sideRoom('court');
    await world.ada.say(court, 'One of two');
    await eventually('it is unread', async () => (await link.getAttribute('class')).includes('bold'));
    const last = await world.ada.say(court, 'Two of two');
    await world.bob.chat('POST', `rooms/${court}/read`, { seq: last.seq });
    await eventually('it is read', async () => !(await link.getAttribute('class')).includes('bold'));
    // The activity of the second is told within a second of that of the first.
    await bob.page.waitForTimeout(1500);
    assert.doesNotMatch(await link.getAttribute('class'), /bold/);
  });
}

export async function keepingOrder(browser, world) {
  const court = (world.court = await world.room(world.ada, 'court', [world.bob, world.eve]));
  const ada = await Visitor.open(browser, world, world.ada);
  const bob = await Visitor.open(browser, world, world.bob);
  await ada.goRoom(court);
  await bob.goRoom(court);
  await moderating(world, court, ada, bob);
  await ada.goRoom(court);
  await later(world, court, ada, bob);
  await hooking(court, ada, bob);
  await counting(world, court, bob);
  await ada.end();
  await bob.end();
}

const click = (name) => (page) => page.getByRole('button', { name }).first().click();

const VIEWS = (world) => [
  ['later', '#/later'],
  ['later-room', `#/later?room=${world.court}`],
  ['reports', '#/reports'],
  ['members-banned', `#/r/${world.court}`, click(/^Members/)],
  ['moderation', `#/r/${world.court}`, async (page) => {
    await click('About this room')(page);
    await click('Reports, bans and what was done')(page);
  }],
  ['hooks', `#/r/${world.court}`, async (page) => {
    await click('About this room')(page);
    await page.getByLabel('Name of a new hook').fill('Builds');
    await click('Make a hook')(page);
    await page.locator('.secret').scrollIntoViewIfNeeded();
  }],
  ['send-later', `#/r/${world.court}`, click('Send later')],
  ['message-menu', `#/r/${world.court}`, async (page) => {
    await page.locator('.room li.message', { hasText: 'Please stop' }).hover();
    await page.locator('.toolbar').getByRole('button', { name: 'More' }).click();
  }],
  ['mute-dialog', `#/r/${world.court}`, async (page) => {
    await page.locator('.room li.message', { hasText: 'Please stop' }).hover();
    await page.locator('.toolbar').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Mute author…' }).click();
  }],
];

/** As chat_looks.mjs does of all the rest. */
export async function orderLooksWell(browser, world, screenshots) {
  const { ada, bob, eve, court } = world;
  await step('there is something of all that moderators and the patient see', async () => {
    const bad = await eve.say(court, 'Please stop this, it helps nobody.');
    await bob.chat('POST', `messages/${bad.id}/flags`, { reason: 'Not the tone that we want' });
    const dan = await world.joins('dan', 'Dan Quay');
    await ada.chat('PUT', `rooms/${court}/bans/${dan.id}`, { reason: 'Sold things', until: Date.now() + 100 * HOUR_MS });
    await ada.chat('PUT', `rooms/${court}/members/${bob.id}/mute`, { until: Date.now() + HOUR_MS });
    await ada.chat('POST', `rooms/${court}/scheduled`, { text: 'The agenda of **Monday**', at: Date.now() + 50 * HOUR_MS });
    await ada.chat('POST', `messages/${bad.id}/reminders`, { at: Date.now() + HOUR_MS, note: 'Talk to Eve' });
  });
  await step('axe-core finds nothing in moderation, what is later, and hooks', async () => {
    const found = [];
    for (const scheme of ['light', 'dark']) {
      const options = { colorScheme: scheme, bypassCSP: true, reducedMotion: 'reduce' };
      const visitor = await Visitor.open(browser, world, ada, options);
      const muted = await Visitor.open(browser, world, bob, options);
      const look = async (of, name, width) => {
        await of.page.waitForTimeout(250);
        await of.page.screenshot({ path: `${screenshots}/chat-${name}-${width}-${scheme}.png` });
        const overflow = await of.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) found.push(`${name} ${width}: ${overflow} px too wide`);
        for (const violation of width === 800 ? [] : await of.axe()) found.push(`${name} ${width} ${scheme}: ${violation}`);
      };
      for (const width of [375, 800, 1280]) {
        for (const { page } of [visitor, muted]) await page.setViewportSize({ width, height: width === 375 ? 812 : 900 });
        for (const [name, hash, open] of VIEWS(world)) {
          await visitor.go(hash);
          await visitor.page.waitForTimeout(250);
          await open?.(visitor.page);
          await look(visitor, name, width);
          await visitor.page.goto('about:blank');
        }
        await muted.go(`#/r/${court}`);
        await look(muted, 'muted', width);
        await muted.page.goto('about:blank');
      }
      await visitor.end();
      await muted.end();
    }
    assert.deepEqual([...new Set(found)], []);
  });
}
