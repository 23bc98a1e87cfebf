// Markdown of people as a fragment of the page. It is not trusted: marked makes HTML of it, in which HTML that somebody
// wrote is text; then DOMPurify keeps a short list of elements, and of addresses those that lead somewhere harmless.
import DOMPurify from 'dompurify';
import { Marked, type Tokens } from 'marked';

export interface Names {
  /** Whom `@name` means; `self`: the reader, or everybody. */
  user: (name: string) => { id: string; name: string; self: boolean } | undefined;
  room: (name: string) => { id: string } | undefined;
}

const TAGS = ['p', 'br', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'hr', 'div', 'span'];
const CLASSES = new Set(['mention', 'mention self', 'room', 'table', 'heading']);
const SAFE_ADDRESS = /^(?:https?:\/\/|mailto:|#\/[ru]\/)/i;
const TEXT_MAX = 40_000;
const MENTION = /^@([\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?)/u;
const ROOM = /^#([\p{L}\p{N}_](?:[\p{L}\p{N}_.-]*[\p{L}\p{N}_])?)/u;

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');

let names: Names = { user: () => undefined, room: () => undefined };

function sign(name: string, mark: string, pattern: RegExp, render: (word: string) => string | undefined) {
  return {
    name,
    level: 'inline' as const,
    start: (source: string) => {
      const found = new RegExp(`(?:^|[^\\p{L}\\p{N}_${mark}/])${mark}[\\p{L}\\p{N}_]`, 'u').exec(source);
      return found ? found.index + found[0].length - 2 : undefined;
    },
    tokenizer: (source: string) => {
      const found = pattern.exec(source);
      const html = found ? render(found[1] as string) : undefined;
      return html === undefined ? undefined : { type: name, raw: (found as RegExpExecArray)[0], html };
    },
    renderer: (token: Tokens.Generic) => token.html as string,
  };
}

function mentionOf(word: string): string | undefined {
  const user = names.user(word);
  if (!user) return undefined;
  const of = user.self ? 'mention self' : 'mention';
  return user.id ? `<a class="${of}" href="#/u/${escaped(encodeURIComponent(user.id))}">@${escaped(user.name)}</a>` : `<span class="${of}">@${escaped(word)}</span>`;
}

function roomOf(word: string): string | undefined {
  const room = names.room(word);
  return room && `<a class="room" href="#/r/${escaped(encodeURIComponent(room.id))}">#${escaped(word)}</a>`;
}

const marked = new Marked({
  gfm: true,
  breaks: true,
  extensions: [sign('mention', '@', MENTION, mentionOf), sign('room', '#', ROOM, roomOf)],
  renderer: {
    html: ({ text }) => escaped(text),
    image({ href, text }) {
      return `<a href="${escaped(href)}">${escaped(text || href)}</a>`;
    },
    link({ href, tokens }) {
      return `<a href="${escaped(href)}">${this.parser.parseInline(tokens)}</a>`;
    },
    // Levels of headings are the page's; in a message they are bold lines.
    heading({ tokens }) {
      return `<p class="heading"><strong>${this.parser.parseInline(tokens)}</strong></p>`;
    },
    code: ({ text }) => `<pre><code>${escaped(text)}</code></pre>`,
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    table(token) {
      const row = (cells: Tokens.TableCell[], tag: string) =>
        `<tr>${cells.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('')}</tr>`;
      const body = token.rows.map((cells) => row(cells, 'td')).join('');
      return `<div class="table"><table><thead>${row(token.header, 'th')}</thead><tbody>${body}</tbody></table></div>`;
    },
  },
});

DOMPurify.addHook('uponSanitizeAttribute', (_, data) => {
  if (data.attrName === 'class' && !CLASSES.has(data.attrValue)) data.keepAttr = false;
});

DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'PRE' || node.classList?.contains('table')) node.setAttribute('tabindex', '0');
  if (node.tagName !== 'A') return;
  const href = node.getAttribute('href') ?? '';
  if (href.startsWith('#')) return;
  // An address of this very page opens in it.
  const own = href.startsWith(location.href.split('#')[0] + '#/r/');
  if (own) node.setAttribute('href', href.slice(href.indexOf('#')));
  else if (href) {
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer');
  }
});

function clean(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', 'class', 'start'],
    ALLOWED_URI_REGEXP: SAFE_ADDRESS,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}

export function rendered(text: string, known: Names): DocumentFragment {
  names = known;
  try {
    return clean(marked.parse(text.slice(0, TEXT_MAX), { async: false }));
  } catch {
    // Nested too deeply to be read: it is shown as it was written.
    return clean(`<p>${escaped(text.slice(0, TEXT_MAX))}</p>`);
  }
}

/** Marks words within what is shown, as a search found them. */
export function markWords(fragment: DocumentFragment, words: readonly string[]): void {
  const parts = words.filter((word) => word.length > 0).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (parts.length === 0) return;
  const pattern = new RegExp(parts.join('|'), 'giu');
  const walker = document.createTreeWalker(fragment, NodeFilter.SHOW_TEXT);
  const nodes: Text[] = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) nodes.push(node as Text);
  for (const node of nodes) {
    const pieces: (string | Node)[] = [];
    let at = 0;
    for (const found of node.data.matchAll(pattern)) {
      if (found[0] === '') continue;
      const mark = document.createElement('mark');
      mark.textContent = found[0];
      pieces.push(node.data.slice(at, found.index), mark);
      at = found.index + found[0].length;
    }
    if (pieces.length > 0) node.replaceWith(...pieces, node.data.slice(at));
  }
}

const ONLY_EMOJI = /^(?:(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*|\p{Regional_Indicator}{2})\s*){1,3}$/u;

export const onlyEmoji = (text: string): boolean => text.length < 40 && ONLY_EMOJI.test(text.trim());
