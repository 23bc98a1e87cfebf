// The page of a folder of .sql files: its endpoints, to read and to try. All of it comes from openapi.json.

import { byId, element } from '../../demo/src/dom';
import { type ApiDocument, type Endpoint, endpointsOf } from './document';
import { endpointElement } from './endpoint';

const TOKEN = 'tidemill-sql-token';

const note = byId('note');
const find = byId<HTMLInputElement>('find');
const token = byId<HTMLInputElement>('token');

function showBroken(api: ApiDocument): void {
  const broken = api['x-broken'] ?? [];
  const section = byId('broken');
  section.hidden = broken.length === 0;
  for (const each of broken) {
    const reason = element('pre', '', each.reason);
    reason.tabIndex = 0;
    const card = element('article', 'card wrong');
    card.append(element('h3', '', `${each.method} ${each.path}`), reason);
    section.append(card);
  }
}

interface Shown {
  endpoint: Endpoint;
  element: HTMLElement;
}

function showGroups(api: ApiDocument, endpoints: Endpoint[]): Shown[] {
  const shown: Shown[] = [];
  const groups = byId('groups');
  const tags = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const tag = endpoint.operation.tags[0] ?? '';
    tags.set(tag, [...(tags.get(tag) ?? []), endpoint]);
  }
  for (const [tag, members] of tags) {
    const section = element('section', 'group');
    const head = element('h2', '', tag);
    head.id = `group-${tag}`;
    section.setAttribute('aria-labelledby', head.id);
    section.append(head);
    for (const endpoint of members) {
      const made = endpointElement(api, endpoint, () => token.value.trim());
      section.append(made);
      shown.push({ endpoint, element: made });
    }
    groups.append(section);
  }
  return shown;
}

function filter(shown: Shown[]): void {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let left = 0;
  for (const { endpoint, element: made } of shown) {
    const text = `${endpoint.method} ${endpoint.path} ${endpoint.operation.summary ?? ''}`.toLowerCase();
    made.hidden = !words.every((word) => text.includes(word));
    left += made.hidden ? 0 : 1;
  }
  for (const group of document.querySelectorAll<HTMLElement>('.group')) {
    group.hidden = !group.querySelector('.endpoint:not([hidden])');
  }
  note.textContent = left === shown.length ? `${left} endpoint${left === 1 ? '' : 's'}` : `${left} of ${shown.length} endpoints`;
}

function openNamed(): void {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) {
    named.open = true;
    named.scrollIntoView();
  }
}

async function start(): Promise<void> {
  token.value = sessionStorage.getItem(TOKEN) ?? '';
  token.addEventListener('input', () => sessionStorage.setItem(TOKEN, token.value.trim()));
  byId<HTMLFormElement>('tools').addEventListener('submit', (event) => event.preventDefault());
  const response = await fetch('openapi.json', { cache: 'no-cache' });
  if (!response.ok) throw new Error(`openapi.json: ${response.status}`);
  const api = (await response.json()) as ApiDocument;
  showBroken(api);
  const shown = showGroups(api, endpointsOf(api));
  filter(shown);
  find.addEventListener('input', () => filter(shown));
  openNamed();
  addEventListener('hashchange', openNamed);
}

start().catch((error: unknown) => {
  note.textContent = `The endpoints could not be read: ${error instanceof Error ? error.message : error}`;
});
