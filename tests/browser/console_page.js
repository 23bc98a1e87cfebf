// The console, with real data of a running server: node console_page.js BINARY FOLDER_FOR_SCREENSHOTS
//
// Each action is done in the page and then looked for through the API; every page is searched by axe-core in light and dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { BIG, eventually, HOSTILE, JOBS_KEY, KEY, tokenOf, World } from './console_world.mjs';
import { people } from './console_people.mjs';
import { step } from './step.mjs';

const [binary, screenshots] = process.argv.slice(2);
const WAIT_MS = 30_000;
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = [375, 800, 1280];

class Visitor {
  complaints = [];
  asked = [];

  static async open(browser, world, options = {}) {
    const visitor = new Visitor();
    visitor.world = world;
    visitor.context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = (visitor.page = await visitor.context.newPage());
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => visitor.complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // What the page shows itself: a key that is not taken, a node that is not ready.
      if (message.type() === 'error' && !/status of (401|503)/.test(message.text())) visitor.complaints.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => visitor.asked.push(request.url()));
    return visitor;
  }

  // As the link that `serve --dev` prints.
  async signIn(key = KEY) {
    await this.page.goto(`${this.world.url}/console/#key=${key}`);
    await this.page.locator('h1', { hasText: /Overview|Queues/ }).waitFor();
  }

  async go(hash, heading) {
    await this.page.goto(`${this.world.url}/console/#/${hash}`);
    if (heading) await this.page.locator('h1', { hasText: heading }).waitFor();
    await this.settled();
  }

  async settled() {
    await this.page.waitForFunction(() => !document.querySelector('.loading'));
  }

  text(selector = 'main') {
    return this.page.locator(selector).first().innerText();
  }

  // Waits until the page's text matches.
  async sees(wanted, selector = 'main') {
    let text = '';
    for (const until = Date.now() + WAIT_MS; Date.now() < until; ) {
      text = await this.text(selector);
      if (wanted.test(text)) return;
      await this.page.waitForTimeout(50);
    }
    assert.match(text, wanted);
  }

  // Presses a button by its name, types what the dialog asks for, and confirms.
  async act(name, { typed, says } = {}) {
    await this.page.getByRole('button', { name, exact: true }).first().click();
    const dialog = this.page.getByRole('dialog');
    if (typed) {
      assert.ok(await dialog.locator('button[type=submit]').isDisabled(), 'not before it was typed');
      await dialog.locator('input').fill(typed);
    }
    await dialog.locator('button[type=submit]').click();
    await dialog.waitFor({ state: 'hidden' });
    if (says) await this.page.locator('.said', { hasText: says }).waitFor();
  }
}

const PAGES = (world) => [
  ['overview', '', 'Overview'],
  ['channels', 'channels', 'Channels'],
  ['channel', 'channel?name=demo%3Achat', 'Channel'],
  ['channel-map', 'channel?name=scores%3Agame', 'Channel'],
  ['connections', `connections?sort=queued&client=${world.ann.id}`, 'Connections'],
  ['connections-user', 'connections?user=slow-reader', 'Connections'],
  ['jobs', 'jobs?queue=images', 'Queues'],
  ['jobs-dead', 'jobs/list?state=dead', 'Jobs'],
  ['jobs-retry', 'jobs/list?state=retry', 'Jobs'],
  ['job-failed', `jobs/job?jid=${world.failing}`, 'Job'],
  ['job-working', `jobs/job?jid=${world.working}`, 'Job'],
  ['job-blocked', `jobs/job?jid=${world.blocked}`, 'Job'],
  ['job-waiting', `jobs/job?jid=${world.waiting}`, 'Job'],
  ['job-queued', `jobs/job?jid=${world.queued}`, 'Job'],
  ['schedules', 'jobs/schedules', 'Schedules'],
  ['batches', 'jobs/batches', 'Batches'],
  ['workers', 'jobs/workers', 'Workers'],
  ['sql', 'sql', 'SQL'],
  ['outbox', 'outbox', 'Outbox'],
  ['tokens', 'tokens', 'Tokens'],
  ['server', 'server', 'Server'],
  ['people', 'people', 'People'],
  ['audit', 'audit', 'Audit log'],
  ['metrics', 'metrics?find=jobs', 'Metrics'],
];

