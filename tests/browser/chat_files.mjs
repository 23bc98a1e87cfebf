// Files in the page: chosen, dropped, pasted; progress, stopping, trying again; pictures in the message and large.
import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { Visitor } from './chat_visitor.mjs';
import { eventually } from './chat_world.mjs';
import { step } from './step.mjs';

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A picture of that size: a slope of one colour into another. */
export function png(width, height, [red, green, blue] = [13, 116, 144]) {
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (width * 3 + 1) + 1 + x * 3;
      const light = 0.45 + (0.55 * (x + y)) / (width + height);
      rows.set([red * light, green * light, blue * light], at);
    }
  }
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

export async function uploadAs(person, room, name, bytes) {
  const response = await fetch(`${person.world.url}/chat/v1/rooms/${room}/files?name=${encodeURIComponent(name)}`, {
    method: 'POST', headers: { Origin: person.world.url, Cookie: person.cookie }, body: bytes,
  });
  const answer = await response.json();
  assert.equal(response.status, 201, JSON.stringify(answer));
  return answer.attachment.id;
}

const PICTURE = { name: 'sea.png', mimeType: 'image/png', buffer: png(800, 500) };
const NOTES = { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('One\nTwo\n') };

const chips = (page) => page.locator('.room .composer .uploads li');
const choose = (page, ...files) => page.locator('.room .composer input[type=file]').setInputFiles(files);

/** As the browser would: an event with files that `kind` brings to the element. */
const bring = (page, selector, kind, { name, mimeType, buffer }) =>
  page.evaluate(
    ({ selector, kind, name, mimeType, bytes }) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: mimeType }));
      const target = document.querySelector(selector);
      const options = { bubbles: true, cancelable: true };
      if (kind === 'paste') return void target.dispatchEvent(new ClipboardEvent('paste', { ...options, clipboardData: transfer }));
      for (const each of kind.split(' ')) target.dispatchEvent(new DragEvent(each, { ...options, dataTransfer: transfer }));
    },
    { selector, kind, name, mimeType, bytes: [...buffer] },
  );

