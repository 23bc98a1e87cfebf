// Two people in one room: what one does, the other sees.
import assert from 'node:assert/strict';
import { Visitor } from './chat_visitor.mjs';
import { eventually } from './chat_world.mjs';
import { step } from './step.mjs';

export async function talking(browser, world) {
  const ada = await Visitor.open(browser, world, world.ada);
  const bob = await Visitor.open(browser, world, world.bob);
  await ada.goRoom(world.general);
  await bob.goRoom(world.general);
  await step('a message is there at once, and reaches the other', async () => {
    await ada.send('Good *morning*, @bob');
    await ada.row('Good morning').waitFor();
    await bob.row('Good morning, @bob').waitFor();
    assert.equal(await bob.row('Good morning').locator('.mention.self').innerText(), '@bob');
    assert.equal(await bob.row('Good morning').locator('em').innerText(), 'morning');
  });
  await step('thirty sent in a hurry arrive once each, in order', async () => {
    for (let i = 1; i <= 30; i++) await ada.send(`hurry ${i}`);
    await bob.row('hurry 30').waitFor();
    const wanted = Array.from({ length: 30 }, (_, index) => `hurry ${index + 1}`);
    await ada.page.waitForFunction(() => !document.querySelector('.message.entry'));
    for (const visitor of [ada, bob]) assert.deepEqual((await visitor.texts()).filter((text) => text.startsWith('hurry')), wanted);
  });
  await step('that somebody writes is shown, and goes with the message', async () => {
    await bob.composer().pressSequentially('wri');
    await ada.page.getByText('Bob Kahn is writing').waitFor();
    await bob.send('written');
    await ada.row('written').waitFor();
    await ada.page.getByText('Bob Kahn is writing').waitFor({ state: 'hidden' });
  });
  await step('the last own message is edited with ↑, and marked as edited for both', async () => {
    await ada.send('a misteak');
    await ada.row('a misteak').waitFor();
    await ada.page.waitForFunction(() => !document.querySelector('.message.entry'));
    await ada.composer().press('ArrowUp');
    await ada.page.locator('.edit-box textarea').fill('a mistake');
    await ada.page.keyboard.press('Enter');
    await bob.row('a mistake').getByText('edited').waitFor();
    assert.equal(await bob.row('a misteak').count(), 0);
  });
  await step('a reaction is counted, by both, and taken back', async () => {
    await bob.row('a mistake').hover();
    await bob.row('a mistake').getByRole('button', { name: 'React', exact: true }).click();
    await bob.page.getByLabel('Search emoji').fill('tada');
    await bob.page.getByRole('button', { name: 'tada', exact: true }).click();
    await ada.row('a mistake').locator('.reaction', { hasText: '1' }).click();
    await bob.row('a mistake').locator('.reaction', { hasText: '2' }).waitFor();
    assert.match(await bob.row('a mistake').locator('.reaction').first().getAttribute('aria-label'), /tada, 2: .*(You|Ada Lovelace)/);
    await ada.row('a mistake').locator('.reaction', { hasText: '2' }).click();
    await bob.row('a mistake').locator('.reaction', { hasText: '1' }).waitFor();
  });
  await step('answers go into a thread, which counts them and does not fill the room', async () => {
    await bob.row('a mistake').hover();
    await bob.row('a mistake').getByRole('button', { name: 'Reply in a thread' }).click();
    await bob.page.locator('.pane .composer textarea').fill('in the thread');
    await bob.page.locator('.pane .composer textarea').press('Enter');
    await ada.row('a mistake').getByText('1 reply').click();
    await ada.page.locator('.pane li.message', { hasText: 'in the thread' }).waitFor();
    await ada.page.locator('.pane .composer textarea').fill('and back');
    await ada.page.locator('.pane .composer textarea').press('Enter');
    await bob.page.locator('.pane li.message', { hasText: 'and back' }).waitFor();
    await bob.row('a mistake').getByText('2 replies').waitFor();
    for (const visitor of [ada, bob]) {
      assert.ok(!(await visitor.texts()).some((text) => /in the thread|and back/.test(text)));
      await visitor.page.locator('.pane').getByRole('button', { name: 'Close' }).click();
    }
  });
  await step('a pin is marked and listed; one deleted is gone for both', async () => {
    await ada.row('a mistake').hover();
    await ada.row('a mistake').getByRole('button', { name: 'More' }).click();
    await ada.page.getByRole('menuitem', { name: 'Pin to the room' }).click();
    await bob.page.getByRole('button', { name: 'Pinned messages' }).click();
    await bob.page.locator('.pane .card-message', { hasText: 'a mistake' }).waitFor();
    await bob.page.locator('.pane').getByRole('button', { name: 'Close' }).click();
    await ada.send('to be deleted');
    await bob.row('to be deleted').waitFor();
    await ada.row('to be deleted').hover();
    await ada.row('to be deleted').getByRole('button', { name: 'More' }).click();
    await ada.page.getByRole('menuitem', { name: 'Delete…' }).click();
    await ada.page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await bob.row('to be deleted').waitFor({ state: 'detached' });
  });
  await step('people, emoji and rooms are completed as one types', async () => {
    const box = ada.composer();
    await box.pressSequentially('hey @bo');
    await ada.page.getByRole('option', { name: /Bob Kahn/ }).waitFor();
    assert.ok(await box.getAttribute('aria-activedescendant'));
    await box.press('Enter');
    assert.equal(await box.inputValue(), 'hey @bob ');
    await box.pressSequentially(':tad');
    await ada.page.getByRole('option', { name: /tada/ }).waitFor();
    await box.press('Tab');
    await box.pressSequentially('#gen');
    await ada.page.getByRole('option', { name: /general/ }).waitFor();
    await box.press('Enter');
    assert.equal(await box.inputValue(), 'hey @bob 🎉 #general ');
    await box.press('Enter');
    await bob.row('hey @bob').waitFor();
  });
  await step('a command changes the topic; a direct message is opened by a command', async () => {
    await ada.send('/topic Everything that is new');
    await bob.page.locator('.room-topic', { hasText: 'Everything that is new' }).waitFor();
    await ada.send('/msg @bob just for you');
    await bob.sideRoom('Ada Lovelace').locator('.badge').waitFor();
    await bob.sideRoom('Ada Lovelace').locator('a').click();
    await bob.row('just for you').waitFor();
    await ada.row('just for you').locator('.seen').waitFor();
  });
  await step('presence is seen: who leaves is offline', async () => {
    await ada.sideRoom('Bob Kahn').locator('.dot.online').waitFor();
    await bob.end();
    await ada.sideRoom('Bob Kahn').locator('.dot.offline').waitFor();
  });
  await ada.end();
}

