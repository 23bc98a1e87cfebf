// The hooks in React, under StrictMode, and in Preact, against a server: TIDEMILL_HTTP. What they send is counted.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { JSDOM } from 'jsdom';
import WebSocket from 'ws';
import { Tidemill } from '../dist/index.js';
import { signedToken } from '../../../tests/lib/jwt.mjs';

const HTTP = process.env.TIDEMILL_HTTP;
const WAIT_MS = 20_000;
const { window } = new JSDOM('<!doctype html><body></body>');
Object.assign(globalThis, { window, document: window.document });
globalThis.navigator ??= window.navigator; // Node has one of its own from 21 on.

const React = await import('react');
const { createRoot } = await import('react-dom/client');
const Preact = await import('preact');
const compat = await import('preact/compat');
const reactHooks = await import('../dist/react.js');
const preactHooks = await import('../dist/preact.js');

const UIS = {
  react: {
    ...reactHooks,
    h: React.createElement,
    memo: React.memo,
    mount(element, into) {
      const root = createRoot(into);
      root.render(React.createElement(React.StrictMode, null, element));
      return () => root.unmount();
    },
  },
  preact: {
    ...preactHooks,
    h: Preact.h,
    memo: compat.memo,
    mount(element, into) {
      Preact.render(element, into);
      return () => Preact.render(null, into);
    },
  },
};

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function eventually(ask, what) {
  const until = Date.now() + WAIT_MS;
  while (!(await ask())) {
    if (Date.now() > until) assert.fail(`not in time: ${what}; the page is ${document.body.innerHTML}`);
    await pause(20);
  }
}

const tokenOf = (user) => signedToken({ sub: user, name: user, username: user }, 'secret');

/** A client, and the commands that it has sent. */
function counting(user) {
  const sent = [];
  class Socket extends WebSocket {
    send(data, ...rest) {
      for (const line of String(data).split('\n')) if (line) sent.push(JSON.parse(line));
      super.send(data, ...rest);
    }
  }
  const getToken = user ? { getToken: async () => tokenOf(user) } : {};
  const rt = new Tidemill(HTTP, { ...getToken, client: { websocket: Socket } });
  const of = (kind, channel) => sent.filter((command) => command[kind]?.channel === channel).length;
  return { rt, of };
}

const write = (id, total) =>
  fetch(`${HTTP}/rest/orders`, { method: 'POST', body: new URLSearchParams({ id, total }) }).then(({ ok }) => assert.ok(ok));

async function chat(user, method, path, body) {
  const headers = { Authorization: `Bearer ${tokenOf(user)}`, 'Content-Type': 'application/json' };
  const response = await fetch(`${HTTP}/chat/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const answer = await response.text();
  assert.ok(response.ok, `${path}: ${answer}`);
  return answer ? JSON.parse(answer) : {};
}

let clients = [];
before(() => write(1, 10));
after(() => clients.forEach(({ rt }) => rt.close()));

for (const [name, { h, memo, mount, TidemillProvider, useLive, useMessages, usePresence, useTyping, useUnread }] of Object.entries(UIS)) {
  const client = (user) => {
    const made = counting(user);
    clients.push(made);
    return made;
  };
  const page = (rt, element) => {
    const into = document.createElement('div');
    document.body.append(into);
    const end = mount(h(TidemillProvider, { value: rt }, element), into);
    return { text: () => into.textContent, end: () => (end(), into.remove()) };
  };

  test(`${name}: useLive makes one subscription, however often it is mounted, and draws what has changed`, async () => {
    await write(1, 10);
    await write(2, 30);
    const { rt, of } = client();
    const channel = 'live:/orders?customer=7';
    const drawn = new Map();
    let statuses = [];
    const Row = memo(({ row }) => {
      drawn.set(row.id, (drawn.get(row.id) ?? 0) + 1);
      return h('li', null, `${row.id}=${row.total} `);
    });
    const Orders = () => {
      const { status, rows } = useLive('orders', { customer: 7 }, { everybody: true });
      statuses.push(status);
      return h('ul', null, `${status}: `, rows.map((row) => h(Row, { key: row.id, row })));
    };
    const both = () => h('div', null, h(Orders), h(Orders));
    const first = page(rt, h(both));
    const shows = (text) => eventually(() => first.text() === text + text, text);
    await shows('live: 2=30 1=10 ');
    const before = new Map(drawn);
    await write(1, 20);
    await shows('live: 2=30 1=20 ');
    assert.equal(drawn.get(2), before.get(2), 'the row that has not changed is not drawn again');
    assert.ok(drawn.get(1) > before.get(1));
    first.end();
    statuses = [];
    const second = page(rt, h(Orders));
    await eventually(() => second.text() === 'live: 2=30 1=20 ', 'the second page');
    assert.deepEqual([...new Set(statuses)], ['live'], 'it is there at once');
    assert.deepEqual([of('subscribe', channel), of('unsubscribe', channel)], [1, 0]);
    second.end();
    await eventually(() => of('unsubscribe', channel) === 1, 'it ends after the last');
    assert.equal(of('subscribe', channel), 1);
  });

  test(`${name}: useMessages, useUnread, useTyping and usePresence`, async () => {
    const [ann, bob] = [`ann-${name}`, `bob-${name}`];
    await chat(ann, 'GET', '/sync');
    const { room } = await chat(bob, 'POST', '/rooms', { type: 'channel', name: `hooks ${name}`, user_ids: [ann] });
    await chat(bob, 'POST', `/rooms/${room.id}/messages`, { text: 'one', client_msg_id: '1' });
    const { rt, of } = client(ann);
    const seen = {};
    const General = () => {
      Object.assign(seen, useMessages(room.id), { typing: useTyping(room.id), presence: usePresence(), all: useUnread(), here: useUnread(room.id) });
      return null;
    };
    const shown = page(rt, h(General));
    const texts = () => (seen.messages ?? []).filter(({ type }) => type === 'text').map(({ text }) => text).join();
    await eventually(() => texts() === 'one' && seen.status === 'live', 'the page');
    await eventually(() => seen.here.unread === 1 && seen.all.unread === 1 && seen.presence.get(ann) === 'online', 'what is unread, and who is there');
    await chat(bob, 'POST', `/rooms/${room.id}/messages`, { text: `two @${ann}`, client_msg_id: '2' });
    await eventually(() => texts() === `one,two @${ann}` && seen.here.unread === 2 && seen.here.mentions === 1, 'a message that mentions');
    await eventually(async () => {
      await chat(bob, 'POST', `/rooms/${room.id}/typing`, {});
      return seen.typing.join() === bob;
    }, 'who writes');
    await chat(bob, 'POST', `/rooms/${room.id}/messages`, { text: 'three', client_msg_id: '3' });
    await eventually(() => seen.typing.length === 0, 'who has written, writes no more');
    await seen.send('four');
    await eventually(() => texts().endsWith('three,four') && seen.here.unread === 0 && seen.here.mentions === 0, 'what one has answered is read');
    await chat(bob, 'POST', `/rooms/${room.id}/messages`, { text: 'five', client_msg_id: '5' });
    await eventually(() => seen.here.unread === 1, 'one more');
    await seen.room.markRead(seen.messages.at(-1).seq);
    await eventually(() => seen.here.unread === 0, 'it is read');
    assert.deepEqual([of('subscribe', `chat:room/${room.id}`), of('subscribe', `chat:user/${ann}`)], [1, 1]);
    shown.end();
    await eventually(() => of('unsubscribe', `chat:room/${room.id}`) === 1, 'the room ends');
  });
}
