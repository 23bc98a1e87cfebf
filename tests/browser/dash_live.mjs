// What changes on the page when somebody commits, on one database.
import assert from 'node:assert/strict';
import { Visitor } from './chat_visitor.mjs';
import { eventually } from './chat_world.mjs';
import { step } from './step.mjs';

export const panel = (page, name) => page.locator('.panel', { has: page.locator('h2', { hasText: new RegExp(`^${name}$`) }) });
const cells = (page, name) => panel(page, name).locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.innerText.split('\t').map((each) => each.trim()).join(' | ')));
const figure = (page, name) => panel(page, name).locator('.figure .value').innerText();

export async function followed(browser, world, on) {
  const visitor = await Visitor.open(browser, world, undefined, { locale: 'en-GB', timezoneId: 'Europe/Berlin' });
  const { page } = visitor;
  await step(`${on}: nobody sees the dashboards that everybody may see, and no others`, async () => {
    await visitor.go('');
    const names = await page.locator('.index h2').allInnerTexts();
    assert.deepEqual(names.sort(), ['Ask', 'Evil', 'Large', 'Sales'].sort());
  });
  await step(`${on}: a commit of another process changes numbers, tables and charts`, async () => {
    await page.locator('.index a', { hasText: 'Sales' }).click();
    await panel(page, 'Sold').locator('.value').waitFor();
    await eventually('it is live', async () => (await panel(page, 'Sold').locator('.dot[data-on=true]').count()) === 1);
    const before = await figure(page, 'Sold');
    assert.match(before, /^€[\d,]+\.00$/);
    const begun = Date.now();
    world.sql("insert into sales values (1001, 'east', '2026-11-28T00:00:00Z', 1000)");
    await eventually('the number', async () => (await figure(page, 'Sold')) !== before);
    console.log(`     ${on}: commit to page ${Date.now() - begun} ms, with the process that writes`);
    assert.equal(Number((await figure(page, 'Sold')).replace(/[^\d.]/g, '')), Number(before.replace(/[^\d.]/g, '')) + 1000);
    assert.match(await panel(page, 'Sold').locator('.change').innerText(), /▲ €1,000\.00 more .*since /);
    assert.match(await panel(page, 'Sales').locator('.change').innerText(), /▼ 55 less \(-27\.5%\) than some/);
    await eventually('the table', async () => (await cells(page, 'The latest sales'))[0] === '1,001 | 28 Nov 2026, 01:00:00 | east | 1,000');
    await panel(page, 'Sales by hour').locator('.legend button', { hasText: 'east' }).waitFor();
    assert.match(await panel(page, 'Sold').locator('.status').innerText(), /(now|\d+ s ago)$/);
  });
  await step(`${on}: the keyboard reads a chart, in the viewer's zone; a null is a gap`, async () => {
    const chart = panel(page, 'Sales by hour');
    await chart.locator('.canvas').focus();
    await page.keyboard.press('End');
    await chart.locator('.pointed', { hasText: '28 Nov 2026, 01:00:00' }).waitFor();
    assert.match(await chart.locator('.pointed').innerText(), /east\s*€1,000\.00/);
    await chart.getByRole('button', { name: 'Table' }).click();
    await eventually('it is a table', async () => (await cells(page, 'Sales by hour')).some((row) => row.startsWith('26 Nov 2026, 07:00:00 | south | –')));
    await chart.getByRole('button', { name: 'Table' }).click();
    await chart.locator('.canvas canvas').waitFor();
  });
  await step(`${on}: what is not live is asked again and again`, async () => {
    await panel(page, 'Parts').locator('li', { hasText: 'east' }).waitFor();
    assert.equal(await panel(page, 'Parts').locator('.dot[data-on=true]').count(), 0);
  });
  await step(`${on}: a row that goes, goes; and a table is sorted`, async () => {
    world.sql('delete from sales where id = 1001');
    await eventually('it is gone', async () => !(await cells(page, 'The latest sales'))[0].includes('east'));
    const sort = panel(page, 'The latest sales').getByRole('button', { name: 'amount' });
    await sort.click();
    await sort.click();
    const amounts = (await cells(page, 'The latest sales')).map((row) => row.split(' | ').at(-1));
    assert.deepEqual(amounts.slice(0, 2), ['44', '44']);
    assert.equal(await panel(page, 'The latest sales').locator('th[aria-sort=descending]').count(), 1);
  });
  await step(`${on}: a parameter is in the address, and of all panels that have it`, async () => {
    await page.locator('#p-region').fill('north');
    await eventually('the address', async () => page.url().endsWith('#/d/sales?region=north'));
    await eventually('the rows', async () => (await cells(page, 'The latest sales')).every((row) => row.includes('north')));
    await eventually('the number', async () => (await panel(page, 'Sales').locator('.value').innerText()) === '48');
    await page.reload();
    await eventually('the same again', async () => (await panel(page, 'Sales').locator('.value').innerText().catch(() => '')) === '48');
    world.sql("insert into sales values (1002, 'north', '2026-11-28T00:00:00Z', 1)");
    await eventually('it is live, too', async () => (await panel(page, 'Sales').locator('.value').innerText()) === '49');
    world.sql('delete from sales where id = 1002');
  });
  await step(`${on}: what is needed is asked for, and what is wrong is said at its field`, async () => {
    await visitor.go('#/d/ask');
    await page.locator('.empty', { hasText: 'Fill in region' }).waitFor();
    await page.locator('#p-region').fill('south');
    await eventually('the rows', async () => (await cells(page, 'Some')).length === 2);
    await page.locator('#p-most').fill('many');
    await page.locator('.problem', { hasText: 'must be an integer' }).waitFor();
    assert.equal(await page.locator('#p-most').getAttribute('aria-invalid'), 'true');
    await page.locator('#p-most').fill('2');
    await eventually('the rows', async () => (await cells(page, 'Some')).length === 1);
    assert.equal(await page.locator('#p-most').getAttribute('aria-invalid'), 'false');
  });
  await step(`${on}: a dashboard that refuses its caller is not there; with a token it is, and the address keeps no token`, async () => {
    await visitor.go('#/d/staff');
    await page.locator('.empty', { hasText: 'not for you' }).waitFor();
    const other = await visitor.tab();
    await other.goto(`${world.page}#token=${world.token({ sub: 'sue', role: 'staff' })}`);
    await other.locator('.index a', { hasText: 'Staff' }).click();
    await eventually('the rows', async () => (await cells(other, 'Who sits where')).length === 2);
    await eventually('they are live', async () => (await panel(other, 'Who sits where').locator('.dot[data-on=true]').count()) === 1);
    assert.ok(!other.url().includes('token'), other.url());
    await other.close();
  });
  await step(`${on}: each caller has their own rows, live`, async () => {
    const tabs = {};
    for (const name of ['ann', 'bob']) {
      tabs[name] = await (await Visitor.open(browser, world)).page;
      await tabs[name].goto(`${world.page}#token=${world.token({ sub: name })}`);
      await tabs[name].goto(`${world.page}#/d/mine`);
      await eventually('the rows', async () => (await cells(tabs[name], "One's own")).join() === `${name === 'ann' ? 1 : 2} | of ${name}`);
      await eventually('they are live', async () => (await panel(tabs[name], "One's own").locator('.dot[data-on=true]').count()) === 1);
    }
    world.sql("insert into notes values (3, 'ann', 'more of ann')");
    await eventually('hers', async () => (await cells(tabs.ann, "One's own")).length === 2);
    assert.deepEqual(await cells(tabs.bob, "One's own"), ['2 | of bob']);
    for (const tab of Object.values(tabs)) await tab.context().close();
    world.sql('delete from notes where id = 3');
  });
  visitor.complaints = visitor.complaints.filter((each) => !/status of 400/.test(each)); // which the page shows itself
  await visitor.end();
}