async function signingIn(browser, world) {
  const visitor = await Visitor.open(browser, world);
  const { page } = visitor;
  await step('a wrong key is refused, and it is said which one is wanted', async () => {
    await page.goto(`${world.url}/console/`);
    await page.getByRole('button', { name: 'Use an API key instead' }).click();
    await page.getByLabel('API key').fill('wrong');
    await page.keyboard.press('Enter');
    const problem = page.locator('.problem');
    await problem.waitFor();
    assert.match(await problem.innerText(), /does not take this key[\s\S]*http_api\.key/);
    await page.screenshot({ path: `${screenshots}/console-sign-in.png` });
  });
  await step('the right key signs in, and stays in this tab only', async () => {
    await page.getByLabel('API key').fill(KEY);
    await page.keyboard.press('Enter');
    await page.locator('h1', { hasText: 'Overview' }).waitFor();
    assert.deepEqual(await page.evaluate(() => [Object.keys(localStorage).length, document.cookie]), [0, '']);
    await page.reload();
    await page.locator('h1', { hasText: 'Overview' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.getItem('tidemill-console-key')), null);
  });
  await step('the link of serve --dev signs in, and the key leaves the address', async () => {
    await page.goto('about:blank');
    await visitor.signIn();
    assert.ok(!page.url().includes(KEY), page.url());
    assert.ok(visitor.asked.every((url) => !url.includes(KEY)), 'the key was in an address');
  });
  await step('a key of http_api.jobs_key opens the pages about jobs', async () => {
    await page.goto(`${world.url}/console/#key=${JOBS_KEY}`);  // in the tab that shows it already
    await page.locator('h1', { hasText: 'Queues' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Connections' }).count(), 0);
  });
  assert.deepEqual(visitor.complaints, []);
  await visitor.context.close();
}

async function looking(visitor, world) {
  const { page } = visitor;
  await step('the overview names what needs attention, and why', async () => {
    await visitor.go('', 'Overview');
    await page.locator('.findings li').first().waitFor();
    for (const wanted of [/3 jobs dead/, /Nobody works on queue (images|billing|bank|imports)|failed and will be tried/, /account-7 stands still/, /2 entries of the outbox/]) {
      await visitor.sees(wanted, '.attention');
    }
    await page.waitForFunction(() => document.querySelectorAll('.plot canvas').length >= 8);
    await page.waitForFunction(() => /clients 3/.test(document.querySelector('.plot .legend').textContent));
  });
  await step('what the plots say is what happens', async () => {
    const shown = (title, label) =>
      page.waitForFunction(([begins, of]) => {
        const plot = [...document.querySelectorAll('.plot')].find((each) => each.textContent.startsWith(begins));
        return Number(new RegExp(`${of} ([\\d.]+)`).exec(plot.textContent)?.[1] ?? 0) > 2;
      }, [title, label]);
    // What clients publish counts as what backends do.
    const running = setInterval(() => world.ann.send({ id: ++world.ann.last, publish: { channel: 'demo:news', data: {} } }), 20);
    try {
      await shown('Publications', 'published');
      await shown('Deliveries', 'delivered');
      await page.waitForFunction(() => /p99 [\d.]+ (µs|ms)/.test(document.querySelectorAll('.plot')[3].textContent));
    } finally {
      clearInterval(running);
    }
  });
  await step('channels are found by a pattern, which stands in the address', async () => {
    await visitor.go('channels', 'Channels');
    await page.getByLabel('Pattern').fill('demo:ch*');
    await page.locator('h2', { hasText: '1 channel' }).waitFor();
    assert.match(page.url(), /pattern=demo%3Ach\*/);
    await page.reload();
    await page.locator('h2', { hasText: '1 channel' }).waitFor();
  });
  await step('a channel shows presence, history with offsets and big numbers to the letter', async () => {
    await page.getByRole('link', { name: 'demo:chat' }).click();
    await page.locator('.publications li').first().waitFor();
    await visitor.sees(new RegExp(`"big": ${BIG}`));
    await visitor.sees(/Top of the stream: offset 6/);
    await page.getByLabel('From offset').fill('5');
    await page.waitForFunction(() => document.querySelectorAll('.publications li').length === 2);
  });
  await step('a channel without history says which lines switch it on', async () => {
    await visitor.go('channel?name=bare%3Aone', 'Channel');
    await page.getByText('history_size = 100').waitFor();
    await visitor.sees(/name = "bare"/);
  });
  await step('a slow reader is marked, with the bytes that wait for it', async () => {
    await visitor.go('connections?sort=queued', 'Connections');
    const row = page.locator('tbody tr').first();
    assert.match(await row.innerText(), /slow-reader[\s\S]*KiB|MiB[\s\S]*slow/);
  });
  await step('arguments of jobs are exact, whatever they are', async () => {
    await visitor.go(`jobs/job?jid=${world.queued}`, 'Job');
    const text = await page.getByRole('group', { name: 'Arguments' }).innerText();
    assert.match(text, new RegExp(`^\\[\\s*${BIG},\\s*\\{\\s*"10": 1,\\s*"2": 1\\.10,\\s*"__proto__": \\{\\s*"x": 1e400`));
    await visitor.sees(/No worker fetches from its queue/);
  });
  await step('a job that failed shows its error and where; one that is blocked what it waits for', async () => {
    await visitor.go(`jobs/job?jid=${world.dead}`, 'Job');
    await visitor.sees(/SMTPError[\s\S]*mailbox full[\s\S]*app\/mail\.rb:12 in deliver/);
    await visitor.go(`jobs/job?jid=${world.blocked}`, 'Job');
    await page.getByText('Its turn in sequence').waitFor();
    await visitor.sees(new RegExp(`first comes ${world.halting}, which is dead`));
    await visitor.go(`jobs/job?jid=${world.waiting}`, 'Job');
    await page.getByText('order-7-paid').first().waitFor();
  });
  await step('endpoints are shown with what they do, and live queries with how many follow them', async () => {
    const follower = await world.connect('follower');
    await follower.subscribe('live:/things', { type: 1, phase: 2, limit: 100 });
    await visitor.go('sql', 'SQL');
    await visitor.sees(/post_say[\s\S]*Live queries[\s\S]*Followed\s*1,/);
    follower.end();
  });
  await step('schedules say when next, in their own zone', async () => {
    await visitor.go('jobs/schedules', 'Schedules');
    await visitor.sees(/nightly-report[\s\S]*03:30[\s\S]*Europe\/Berlin/);
  });
  await step('a token is read in the page, and it is said why it would be refused', async () => {
    await visitor.go('tokens', 'Tokens');
    const asked = visitor.asked.length;
    await page.getByLabel('Token (JWT)').fill(tokenOf({ sub: HOSTILE, exp: 1_700_000_000, big: 1 }));
    await page.getByText('Expired').first().waitFor();
    await page.getByLabel('Token (JWT)').fill('not a token');
    await page.getByText('it has 1 part').waitFor();
    assert.deepEqual(visitor.asked.slice(asked).filter((url) => !/\/metrics$/.test(url)), []);
  });
  await step('metrics are searched by name and label', async () => {
    await visitor.go('metrics?find=jobs_changes state=dead', 'Metrics');
    await page.locator('.family').first().waitFor();
    assert.equal(await page.locator('.family').count(), 1);
    await visitor.sees(/state="dead"/);
  });
}

async function acting(visitor, world) {
  const { page } = visitor;
  await step('publish by hand, and copy it as curl without the key', async () => {
    await visitor.go('channel?name=demo%3Anews', 'Channel');
    await page.getByLabel('Data, JSON').fill(`{"exact": ${BIG}`);
    await page.getByText('the JSON ends too soon').waitFor();
    await page.getByLabel('Data, JSON').fill(`{"exact": ${BIG}}`);
    await page.locator('.publish').getByRole('button', { name: 'Copy as curl' }).click();
    const line = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(line, /^curl -s '.*\/api\/publish' -H "X-API-Key: \$TIDEMILL_KEY" -d '\{"channel":"demo:news","data":\{"exact": 9007199254740993\}\}'$/);
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await page.locator('.said', { hasText: 'Published at offset' }).waitFor();
    const raw = await fetch(`${world.url}/api/history`, { method: 'POST', headers: { 'X-API-Key': KEY }, body: '{"channel":"demo:news","limit":1,"reverse":true}' });
    assert.match(await raw.text(), new RegExp(`"exact": ?${BIG}`));
  });
  await step('a key of a map is removed', async () => {
    await visitor.go('channel?name=scores%3Agame', 'Channel');
    await visitor.act(`Remove ${HOSTILE}`);
    assert.equal((await world.api('map_stats', { channel: 'scores:game' })).num_keys, 1);
  });
  await step('a connection is unsubscribed and disconnected', async () => {
    await visitor.go(`connections?client=${world.ann.id}`, 'Connections');
    await visitor.act('Unsubscribe from demo:news', { says: 'Unsubscribed.' });
    const channels = async () => Object.keys((await world.api('connections', { user: 'ann' })).connections[world.ann.id]?.state?.channels ?? {});
    assert.deepEqual(await channels(), ['demo:chat']);
    await visitor.act(`Disconnect ${world.ann.id}`, { says: 'Disconnected.' });
    await eventually('ann is gone', async () => world.ann.closed);
  });
  await step('a user is blocked, and unblocked', async () => {
    await visitor.go('connections?user=mallory', 'Connections');
    await visitor.act('Block', { typed: 'mallory', says: 'Blocked.' });
    await assert.rejects(world.connect('mallory'));
    await visitor.act('Unblock', { says: 'Unblocked.' });
    await world.connect('mallory');
  });
  await step('a queue is paused and resumed', async () => {
    const paused = async () => (await world.api('jobs_queues')).queues.find(({ name }) => name === 'images').paused;
    await visitor.go('jobs', 'Queues');
    await visitor.act('Pause images', { says: 'Paused.' });
    assert.equal(await paused(), true);
    await page.locator('tr', { hasText: 'images' }).getByText('paused', { exact: true }).waitFor();
    await visitor.act('Resume images', { says: 'Resumed.' });
    assert.equal(await paused(), false);
  });
  await step('a job is retried, killed, cancelled and discarded', async () => {
    await visitor.go(`jobs/job?jid=${world.dead}`, 'Job');
    await visitor.act('Retry', { says: 'It may run now.' });
    assert.equal(await world.stateOf(world.dead), 'queued');
    await page.locator('.head .tag', { hasText: 'queued' }).waitFor();
    await visitor.act('Kill', { says: 'among the dead' });
    assert.equal(await world.stateOf(world.dead), 'dead');
    await page.locator('.head .tag', { hasText: 'dead' }).waitFor();
    await visitor.act('Discard', { says: 'Discarded.' });
    await page.getByText('No such job').waitFor();
    assert.equal(await world.stateOf(world.dead), 'unknown');
    await visitor.go(`jobs/job?jid=${world.scheduled}`, 'Job');
    await visitor.act('Cancel', { says: 'Cancelled.' });
    assert.ok(['unknown', 'cancelled'].includes(await world.stateOf(world.scheduled)));
  });
  await step('a copy of a job is pushed with other arguments, to the letter', async () => {
    await visitor.go(`jobs/job?jid=${world.queued}`, 'Job');
    await page.getByText('Push a copy').click();
    const field = page.getByLabel('Arguments, a JSON array');
    assert.match(await field.inputValue(), new RegExp(`${BIG}[\\s\\S]*1\\.10[\\s\\S]*1e400`));
    await field.fill('{}');
    await page.getByText('arguments are an array').waitFor();
    await field.fill(`[${BIG}, "again"]`);
    await page.getByLabel('Into queue').fill('copies');
    await page.getByRole('button', { name: 'Push', exact: true }).click();
    await page.locator('.said', { hasText: 'Pushed as' }).waitFor();
    await visitor.sees(/charge queued[\s\S]*in queue copies/);
    const answer = await fetch(`${world.url}/api/jobs_list`, { method: 'POST', headers: { 'X-API-Key': KEY }, body: '{"state":"queued","queue":"copies"}' });
    assert.match(await answer.text(), new RegExp(`"args":\\[${BIG}, ?"again"\\]`));
  });
  await step('some jobs are marked, and all that match are done with after it was typed', async () => {
    await visitor.go('jobs/list?state=queued&queue=images', 'Jobs');
    await page.locator('tbody tr').first().waitFor();
    await page.locator('tbody input[type=checkbox]').nth(0).check();
    await page.locator('tbody input[type=checkbox]').nth(1).check();
    await visitor.act('Kill 2 jobs', { says: 'done with 2 jobs' });
    const images = async (state) => (await world.api('jobs_list', { state, queue: 'images' })).jobs.length;
    assert.deepEqual([await images('queued'), await images('dead')], [2, 2]);
    await visitor.go('jobs/list?state=dead&queue=images', 'Jobs');
    await visitor.act('Discard all that match', { typed: 'discard dead', says: 'done with 2 jobs' });
    assert.equal(await images('dead'), 0);
    assert.ok((await world.api('jobs_counts')).dead > 0, 'the others are still there');
  });
  await step('a signal is sent, a sequence goes on, a schedule runs, pauses and is removed', async () => {
    await visitor.go(`jobs/job?jid=${world.waiting}`, 'Job');
    await visitor.act('Send it: signal order-7-paid', { says: 'Sent.' });
    assert.equal(await world.stateOf(world.waiting), 'queued');
    await visitor.go('jobs/batches', 'Batches');
    await visitor.act('Skip the dead job of account-7', { says: 'Skipped.' });
    assert.equal(await world.stateOf(world.blocked), 'queued');
    await visitor.go('jobs/schedules', 'Schedules');
    await visitor.act('Run now: nightly-report', { says: 'Pushed as' });
    await visitor.act('Pause nightly-report', { says: 'Paused.' });
    assert.equal((await world.api('jobs_schedule', { name: 'nightly-report' })).paused, true);
    await visitor.act('Resume nightly-report', { says: 'Resumed.' });
    await visitor.act('Remove nightly-report', { typed: 'nightly-report', says: 'Removed.' });
    assert.deepEqual((await world.api('jobs_schedules')).schedules.map(({ name }) => name), ['each-hour']);
  });
  await step('a worker is told to end', async () => {
    await visitor.go('jobs/workers', 'Workers');
    await visitor.act('Terminate tester-1');
    assert.equal((await world.api('jobs_beat', { worker: 'tester-1' })).state, 'terminate');
  });
  await step('a queue is removed after its name was typed', async () => {
    await visitor.go('jobs?queue=imports', 'Queues');
    await visitor.act('Remove', { typed: 'imports', says: 'Removed, with 2 jobs' });
    assert.ok(!(await world.api('jobs_queues')).queues.some(({ name }) => name === 'imports'));
  });
  await step('entries of the outbox are retried and dropped', async () => {
    await visitor.go('outbox', 'Outbox');
    const id = async () => (await world.api('outbox_parked')).entries.map((entry) => entry.id);
    const [first] = await id();
    await visitor.act(`Drop entry ${first}`, { says: 'Dropped.' });
    assert.ok(!(await id()).includes(first));
    await visitor.act('Retry all', { typed: 'retry all', says: 'Put back: 1' });
    await eventually('it is parked again', async () => (await id()).length === 1);
    await page.locator('h2', { hasText: 'Parked: 1 entry' }).waitFor();
    await visitor.act('Drop all', { typed: 'drop all', says: 'Dropped: 1' });
    assert.deepEqual(await id(), []);
  });
  await step('an action that fails says so in its dialog, and changes nothing', async () => {
    await visitor.go('jobs', 'Queues');
    await page.route('**/api/jobs_queue_pause', (route) => route.fulfill({ status: 200, body: '{"error":{"code":115,"message":"not available now"}}' }));
    await page.getByRole('button', { name: 'Pause images', exact: true }).click();
    await page.getByRole('dialog').locator('button[type=submit]').click();
    assert.match(await page.getByRole('dialog').locator('.problem').innerText(), /115[\s\S]*not available now/);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.unroute('**/api/jobs_queue_pause');
  });
  await step('read only hides what acts, and says that it protects nothing', async () => {
    await page.getByLabel('Read only').check();
    await page.getByText('That protects nothing').waitFor();
    assert.equal(await page.getByRole('button', { name: /^(Pause|Resume)/ }).count(), 0);
    await page.getByLabel('Read only').uncheck();
  });
}

// Nothing that somebody wrote has become markup, on any page.
async function staysText(visitor, world) {
  await step('hostile names stay text on every page', async () => {
    const pages = [
      ...PAGES(world).map(([, hash]) => hash), `channel?name=${encodeURIComponent(`demo:${HOSTILE}`)}`, `connections?user=${encodeURIComponent(HOSTILE)}`,
      `connections?client=${world.hostile.id}`, 'jobs/list?state=retry', `jobs/list?state=queued&type=${encodeURIComponent(HOSTILE)}`, encodeURIComponent(HOSTILE),
    ];
    let seen = 0;
    for (const hash of pages) {
      await visitor.go(hash);
      await visitor.page.waitForFunction(() => document.body.innerText.includes('<img src=x'), null, { timeout: 1000 }).catch(() => {});
      assert.deepEqual(await visitor.page.evaluate(() => [document.querySelectorAll('main img, body script').length, window.hit]), [0, undefined], hash);
      seen += (await visitor.text('body')).includes('<img src=x') ? 1 : 0;
    }
    assert.ok(seen >= 6, `it was shown on ${seen} pages only`);
  });
}

async function lookingWell(browser, world) {
  await step('axe-core finds nothing on any page, in light and in dark, wide and narrow', async () => {
    const found = [];
    for (const scheme of ['light', 'dark']) {
      // axe is no part of the page, and its policy would not let it in.
      const visitor = await Visitor.open(browser, world, { colorScheme: scheme, bypassCSP: true, reducedMotion: 'reduce' });
      await visitor.signIn();
      for (const [name, hash, heading] of PAGES(world)) {
        await visitor.go(hash, heading);
        if (name === 'tokens') await visitor.page.getByLabel('Token (JWT)').fill(tokenOf({ sub: 'ann', exp: 1_700_000_000 }));
        await visitor.page.waitForTimeout(name === 'overview' ? 2500 : 400);
        for (const width of WIDTHS) {
          await visitor.page.setViewportSize({ width, height: width === 375 ? 812 : 900 });
          await visitor.page.waitForTimeout(150);
          await visitor.page.screenshot({ path: `${screenshots}/console-${name}-${width}-${scheme}.png`, fullPage: true });
          const overflow = await visitor.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (overflow > 0) found.push(`${name} ${width}: ${overflow} px too wide`);
          if (width === 800) continue;
          await visitor.page.evaluate(AXE);
          const { violations } = await visitor.page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
          for (const { id, nodes } of violations) found.push(`${name} ${width} ${scheme}: ${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`);
        }
      }
      await visitor.page.setViewportSize({ width: 1280, height: 900 });
      await visitor.go('jobs', 'Queues');
      await visitor.page.getByRole('button', { name: 'Pause images', exact: true }).click();
      await visitor.page.getByRole('dialog').waitFor();
      await visitor.page.screenshot({ path: `${screenshots}/console-dialog-1280-${scheme}.png` });
      await visitor.page.evaluate(AXE);
      const { violations } = await visitor.page.evaluate(() => window.axe.run());
      for (const { id, nodes } of violations) found.push(`dialog ${scheme}: ${id}: ${nodes[0].html}`);
      assert.deepEqual(visitor.complaints, []);
      await visitor.context.close();
    }
    assert.deepEqual([...new Set(found)], []);
  });
}

async function resting(visitor, world) {
  const { page } = visitor;
  await step('paused, and in a hidden tab, it asks the server nothing', async () => {
    await visitor.go('', 'Overview');
    const quiet = async () => {
      await page.waitForTimeout(1500); // What was under way.
      const before = visitor.asked.length;
      await page.waitForTimeout(3500);
      return visitor.asked.length - before;
    };
    await page.getByRole('button', { name: 'Live' }).click();
    assert.equal(await quiet(), 0);
    await page.getByRole('button', { name: 'Paused' }).click();
    await page.evaluate(() => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    assert.equal(await quiet(), 0);
    await page.evaluate(() => {
      delete document.hidden;
      document.dispatchEvent(new Event('visibilitychange'));
    });
    const before = visitor.asked.length;
    await page.waitForFunction(() => true);
    await eventually('it asks again', async () => visitor.asked.length > before + 2);
  });
  await step('the pages can be reached and used by keyboard', async () => {
    await visitor.go('jobs', 'Queues');
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), 'To the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'content');
    await page.getByRole('button', { name: 'Pause images', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Pause');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Pause images');
  });
  await step('a server that is away is said so, and one that is back is shown again', async () => {
    await page.route('**/api/**', (route) => route.abort());
    await page.locator('.problem', { hasText: 'cannot be reached' }).first().waitFor();
    await page.unroute('**/api/**');
    await page.waitForFunction(() => !document.querySelector('.problem'));
  });
}

async function serving(browser, world) {
  await step('it is served with a policy that runs, frames and sends nothing of elsewhere', async () => {
    const answer = await fetch(`${world.url}/console/`);
    const policy = answer.headers.get('content-security-policy');
    for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]) {
      assert.ok(policy.includes(part), policy);
    }
    const moved = await fetch(`${world.url}/console`, { redirect: 'manual' });
    assert.deepEqual([moved.status, moved.headers.get('location')], [308, 'console/']);
  });
  await step('a server that does not switch it on does not have it; pillars that are off say which lines switch them on', async () => {
    const bare = await World.startBare(binary, '--console.enabled=true');
    try {
      assert.equal((await fetch(`${bare.url}/console/`)).status, 200);
      const visitor = await Visitor.open(browser, bare);
      await visitor.signIn();
      for (const [hash, heading, lines] of [['jobs', 'Queues', '[jobs]'], ['outbox', 'Outbox', '[outbox]'], ['sql', 'SQL', 'folder = "queries"']]) {
        await visitor.go(hash, heading);
        assert.ok((await visitor.text()).includes(lines), hash);
        await visitor.page.screenshot({ path: `${screenshots}/console-off-${hash}.png` });
      }
      await visitor.go('', 'Overview');
      await visitor.page.getByText('Plots need /metrics').waitFor();
      assert.deepEqual(visitor.complaints, []);
      await visitor.context.close();
    } finally {
      await bare.end();
    }
    const without = await World.startBare(binary);
    try {
      assert.equal((await fetch(`${without.url}/console/`)).status, 404);
    } finally {
      await without.end();
    }
  });
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
const world = await World.start(binary);
let ended = false;
try {
  await step('a server gets something of everything', () => world.fill());
  await signingIn(browser, world);
  const visitor = await Visitor.open(browser, world, { permissions: ['clipboard-read', 'clipboard-write'] });
  await visitor.signIn();
  await staysText(visitor, world);
  await lookingWell(browser, world);
  await looking(visitor, world);
  await people(() => Visitor.open(browser, world), world);
  await acting(visitor, world);
  await resting(visitor, world);
  await serving(browser, world);
  await step('nothing came from elsewhere, and the browser had nothing to complain about', () => {
    assert.deepEqual(visitor.asked.filter((url) => !url.startsWith(`${world.url}/`)), []);
    assert.deepEqual(visitor.complaints.filter((text) => !/ERR_FAILED/.test(text)), []);
  });
  ended = true;
} finally {
  await browser.close();
  await world.end();
  if (!ended) console.log(`the server's log:\n${world.server.log.slice(-2000)}`);
}