export async function files(browser, world, screenshots) {
  const { ada, bob } = world;
  const room = await world.room(ada, 'files', [bob]);
  const visitor = await Visitor.open(browser, world, ada);
  const other = await Visitor.open(browser, world, bob);
  const { page } = visitor;
  await visitor.goRoom(room);
  await other.goRoom(room);

  await step('files that are chosen are uploaded and sent with a text, and another sees them without a jump', async () => {
    await choose(page, PICTURE, NOTES);
    await page.waitForFunction(() => document.querySelectorAll('.room .composer .uploads li.done').length === 2);
    await page.screenshot({ path: `${screenshots}/chat-files-chosen.png` });
    await visitor.send('Both of them');
    await chips(page).first().waitFor({ state: 'detached' });
    for (const { page: seen } of [visitor, other]) {
      const row = seen.locator('.room li.message', { hasText: 'Both of them' });
      const picture = row.locator('.picture img');
      await picture.waitFor();
      const box = await picture.boundingBox();
      assert.deepEqual([Math.round(box.width), Math.round(box.height)], [420, 263]);
      await seen.waitForFunction(() => [...document.querySelectorAll('.picture img')].every((img) => img.complete && img.naturalWidth === 800));
      assert.deepEqual(await picture.boundingBox(), box, 'it takes its room before it is loaded');
      assert.match(await row.locator('.file').innerText(), /notes\.txt\s+8 B/);
    }
    assert.equal(await page.locator('.message.entry').count(), 0);
  });

  await step('a file that is no picture is downloaded under its name, as it was', async () => {
    const [download] = await Promise.all([other.page.waitForEvent('download'), other.page.locator('.room .file', { hasText: 'notes.txt' }).click()]);
    assert.equal(download.suggestedFilename(), 'notes.txt');
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    assert.deepEqual(Buffer.concat(chunks), NOTES.buffer);
  });

  await step('a picture opens large by keyboard, goes to the next one, and gives the focus back', async () => {
    await choose(page, { ...PICTURE, name: 'first.png' }, { ...PICTURE, name: 'second.png', buffer: png(300, 900, [168, 72, 11]) });
    await page.waitForFunction(() => document.querySelectorAll('.room .composer .uploads li.done').length === 2);
    await page.locator('.room .composer .send').click();
    const pictures = page.locator('.room li.message').last().locator('.picture');
    await eventually('both are there', async () => (await pictures.count()) === 2);
    await pictures.first().focus();
    await page.keyboard.press('Enter');
    const large = page.getByRole('dialog', { name: 'Picture' });
    await large.getByText('first.png').waitFor();
    await page.screenshot({ path: `${screenshots}/chat-picture-large.png` });
    await page.keyboard.press('ArrowRight');
    await large.getByText('second.png').waitFor();
    assert.equal(await large.getByRole('button', { name: 'The next picture' }).isDisabled(), true);
    await page.keyboard.press('Escape');
    await large.waitFor({ state: 'detached' });
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Picture first.png: open it large');
  });

  await step('a picture is pasted, a file is dropped anywhere in the room, and each is taken away again', async () => {
    await bring(page, '.room .composer textarea', 'paste', { ...PICTURE, name: 'pasted.png' });
    await chips(page).filter({ hasText: 'pasted.png' }).waitFor();
    await bring(page, '.room .scroller', 'dragover', NOTES);
    await page.locator('.room .composer .drop').waitFor();
    await page.screenshot({ path: `${screenshots}/chat-files-drop.png` });
    await bring(page, '.room .scroller', 'drop', NOTES);
    await page.locator('.room .composer .drop').waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.querySelectorAll('.room .composer .uploads li.done').length === 2);
    const taken = page.waitForResponse((response) => response.request().method() === 'DELETE' && response.url().includes('/chat/v1/files/'));
    await page.getByRole('button', { name: 'Take away pasted.png' }).click();
    assert.equal((await taken).status(), 204);
    await page.getByRole('button', { name: 'Take away notes.txt' }).click();
    assert.equal(await chips(page).count(), 0);
    assert.equal(await page.evaluate(() => location.hash), `#/r/${room}`, 'no page was opened');
  });

  await step('an upload shows how far it is, goes on in another room, and can be stopped', async () => {
    let hold;
    await page.route('**/chat/v1/rooms/*/files?*', async (route) => {
      await new Promise((go) => (hold = go));
      await route.continue().catch(() => {});
    });
    await choose(page, { ...NOTES, name: 'slow.txt' });
    await page.getByRole('progressbar', { name: 'Upload of slow.txt' }).waitFor();
    await visitor.composer().fill('Not yet');
    await visitor.composer().press('Enter');
    await page.getByText('A file is still being uploaded.').waitFor();
    await visitor.sideRoom('general').locator('a').click();
    await page.getByRole('heading', { name: 'general', exact: true }).waitFor();
    assert.equal(await chips(page).count(), 0);
    await visitor.sideRoom('files').locator('a').click();
    await page.getByRole('button', { name: 'Stop the upload of slow.txt' }).click();
    assert.equal(await chips(page).count(), 0);
    hold();
    await page.unroute('**/chat/v1/rooms/*/files?*');
    await visitor.composer().fill('');
  });

  await step('what fails says why and is tried again; what the network stopped, by itself', async () => {
    await page.route('**/chat/v1/rooms/*/files?*', (route) =>
      route.fulfill({ status: 507, contentType: 'application/json', body: '{"error":{"code":"storage_full","message":"there is no room for more files"}}' }),
    );
    await choose(page, { ...NOTES, name: 'again.txt' });
    await page.getByRole('alert').getByText('there is no room for more files').waitFor();
    await page.screenshot({ path: `${screenshots}/chat-files-failed.png` });
    await visitor.composer().press('Enter');
    await page.getByText('A file was not uploaded').waitFor();
    await page.unroute('**/chat/v1/rooms/*/files?*');
    await page.getByRole('button', { name: 'Try again to upload again.txt' }).click();
    await page.locator('.room .composer .uploads li.done').waitFor();
    await page.getByRole('button', { name: 'Take away again.txt' }).click();

    await visitor.context.setOffline(true);
    await page.getByText('Offline: what you send waits here.').waitFor();
    await choose(page, { ...NOTES, name: 'later.txt' });
    await page.locator('.room .composer .uploads li.failed').waitFor();
    await visitor.context.setOffline(false);
    await page.locator('.room .composer .uploads li.done').waitFor();
    await visitor.send('Now it is there');
    await other.row('Now it is there').locator('.file', { hasText: 'later.txt' }).waitFor();
  });

  await step('what is too large or empty is said at once', async () => {
    await choose(page, { ...NOTES, name: 'empty.txt', buffer: Buffer.alloc(0) });
    await page.getByText('empty.txt is empty.').waitFor();
    assert.equal(await chips(page).count(), 0);
  });

  await step('a drawing and a page that somebody uploads run nothing, in the message and when they are opened', async () => {
    const evil = '<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "run"; parent.document.title = "run"</script></svg>';
    const id = await uploadAs(bob, room, 'evil.png', Buffer.from(evil));
    const { attachments } = await bob.say(room, 'look at this', { attachment_ids: [id] });
    const row = visitor.row('look at this');
    await row.locator('.file', { hasText: 'evil.png' }).waitFor();
    assert.equal(await row.locator('img').count(), 0);
    const shown = await page.evaluate(async (url) => {
      const response = await fetch(url);
      return [response.headers.get('content-type'), response.headers.get('content-disposition').split(';')[0]];
    }, attachments[0].url);
    assert.deepEqual(shown, ['text/plain; charset=utf-8', 'attachment']);
    assert.notEqual(await page.title(), 'run');
  });

  await visitor.end();
  await other.end();
}
