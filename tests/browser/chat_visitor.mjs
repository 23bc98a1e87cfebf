// Somebody before the chat's page: a context of Chromium of its own, and what its tests look for again and again.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const WAIT_MS = 30_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export class Visitor {
  complaints = [];
  asked = [];

  static async open(browser, world, person, options = {}) {
    const visitor = new Visitor();
    visitor.world = world;
    visitor.context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    if (person) await visitor.context.addCookies(person.cookies);
    visitor.page = await visitor.tab();
    return visitor;
  }

  async tab() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // What the page shows itself: that nobody is signed in, and that the server is away.
      const expected = /status of (401|404|409|422|403|507)|ERR_CONNECTION|ERR_INTERNET|WebSocket connection to|ERR_EMPTY_RESPONSE|ERR_SOCKET/;
      if (message.type() === 'error' && !expected.test(message.text())) this.complaints.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => this.asked.push(request.url()));
    return page;
  }

  async go(hash, page = this.page) {
    await page.goto(`${this.world.page}${hash}`);
    await page.locator('#content:not(.entry)').first().waitFor({ state: 'attached' });
    await page.waitForFunction(() => !document.querySelector('[aria-busy=true]'));
  }

  async goRoom(id, page = this.page) {
    await this.go(`#/r/${id}`, page);
    await this.composer(page).waitFor();
  }

  composer(page = this.page) {
    return page.locator('.room .composer textarea');
  }

  async send(text, page = this.page) {
    await this.composer(page).fill(text);
    await this.composer(page).press('Enter');
  }

  row(text, page = this.page) {
    return page.locator('.room li.message', { hasText: text }).last();
  }

  sideRoom(name, page = this.page) {
    return page.locator('.side-room', { hasText: name });
  }

  /** The texts of the list, in order; those that are still on their way are marked. */
  texts(page = this.page) {
    return page.locator('.room .scroller li.message').evaluateAll((rows) =>
      rows.map((row) => `${row.querySelector('.md')?.innerText ?? ''}${row.classList.contains('entry') ? ' …' : ''}`),
    );
  }

  async axe(page = this.page) {
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((rules) => window.axe.run(document, { runOnly: rules }), RULES);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => `${node.html.slice(0, 300)} ${node.failureSummary}`).join(' | ')}`);
  }

  async end() {
    assert.deepEqual(this.complaints, []);
    await this.context.close();
  }
}