export async function reading(browser, world) {
  const { ada, bob } = world;
  const room = (world.long = await world.room(ada, 'long', [bob]));
  await step('a room gets many messages', async () => {
    for (let i = 1; i <= 260; i++) await ada.say(room, `line ${i}${i % 7 === 0 ? ' and more words to make it longer '.repeat(6) : ''}`);
  });
  const visitor = await Visitor.open(browser, world, bob);
  const { page } = visitor;
  const scroller = page.locator('.room .scroller');
  await step('the line stands above the first message that is not read', async () => {
    const { membership } = (await bob.chat('POST', `rooms/${room}/unread`, { seq: (await bob.chat('GET', `rooms/${room}/messages?limit=40`)).messages[0].seq }));
    assert.ok(membership.unread >= 39);
    await visitor.goRoom(room);
    await page.locator('.unread-line').waitFor();
    const after = await page.locator('.unread-line + li').getAttribute('data-seq');
    assert.ok(Number(after) > membership.read_seq, `${after} after ${membership.read_seq}`);
    const box = await page.locator('.unread-line').boundingBox();
    assert.ok(box.y > 50 && box.y < 400, `the line is in view: ${box.y}`);
  });
  await step('at the end all of it is read, on the server too', async () => {
    await page.locator('.pill').click();
    await eventually('it is read', async () => {
      await page.bringToFront();
      return (await bob.chat('GET', `rooms/${room}`)).room.membership.unread === 0;
    });
  });
  await step('older messages come while one scrolls, and nothing jumps', async () => {
    const place = () =>
      scroller.evaluate((box) => {
        const edge = box.getBoundingClientRect().top;
        const row = [...box.querySelectorAll('li[data-seq]')].find((each) => each.getBoundingClientRect().top >= edge);
        return { seq: Number(row.dataset.seq), top: row.getBoundingClientRect().top - edge };
      });
    await scroller.evaluate((box) => (box.scrollTop = 700));
    const before = await place();
    await page.waitForFunction((seq) => Number(document.querySelector('li[data-seq]').dataset.seq) < seq - 20, before.seq);
    const top = await scroller.evaluate((box, seq) => box.querySelector(`li[data-seq="${seq}"]`).getBoundingClientRect().top - box.getBoundingClientRect().top, before.seq);
    assert.ok(Math.abs(top - before.top) <= 2, `it moved from ${before.top} to ${top}`);
    for (let i = 0; i < 40; i++) {
      await scroller.evaluate((box) => (box.scrollTop = 0));
      await page.waitForTimeout(40);
      if (await page.locator('.beginning').count()) break;
    }
    await page.locator('.beginning').waitFor();
    await visitor.row('line 1').first().waitFor();
  });
  await step('what comes while one reads back is counted, and does not move the page', async () => {
    const before = await scroller.evaluate((box) => box.scrollTop);
    await ada.say(room, 'news one');
    await ada.say(room, 'news two');
    await page.locator('.pill').waitFor();
    assert.equal(await scroller.evaluate((box) => box.scrollTop), before);
    await page.locator('.pill').click();
    await visitor.row('news two').waitFor();
    assert.ok(await scroller.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 4), 'it is at the end');
  });
  await step('a link to a message shows it, wherever it stands', async () => {
    const seq = (await ada.chat('GET', `rooms/${room}/messages?around=100&limit=3`)).messages[0].seq;
    await visitor.go(`#/r/${room}/${seq}`);
    const row = page.locator(`li[data-seq="${seq}"]`);
    await row.waitFor();
    const box = await row.boundingBox();
    assert.ok(box.y > 50 && box.y < 850, `${box.y}`);
    await page.locator('.pill').click();
    await visitor.row('news two').waitFor();
  });
  await step('new messages are announced once; those that are loaded are not', async () => {
    const log = page.locator('[role=log]');
    const before = await log.innerText();
    await ada.say(room, 'heard by all');
    await visitor.row('heard by all').waitFor();
    await page.waitForFunction(() => /Ada Lovelace: heard by all/.test(document.querySelector('[role=log]').innerText));
    assert.ok(!/line \d/.test(before), before);
  });
  await visitor.end();
}

