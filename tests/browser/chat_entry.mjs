// Coming in: the owner's link, signing in by keyboard alone, an invite from the page of the people, a new password.
import assert from 'node:assert/strict';
import { Visitor } from './chat_visitor.mjs';
import { PASSWORD } from './chat_world.mjs';
import { step } from './step.mjs';

export async function comingIn(browser, world, screenshots) {
  const visitor = await Visitor.open(browser, world);
  const { page } = visitor;
  await step('it is served with a policy that runs, frames and loads nothing of elsewhere', async () => {
    const policy = (await fetch(world.page)).headers.get('content-security-policy');
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
      assert.ok(policy.includes(part), policy);
    }
    const moved = await fetch(`${world.url}/chat`, { redirect: 'manual' });
    assert.deepEqual([moved.status, moved.headers.get('location')], [308, 'chat/']);
  });
  await step('the link of the first start makes the owner, who is in at once', async () => {
    await page.goto(`${world.page}#/setup?token=${await world.ownerToken()}`);
    await page.getByLabel('Your name').fill('Ada Lovelace');
    assert.equal(await page.getByLabel('Username').inputValue(), 'ada.lovelace');
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.screenshot({ path: `${screenshots}/chat-setup.png` });
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.getByText('Join a room, or begin one').waitFor();
    assert.ok(!page.url().includes('token'), page.url());
    world.ada = await world.logIn('ada');
  });
  await step('a wrong password is refused, and the words of the server are shown', async () => {
    await page.getByRole('button', { name: /^Ada Lovelace/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByLabel('Username').fill('ada');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
  });
  await step('from signing in to a sent message by keyboard alone', async () => {
    await world.room(world.ada, 'lobby');
    await page.reload();
    await page.getByLabel('Username').waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('autocomplete') === 'username');
    await page.keyboard.type('ada');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.locator('#sidebar').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('lob');
    await page.getByRole('option', { name: /lobby/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.classList.contains('text-box'));
    await page.keyboard.type('typed by keyboard');
    await page.keyboard.press('Enter');
    await visitor.row('typed by keyboard').waitFor();
    await page.waitForFunction(() => !document.querySelector('.message.entry'));
    // To the message, and what can be done with it.
    await page.keyboard.press('Shift+F6');
    await page.waitForFunction(() => document.activeElement?.matches('li.message'));
    await page.keyboard.press('e');
    await page.waitForFunction(() => document.activeElement?.closest('.edit-box'));
    await page.keyboard.type(' and edited');
    await page.keyboard.press('Enter');
    await visitor.row('typed by keyboard and edited').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.classList.contains('text-box')), true, 'the focus is back where one writes');
  });
  await step('an invite is made in the page, and whoever opens it is in', async () => {
    await visitor.go('#/people');
    await page.getByRole('button', { name: 'Invite people' }).first().click();
    await page.getByRole('button', { name: 'Make a link' }).click();
    const link = await page.getByLabel('Link', { exact: true }).inputValue();
    await page.keyboard.press('Escape');
    const other = await Visitor.open(browser, world);
    await other.page.goto(link);
    await other.page.getByText('Ada Lovelace').waitFor();
    await other.page.getByLabel('Your name').fill('Dan Ingalls');
    await other.page.getByLabel('Password').fill(PASSWORD);
    await other.page.getByRole('button', { name: 'Join' }).click();
    await other.page.locator('#sidebar').waitFor();
    await other.page.goto('about:blank');
    await other.page.goto(link);
    await other.page.getByText('no longer valid').waitFor();
    await other.end();
  });
  await step('a link for a new password works once, and the old one is void', async () => {
    await page.reload();
    await page.getByRole('button', { name: 'What to do with Dan Ingalls' }).click();
    await page.getByRole('menuitem', { name: /new password/ }).click();
    const link = await page.getByLabel('Link', { exact: true }).inputValue();
    await page.keyboard.press('Escape');
    const other = await Visitor.open(browser, world);
    await other.page.goto(link);
    await other.page.getByLabel('New password').fill('another long sentence');
    await other.page.getByRole('button', { name: 'Save' }).click();
    await other.page.getByLabel('Username').fill('dan.ingalls');
    await other.page.getByLabel('Password').fill(PASSWORD);
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.getByRole('alert').waitFor();
    await other.page.getByLabel('Password').fill('another long sentence');
    await other.page.getByRole('button', { name: 'Sign in' }).click();
    await other.page.locator('#sidebar').waitFor();
    await other.end();
  });
  await visitor.end();
}
