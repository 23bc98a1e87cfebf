// What people write never becomes more than text, links and a few marks, wherever it is shown.
import assert from 'node:assert/strict';
import { Visitor } from './chat_visitor.mjs';
import { step } from './step.mjs';

const CORPUS = [
  '<script>window.hit=1</script>',
  '<img src=x onerror="window.hit=1">',
  '<svg onload=window.hit=1><animate onbegin=window.hit=1 attributeName=x dur=1s>',
  '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hit=1&gt;">',
  '<form action=javascript:window.hit=1><button>x</button></form>',
  '<a href="javascript:window.hit=1">click</a>',
  '[click](javascript:window.hit=1)',
  '[click](JaVaScRiPt:window.hit=1)',
  '[click](&#106;avascript:window.hit=1)',
  '[click](java&Tab;script:window.hit=1)',
  '[click](data:text/html,<script>window.hit=1</script>)',
  '[click](vbscript:window.hit=1)',
  '<javascript:window.hit=1>',
  '![x](javascript:window.hit=1)',
  '![x](https://elsewhere.example/x.png)',
  '![x"onerror="window.hit=1](x)',
  '[x](https://example.com/"onmouseover="window.hit=1)',
  '[ref]: javascript:window.hit=1\n\n[ref]',
  '`<img src=x onerror=window.hit=1>`',
  '```html"><img src=x onerror=window.hit=1>\n<img src=x onerror=window.hit=1>\n```',
  '| <img src=x onerror=window.hit=1> | b |\n|---|---|\n| <svg onload=window.hit=1> | [c](javascript:window.hit=1) |',
  '@bob"><img src=x onerror=window.hit=1>',
  '<style>*{display:none}</style><link rel=stylesheet href=//elsewhere.example>',
  '<base href=//elsewhere.example><meta http-equiv=refresh content="0;url=//elsewhere.example">',
  '<div id=app class=dialog style="position:fixed;inset:0">over everything</div>',
  '<a id=getElementById name=body>clobbered</a><form id=attributes><input name=nodeName></form>',
  `${'>'.repeat(3000)} deep`,
  `${'['.repeat(2000)}${'](x)'.repeat(500)}`,
  '\u202Egnp.exe \u200Bhidden\uFEFF',
];

/** Nothing of it has run, loads, leads to a script, or stands over the page. */
const findings = () => ({
  hit: window.hit,
  elements: [...document.querySelectorAll('#app script, #app img, #app iframe, #app style, #app link, #app base, #app meta, #app object, #app form[action]')].map((each) => each.outerHTML.slice(0, 200)),
  handlers: [...document.querySelectorAll('.md *')].filter((each) => [...each.attributes].some(({ name }) => name.startsWith('on') || name === 'style' || name === 'id' || name === 'srcdoc')).map((each) => each.outerHTML),
  links: [...document.querySelectorAll('.md a[href]')].map((each) => each.getAttribute('href')).filter((href) => !/^(https?:\/\/|mailto:|#\/[ru]\/)/.test(href)),
  loose: [...document.querySelectorAll('.md a[href^="http"]')].filter((each) => each.rel !== 'noopener noreferrer' || each.target !== '_blank').map((each) => each.outerHTML),
});
const NOTHING = { hit: undefined, elements: [], handlers: [], links: [], loose: [] };

export async function hostile(browser, world) {
  const { ada, bob } = world;
  const name = '<img src=x onerror=window.hit=1>';
  const room = await world.room(ada, 'hostile', [bob], { topic: '"><script>window.hit=1</script>' });
  await step('hostile messages, names, topics and statuses stay text', async () => {
    await bob.call('PATCH', 'accounts/v1/me', { name }).catch(() => {});
    await bob.chat('PATCH', 'users/me', { name }).catch(() => {});
    await bob.chat('PUT', 'users/me/status', { emoji: '💬', text: '<svg onload=window.hit=1>', until: null }).catch(() => {});
    for (const text of CORPUS) await bob.say(room, text);
    const [first] = (await ada.chat('GET', `rooms/${room}/messages?limit=100`)).messages.filter(({ type }) => type === 'text');
    for (const text of CORPUS) await bob.say(room, text, { thread_id: first.id });
    await ada.chat('PUT', `rooms/${room}/pins/${first.id}`);
    const visitor = await Visitor.open(browser, world, ada);
    for (const hash of [`#/r/${room}`, `#/r/${room}/t/${first.id}`, '#/threads', '#/search?q=click', '#/search?q=%3Cimg%20src%3Dx%20onerror%3Dwindow.hit%3D1%3E', '#/browse', '#/people', `#/r/${encodeURIComponent(name)}`]) {
      await visitor.go(hash);
      await visitor.page.waitForTimeout(400);
      assert.deepEqual(await visitor.page.evaluate(findings), NOTHING, hash);
    }
    await visitor.goRoom(room);
    const links = await visitor.page.locator('.room .md a').count();
    for (let i = 0; i < links; i++) await visitor.page.locator('.room .md a').nth(i).hover({ force: true, timeout: 1000 }).catch(() => {});
    assert.equal(await visitor.page.evaluate(() => window.hit), undefined);
    assert.ok((await visitor.texts()).some((text) => text.includes('<script>window.hit=1</script>')), 'it is shown as it was written');
    assert.deepEqual(visitor.asked.filter((url) => !url.startsWith(`${world.url}/`)), [], 'nothing is loaded from elsewhere');
    await bob.call('PATCH', 'accounts/v1/me', { name: 'Bob Kahn' }).catch(() => {});
    await bob.chat('PATCH', 'users/me', { name: 'Bob Kahn' }).catch(() => {});
    await visitor.end();
  });
  world.hostileRoom = room;
}