export async function finding(browser, world) {
  const { ada, bob, eve } = world;
  await bob.say(world.general, 'the quick brown fox at https://example.com/fox');
  await ada.say(world.general, 'another fox, without a link');
  const visitor = await Visitor.open(browser, world, ada);
  const { page } = visitor;
  await step('messages are found by words and filters, and the words are marked', async () => {
    await visitor.go('#/search');
    await page.getByLabel('Search messages').fill('fox');
    await page.keyboard.press('Enter');
    await page.locator('.card-message').nth(1).waitFor();
    assert.deepEqual(await page.locator('.card-message mark').allInnerTexts().then((all) => [...new Set(all)]), ['fox']);
    await page.getByLabel('From').selectOption('bob');
    await page.waitForFunction(() => document.querySelectorAll('.card-message').length === 1);
    assert.match(decodeURIComponent(page.url()), /from:bob/);
    await page.getByRole('button', { name: 'Without from: bob' }).click();
    await page.locator('.card-message').nth(1).waitFor();
    await page.locator('.card-message', { hasText: 'brown' }).getByRole('link', { name: /Show in the room/ }).click();
    await page.locator('li.message.flash', { hasText: 'quick brown fox' }).waitFor();
  });
  await step('rooms are browsed, looked into, and joined', async () => {
    const open = await world.room(bob, 'open-house');
    await bob.say(open, 'come in');
    await visitor.go('#/browse');
    await page.getByLabel('Find a room').fill('open');
    await page.getByRole('link', { name: 'open-house' }).click();
    await visitor.row('come in').waitFor();
    await page.getByRole('button', { name: 'Join #open-house' }).click();
    await visitor.composer().waitFor();
  });
  await step('a room is made, somebody is added, who sees it at once', async () => {
    const other = await Visitor.open(browser, world, eve);
    await other.go('#/threads');
    await page.getByRole('button', { name: 'New room' }).first().click();
    await page.getByLabel('Name').fill('just-us');
    await page.getByLabel('Private').check();
    await page.getByRole('button', { name: 'Create' }).click();
    await visitor.composer().waitFor();
    await page.getByRole('button', { name: /^Members/ }).click();
    await page.getByRole('button', { name: 'Add people' }).click();
    await page.getByRole('combobox').fill('eve');
    await page.getByRole('option', { name: /Eve Arden/ }).click();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await other.sideRoom('just-us').waitFor();
    await other.end();
  });
  await step('a name that is taken is refused beside its field', async () => {
    await page.getByRole('button', { name: 'New room' }).first().click();
    await page.getByLabel('Name').fill('just-us');
    await page.getByRole('button', { name: 'Create' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'New room', 'the focus is back');
  });
  await visitor.end();
}
