// Texts of a database that would be markup; rights that end; files that change.
import assert from 'node:assert/strict';
import { Visitor } from './chat_visitor.mjs';
import { eventually, PASSWORD } from './chat_world.mjs';
import { panel } from './dash_live.mjs';
import { EVIL } from './dash_world.mjs';
import { step } from './step.mjs';

export async function hostile(browser, world) {
  const visitor = await Visitor.open(browser, world);
  const { page } = visitor;
  const dialogs = [];
  page.on('dialog', (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  await step('values, titles, names of columns and of parameters are text, whatever stands in them', async () => {
    await visitor.go('#/d/evil');
    await eventually('the table', async () => (await page.locator('.panel tbody tr').count()) === 6);
    assert.equal(await page.locator('.panel h2').first().innerText(), EVIL);
    assert.ok((await page.locator('.panel td').allInnerTexts()).includes(EVIL));
    assert.ok((await page.locator('.panel th').allInnerTexts()).some((text) => text.includes(EVIL)));
    assert.ok((await page.locator('.panel td').allInnerTexts()).includes('\\u202egnp.exe'));
    await page.locator('.pie li', { hasText: 'javascript:alert(1)' }).waitFor();
    await page.locator('.panel.is-bar .canvas').focus();
    await page.keyboard.press('Home');
    await page.locator('.pointed', { hasText: '<script>' }).waitFor();
    await page.goto(`${world.page}#/d/${encodeURIComponent(EVIL)}?region=${encodeURIComponent(EVIL)}`);
    await page.locator('.empty').waitFor();
    assert.equal(await page.evaluate(() => window.xss), undefined);
    assert.equal(await page.locator('img, #content script, #content svg[onload]').count(), 0);
    assert.deepEqual(dialogs, []);
  });
  await step('the page has a policy, loads nothing from elsewhere, and stands in no frame', async () => {
    const answer = await fetch(world.page);
    const policy = answer.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'.*frame-ancestors 'none'.*require-trusted-types-for 'script'/);
    assert.deepEqual(visitor.asked.filter((url) => !url.startsWith(world.url) && !url.startsWith('data:')), []);
  });
  await step('a token that is not good is not used, and one is told', async () => {
    await page.goto(`${world.page}#token=nonsense`);
    await page.locator('dialog', { hasText: 'The server does not take the token' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.locator('.index h2', { hasText: 'Sales' }).waitFor();
    await page.goto(`${world.page}#token=${world.token({ sub: 'ann' }, -10)}`);
    await page.locator('dialog', { hasText: 'The token has expired' }).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
  });
  await step('an account signs in, sees its own rows live, and signs out', async () => {
    const id = await world.owner('ada');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('User name').fill('ada');
    await page.getByLabel('Password').fill(`${PASSWORD}!`);
    await page.locator('dialog').getByRole('button', { name: 'Sign in' }).click();
    await page.locator('dialog [role=alert]').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.locator('dialog').getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.goto(`${world.page}#/d/mine`);
    await panel(page, "One's own").locator('.empty', { hasText: 'No rows' }).waitFor();
    await panel(page, "One's own").locator('.dot[data-on=true]').waitFor();
    world.sql(`insert into notes values (9, '${id}', 'of the owner')`);
    await panel(page, "One's own").locator('td', { hasText: 'of the owner' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('.empty', { hasText: 'not for you' }).waitFor();
    assert.equal(await page.locator('td').count(), 0);
  });
  await step('a file whose @auth changes goes from the page of those whom it refuses', async () => {
    await visitor.go('#/d/ask?region=south');
    await panel(page, 'Some').locator('td').first().waitFor();
    world.write('ask/needs.get.sql', '-- @auth role:staff\n-- @chart table title="Some"\nselect id from sales');
    await page.locator('.empty', { hasText: 'not for you' }).waitFor();
    assert.equal(await page.locator('td').count(), 0);
  });
  await visitor.end();
}

export async function large(browser, world) {
  const visitor = await Visitor.open(browser, world);
  const { page } = visitor;
  await step('a thousand rows stay smooth while they change', async () => {
    await visitor.go('#/d/large');
    await panel(page, 'All of them').getByRole('button', { name: 'Show all 1000 rows' }).click();
    await panel(page, 'All of them').locator('.dot[data-on=true]').waitFor();
    assert.equal(await panel(page, 'All of them').locator('tbody tr').count(), 1000);
    await page.evaluate(() => {
      window.longest = 0;
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
      }).observe({ type: 'longtask' });
    });
    for (let round = 1; round <= 10; round++) world.sql(`update large set value = value + 1 where id % 10 = ${round - 1}`);
    world.sql('update large set value = 12345 where id = 500');
    await panel(page, 'All of them').locator('td', { hasText: '12,345' }).waitFor();
    const longest = await page.evaluate(() => window.longest);
    console.log(`     the longest task of the page: ${Math.round(longest)} ms`);
    assert.ok(longest < 1000, `${longest} ms`);
  });
  await visitor.end();
}
