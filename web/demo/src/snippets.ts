// "From your code": programs that publish to this page's channel, and follow it, with the keys of this server.
import { byId } from './dom';
import type { Identity } from './identity';

const COPIED_MS = 1500;

interface Snippet {
  name: string;
  hint: string;
  code(api: string, key: string, channel: string): string;
}

const SNIPPETS: [Snippet, ...Snippet[]] = [
  {
    name: 'curl',
    hint: 'Publishes; the message appears above.',
    code: (api, key, channel) =>
      `curl ${api}/publish -H 'X-API-Key: ${key}' \\\n     -d '{"channel": "${channel}", "data": {"text": "Hello from curl"}}'`,
  },
  {
    name: 'JavaScript',
    hint: 'Follows the room, on a page of localhost or in Node 22 or newer: npm install centrifuge',
    code: (_api, _key, channel) =>
      [
        `import { Centrifuge } from 'centrifuge';`,
        `const guest = await (await fetch('${location.origin}/demo/config.json')).json();`,
        `const client = new Centrifuge('${location.origin.replace(/^http/, 'ws')}/connection/websocket', { token: guest.token });`,
        `client.on('error', (ctx) => console.error('error:', ctx.error.message));`,
        `const chat = client.newSubscription('${channel}');`,
        `chat.on('publication', (ctx) => console.log(ctx.data));`,
        `chat.subscribe();`,
        `client.connect();`,
      ].join('\n'),
  },
  {
    name: 'Python',
    hint: 'Publishes from a backend: pip install cent',
    code: (api, key, channel) =>
      [
        `from cent import Client, PublishRequest`,
        `api = Client('${api}', '${key}')`,
        `api.publish(PublishRequest(channel='${channel}', data={'text': 'Hello from Python'}))`,
      ].join('\n'),
  },
  {
    name: 'Terminal',
    hint: 'In two terminals, with tidemill on PATH.',
    code: (_api, _key, channel) =>
      `tidemill tail ${channel} --url ${location.origin}\ntidemill publish ${channel} '{"text": "Hello"}' --url ${location.origin}`,
  },
];

function show(chosen: Snippet, tabs: HTMLElement, identity: Identity): void {
  for (const tab of tabs.children) tab.setAttribute('aria-selected', String(tab.textContent === chosen.name));
  byId('snippet-code').textContent = chosen.code(identity.api, identity.apiKey, identity.channel);
  byId('snippet-hint').textContent = chosen.hint;
}

async function copy(): Promise<void> {
  const button = byId('snippet-copy');
  try {
    await navigator.clipboard.writeText(byId('snippet-code').textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Not allowed';
  }
  setTimeout(() => (button.textContent = 'Copy'), COPIED_MS);
}

// Shown to whom the server gives its key: with `serve --dev`, to this machine only.
export function showSnippets(identity: Identity): void {
  byId('snippets').hidden = identity.apiKey === '';
  byId('api-link').hidden = identity.apiKey === '';
  byId<HTMLAnchorElement>('api-link').href = `${identity.api}/openapi.json`;
  const tabs = byId('snippet-tabs');
  tabs.replaceChildren(
    ...SNIPPETS.map((each) => {
      const tab = document.createElement('button');
      tab.type = 'button';
      tab.role = 'tab';
      tab.textContent = each.name;
      tab.addEventListener('click', () => show(each, tabs, identity));
      return tab;
    }),
  );
  byId('snippet-copy').onclick = () => void copy();
  show(SNIPPETS[0], tabs, identity);
}
