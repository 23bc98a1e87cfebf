// How it looks: light and dark, at three widths, searched by axe-core and photographed.
import assert from 'node:assert/strict';
import { Visitor } from './chat_visitor.mjs';
import { panel } from './dash_live.mjs';
import { step } from './step.mjs';

const WIDTHS = [1280, 800, 375];
const VIEWS = [
  ['index', '', (page) => page.locator('.index').waitFor()],
  ['sales', '#/d/sales', (page) => panel(page, 'Parts').locator('li').first().waitFor()],
  ['wrong', '#/d/sales?region=nowhere', (page) => panel(page, 'Sales by hour').locator('.empty').waitFor()],
  ['large', '#/d/large', (page) => panel(page, 'All of them').locator('td').first().waitFor()],
  ['nothing', '#/d/staff', (page) => page.locator('.empty').waitFor()],
  ['sign-in', '', async (page) => {
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('dialog').waitFor();
  }],
];

export async function lookingWell(browser, world, screenshots) {
  await step('axe-core finds nothing in any view, in light and in dark, wide and narrow; nothing is too wide', async () => {
    const found = [];
    for (const scheme of ['light', 'dark']) {
      // axe is no part of the page, and its policy would not let it in.
      const visitor = await Visitor.open(browser, world, undefined, { colorScheme: scheme, bypassCSP: true, reducedMotion: 'reduce' });
      const { page } = visitor;
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width === 375 ? 812 : 900 });
        for (const [name, hash, ready] of VIEWS) {
          await visitor.go(hash);
          await ready(page);
          await page.waitForTimeout(250);
          await page.screenshot({ path: `${screenshots}/dash-${name}-${width}-${scheme}.png`, fullPage: name !== 'sign-in' });
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (overflow > 0) found.push(`${name} ${width}: ${overflow} px too wide`);
          for (const violation of width === 800 ? [] : await visitor.axe()) found.push(`${name} ${width} ${scheme}: ${violation}`);
          await page.goto('about:blank');
        }
      }
      await visitor.end();
    }
    assert.deepEqual([...new Set(found)], []);
  });
}
