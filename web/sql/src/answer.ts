// Sends a request, and shows what came.

import { element } from '../../demo/src/dom';
import type { Call } from './form';

const SHOWN_MAX = 100_000; // characters of a body
const HEADERS = ['content-range', 'link', 'etag', 'cache-status', 'server-timing', 'retry-after', 'preference-applied'];

// JSON on lines of its own, to the letter: parsing it would change numbers of more than 53 bits.
export function pretty(json: string): string {
  let out = '';
  let depth = 0;
  for (let i = 0; i < json.length; ++i) {
    const c = json[i]!;
    if (c === '"') {
      const from = i;
      for (++i; i < json.length && json[i] !== '"'; ++i) if (json[i] === '\\') ++i;
      out += json.slice(from, i + 1);
    } else if (c === '{' || c === '[') {
      const empty = /^\s*[}\]]/.exec(json.slice(i + 1, i + 20));
      if (empty) {
        out += c + empty[0].trim();
        i += empty[0].length;
      } else {
        out += `${c}\n${'  '.repeat(++depth)}`;
      }
    } else if (c === '}' || c === ']') {
      out += `\n${'  '.repeat(--depth)}${c}`;
    } else if (c === ',') {
      out += `,\n${'  '.repeat(depth)}`;
    } else if (c === ':') {
      out += ': ';
    } else if (!/\s/.test(c)) {
      out += c;
    }
  }
  return out;
}

function shown(type: string, body: string): string {
  const cut = body.length > SHOWN_MAX ? `\n… ${body.length - SHOWN_MAX} more characters` : '';
  if (cut) return body.slice(0, SHOWN_MAX) + cut;
  return /json$/.test(type) ? pretty(body) : body;
}

export async function send(call: Call, into: HTMLElement): Promise<void> {
  into.hidden = false;
  into.replaceChildren(element('p', 'status', 'Sending…'));
  const begun = performance.now();
  try {
    const response = await fetch(call.url, { method: call.method, headers: call.headers, body: call.body, cache: 'no-store' });
    const body = await response.text();
    const took = Math.round(performance.now() - begun);
    const status = element('p', 'status', `${response.status} ${response.statusText} · ${took} ms · ${body.length} characters`);
    status.dataset['good'] = String(response.ok);
    const headers = HEADERS.filter((name) => response.headers.has(name)).map((name) => `${name}: ${response.headers.get(name)}`);
    const type = (response.headers.get('content-type') ?? '').split(';')[0]!;
    const pre = element('pre', '', shown(type, body));
    pre.tabIndex = 0;
    into.replaceChildren(status, ...(headers.length > 0 ? [element('p', 'headers', headers.join('\n'))] : []), ...(body ? [pre] : []));
  } catch (error) {
    const status = element('p', 'status', `No answer: ${error instanceof Error ? error.message : error}`);
    status.dataset['good'] = 'false';
    into.replaceChildren(status);
  }
}
