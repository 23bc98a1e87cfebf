// People who sign in to the console: what each role is shown, and what it can do.
import assert from 'node:assert/strict';
import { PASSWORD } from './console_world.mjs';
import { step } from './step.mjs';

async function signIn(visitor, username, heading = 'Overview') {
  const { page, world } = visitor;
  await page.goto('about:blank');
  await page.goto(`${world.url}/console/`);
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  if (heading) await page.locator('h1', { hasText: heading }).waitFor();
}

const signOut = async ({ page }) => {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('User name').waitFor();
};

const menu = async ({ page }) => (await page.locator('nav a').allInnerTexts()).map((text) => text.trim());

/** `open`: opens a visitor with a context of its own. */
export async function people(open, world) {
  const visitor = await open();
  const { page } = visitor;
  await step('a wrong password is refused, and a member of the chat is nobody here', async () => {
    await page.goto(`${world.url}/console/`);
    await page.getByLabel('User name').fill('vera');
    await page.getByLabel('Password').fill('not the password');
    await page.keyboard.press('Enter');
    await page.locator('.problem').waitFor();
    await signIn(visitor, 'member', '');
    await visitor.sees(/member has no role in the console/);
    await page.reload();
    await visitor.sees(/member has no role in the console/);
    await signOut(visitor);
  });
  await step('a viewer sees all pages but those of operators and admins, and nothing that acts', async () => {
    await signIn(visitor, 'vera');
    const shown = await menu(visitor);
    assert.ok(shown.includes('Connections') && !shown.includes('People') && !shown.includes('Server'), shown.join());
    await page.getByText('You are a viewer').waitFor();
    for (const [hash, heading] of [['jobs', 'Queues'], ['connections?user=slow-reader', 'Connections'], ['jobs/list?state=retry', 'Jobs'], ['outbox', 'Outbox'], ['channel?name=demo%3Achat', 'Channel']]) {
      await visitor.go(hash, heading);
      assert.equal(await page.locator('button[aria-haspopup=dialog]').count(), 0, hash);
      assert.equal(await page.locator('.publish').count(), 0, hash);
    }
    await visitor.go('people');
    await visitor.sees(/This page is for admins/);
    const status = await page.evaluate(async () => (await fetch('../api/publish', { method: 'POST', body: '{"channel":"demo:chat","data":1}' })).status);
    assert.equal(status, 403);
    await page.reload();
    await page.locator('.who', { hasText: 'vera, viewer' }).waitFor();
    await signOut(visitor);
  });
  visitor.complaints = visitor.complaints.filter((text) => !/status of 403/.test(text));
  await step('an operator acts, and the session is out of reach of scripts', async () => {
    await signIn(visitor, 'otto');
    assert.deepEqual(await page.evaluate(() => [document.cookie, Object.keys(sessionStorage).join()]), ['', '']);
    await visitor.go('jobs', 'Queues');
    await visitor.act('Pause images', { says: 'Paused.' });
    await visitor.act('Resume images', { says: 'Resumed.' });
    const { entries } = await world.api('accounts_audit', { actor: 'otto', action: 'api.' });
    assert.deepEqual(entries.map((entry) => [entry.action, entry.target, entry.result]), [
      ['api.jobs_queue_resume', 'queue="images"', 'done'],
      ['api.jobs_queue_pause', 'queue="images"', 'done'],
    ]);
    assert.ok(!(await menu(visitor)).includes('People'));
    await signOut(visitor);
  });
  await step('an admin gives a role, and finds who did what', async () => {
    await signIn(visitor, 'ada');
    await visitor.go('people', 'People');
    await page.getByLabel('Console role of member').selectOption('viewer');
    await visitor.act('Give member the role viewer', { says: 'Changed.' });
    const { users } = await world.api('accounts_users', { query: 'member' });
    assert.equal(users.find(({ username }) => username === 'member').console, 'viewer');
    await visitor.act('New password for member');
    await page.getByText(/reset\?token=/).waitFor();
    await visitor.go('audit?action=api.', 'Audit log');
    await visitor.sees(/ada[\s\S]*api\.accounts_reset[\s\S]*member[\s\S]*done/);
    await page.getByLabel('Who').fill('otto');
    await page.waitForFunction(() => !/accounts_reset/.test(document.querySelector('main').innerText));
    await visitor.sees(/api\.jobs_queue_pause/);
  });
  await step('the audit log is read in pages', async () => {
    for (let i = 0; i < 60; i++) {
      await page.evaluate(async (n) => fetch('../api/publish', { method: 'POST', body: JSON.stringify({ channel: `demo:page-${n}`, data: n }) }), i);
    }
    await visitor.go('audit?actor=ada&action=publish', 'Audit log');
    await page.locator('tbody tr').nth(49).waitFor();
    await visitor.sees(/demo:page-59/);
    await page.getByRole('link', { name: 'Older' }).click();
    await visitor.sees(/demo:page-0/);
    assert.equal(await page.locator('tbody tr').count(), 10);
  });
  await step('settings say where they come from, secrets are masked, and doctor finds', async () => {
    await visitor.go('server', 'Server');
    await visitor.sees(/client\.queue_max_size[\s\S]*67108864[\s\S]*flag[\s\S]*--client\.queue_max_size/);
    assert.ok(!(await visitor.text()).includes('console-test-key'), 'the key is shown');
    await page.getByLabel('Show').selectOption('all');
    await page.getByRole('searchbox', { name: 'Setting' }).fill('shutdown.timeout');
    await page.locator('h2', { hasText: /^1 setting of/ }).waitFor();
    await visitor.sees(/checks? (is|are) good/);
  });
  await step('names of people and what they act on stay text', async () => {
    for (const hash of ['people', 'audit?actor=mallory']) {
      await visitor.go(hash);
      await visitor.sees(/<img src=x/);
      assert.deepEqual(await page.evaluate(() => [document.querySelectorAll('main img, body script').length, window.hit]), [0, undefined], hash);
    }
  });
  await step('a session that ends asks to sign in again', async () => {
    await page.context().clearCookies();
    await page.getByText('Your session has ended').waitFor();
  });
  await step('the console is shown in no frame', async () => {
    const framed = await visitor.context.newPage();
    await framed.goto(`${world.url}/`);
    const shown = await framed.evaluate(async () => {
      const frame = document.createElement('iframe');
      frame.src = '/console/';
      document.body.append(frame);
      await new Promise((done) => frame.addEventListener('load', done, { once: true }));
      return frame.contentDocument?.querySelector('#app') !== null && frame.contentDocument !== null;
    });
    assert.equal(shown, false);
    await framed.close();
  });
  assert.deepEqual(visitor.complaints.filter((text) => !/status of (401|403)/.test(text)), []);
  await visitor.context.close();
}
