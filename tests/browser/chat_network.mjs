// When the network is not what it should be: events that got lost, two tabs, a server that dies and comes back.
import assert from 'node:assert/strict';
import { Visitor } from './chat_visitor.mjs';
import { eventually } from './chat_world.mjs';
import { step } from './step.mjs';

export async function gaps(browser, world) {
  const { ada, bob } = world;
  await step('an event that was lost is asked for, as soon as the next one shows the gap', async () => {
    const visitor = await Visitor.open(browser, world, bob);
    let lost = 0;
    await visitor.page.routeWebSocket(/connection\/websocket/, (socket) => {
      const server = socket.connectToServer();
      // Commands and pushes are lines of JSON: those about the one message are left out.
      server.onMessage((text) => {
        const lines = String(text).split('\n');
        const kept = lines.filter((line) => !(line.includes('"message.created"') && line.includes('never arrives by itself')));
        lost += lines.length - kept.length;
        if (kept.length > 0) socket.send(kept.join('\n'));
      });
      socket.onMessage((text) => server.send(text));
    });
    await visitor.goRoom(world.general);
    await ada.say(world.general, 'never arrives by itself');
    await eventually('it was left out', async () => lost > 0);
    const asked = visitor.asked.length;
    await ada.say(world.general, 'shows the gap');
    await visitor.row('shows the gap').waitFor();
    const texts = await visitor.texts();
    assert.deepEqual(texts.slice(-2), ['never arrives by itself', 'shows the gap']);
    assert.ok(visitor.asked.slice(asked).some((url) => /\/changes\?after=\d+/.test(url)), 'it asked for the changes');
    await visitor.end();
  });
}

export async function twoTabs(browser, world) {
  const { ada, bob } = world;
  const visitor = await Visitor.open(browser, world, bob);
  const first = visitor.page;
  const second = await visitor.tab();
  const room = await world.room(ada, 'tabs', [bob]);
  await step('two tabs agree about what is read', async () => {
    await visitor.go('#/threads', first);
    await visitor.go('#/threads', second);
    await ada.say(room, 'for @bob');
    for (const page of [first, second]) await visitor.sideRoom('tabs', page).locator('.badge').waitFor();
    await first.bringToFront();
    await visitor.sideRoom('tabs', first).locator('a').click();
    await visitor.row('for @bob', first).waitFor();
    for (const page of [first, second]) await visitor.sideRoom('tabs', page).locator('.badge').waitFor({ state: 'detached' });
  });
  await step('what one tab sends is in the other once, and a draft follows', async () => {
    await visitor.sideRoom('tabs', second).locator('a').click();
    await visitor.composer(second).waitFor();
    await visitor.send('from the first tab', first);
    await visitor.row('from the first tab', second).waitFor();
    await first.waitForFunction(() => !document.querySelector('.message.entry'));
    for (const page of [first, second]) assert.equal((await visitor.texts(page)).filter((text) => text.includes('from the first tab')).length, 1);
    await visitor.composer(first).fill('half a thou');
    await eventually('the server has it', async () => (await bob.chat('GET', `rooms/${room}`)).room.membership.draft === 'half a thou');
    await second.reload();
    await visitor.composer(second).waitFor();
    await second.waitForFunction(() => document.querySelector('.composer textarea').value === 'half a thou');
  });
  await step('signing out in one signs the other out', async () => {
    await first.getByRole('button', { name: /^Bob Kahn/ }).first().click();
    await first.getByRole('menuitem', { name: 'Sign out' }).click();
    for (const page of [first, second]) await page.getByLabel('Username').waitFor();
    await world.logIn('bob').then((person) => (world.bob = person));
  });
  await visitor.end();
}

export async function offline(browser, world) {
  const bobs = await Visitor.open(browser, world, world.bob);
  const visitor = await Visitor.open(browser, world, world.ada);
  const { page } = visitor;
  await bobs.goRoom(world.general);
  await visitor.goRoom(world.general);
  await step('while the server is away the page says so, and what is sent waits', async () => {
    await world.killServer();
    await page.getByText('Offline').first().waitFor();
    for (const text of ['away one', 'away two']) await visitor.send(text);
    await page.getByText('2 messages wait').waitFor();
    assert.deepEqual((await visitor.texts()).slice(-2), ['away one …', 'away two …']);
  });
  await step('when it is back, each is there once, in order, for everybody', async () => {
    await world.startServer();
    await bobs.row('away two').waitFor();
    await page.waitForFunction(() => !document.querySelector('.message.entry'));
    await bobs.send('welcome back');
    await visitor.row('welcome back').waitFor();
    for (const each of [visitor, bobs]) assert.deepEqual((await each.texts()).slice(-3), ['away one', 'away two', 'welcome back']);
    await page.getByText('Offline').waitFor({ state: 'hidden' });
  });
  await step('what was written while it was away survives closing the tab', async () => {
    await world.killServer();
    await page.getByText('Offline').first().waitFor();
    await visitor.send('written before the tab was closed');
    await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('tidemill-chat:out:')));
    await page.close();
    await world.startServer();
    visitor.page = await visitor.tab();
    await visitor.goRoom(world.general);
    await bobs.row('written before the tab was closed').waitFor();
    const own = (await visitor.texts()).filter((text) => text.startsWith('written before'));
    assert.equal(own.length, 1);
  });
  await step('one that the server refuses says why, and can be discarded', async () => {
    await visitor.page.route('**/messages', (route) =>
      route.request().method() === 'POST' ? route.fulfill({ status: 403, body: '{"error":{"code":"forbidden","message":"Not today."}}' }) : route.continue(),
    );
    await visitor.send('refused');
    await visitor.page.getByText('Not sent: Not today.').waitFor();
    await visitor.page.unroute('**/messages');
    await visitor.page.getByRole('button', { name: 'Try again' }).click();
    await bobs.row('refused').waitFor();
  });
  await bobs.end();
  await visitor.end();
}