export async function restarted(browser, world, on) {
  const visitor = await Visitor.open(browser, world);
  const { page } = visitor;
  await visitor.go('#/d/sales');
  await panel(page, 'Sales').locator('.dot[data-on=true]').waitFor();
  await step(`${on}: a server that is gone leaves what was known, marked as stale; when it is back, so is the page`, async () => {
    await world.server.kill();
    await panel(page, 'Sales').locator('.tag', { hasText: 'Stale since' }).waitFor();
    await page.locator('.bar', { hasText: 'Reconnecting' }).waitFor();
    assert.equal(await panel(page, 'Sales').locator('.value').innerText(), '144');
    world.sql("insert into sales values (1003, 'north', '2026-11-28T00:00:00Z', 1)");
    await world.startServer();
    await eventually('what was missed', async () => (await panel(page, 'Sales').locator('.value').innerText()) === '145');
    await panel(page, 'Sales').locator('.dot[data-on=true]').waitFor();
    world.sql('delete from sales where id = 1003');
    await eventually('it is live', async () => (await panel(page, 'Sales').locator('.value').innerText()) === '144');
  });
  await step(`${on}: a server that takes no connection without a token is asked again and again`, async () => {
    await world.server.kill();
    await world.startServer(false);
    await page.reload();
    await eventually('the number', async () => (await panel(page, 'Sales').locator('.value').innerText().catch(() => '')) === '144');
    world.sql("insert into sales values (1004, 'north', '2026-11-28T00:00:00Z', 1)");
    await eventually('what was written', async () => (await panel(page, 'Sales').locator('.value').innerText()) === '145');
    await page.locator('.bar', { hasText: 'Not live' }).waitFor();
    world.sql('delete from sales where id = 1004');
    await world.server.kill();
    await world.startServer();
  });
  visitor.complaints = visitor.complaints.filter((each) => !/status of 503/.test(each)); // while it starts
  await visitor.end();
}
