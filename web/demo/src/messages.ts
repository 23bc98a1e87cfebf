// The list of messages: in order, each once, without end but not without limit.
import { hueOf, initialsOf } from './author';
import { byId, element } from './dom';

const ROWS_MAX = 300;
const TEXT_MAX = 2000;
const GROUP_MS = 3 * 60 * 1000;
const NEAR_BOTTOM_PX = 80;

export interface Message {
  user: string;
  text: string;
  at: number | undefined;
}

// What a publication of the room says, or nothing if it is not a message: anybody may publish anything there.
export function readMessage(data: unknown, user: string): Message | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { text, at } = data as { text?: unknown; at?: unknown };
  if (typeof text !== 'string' || text === '') return undefined;
  const known = typeof at === 'number' && Math.abs(at) < 8.64e15;
  return { user: user || 'backend', text: text.slice(0, TEXT_MAX), at: known ? at : undefined };
}

export class Messages {
  private readonly log = byId('log');
  private readonly list = byId('messages');
  private readonly empty = byId('empty');
  private readonly newer = byId('newer');
  private last: Message | undefined;

  constructor() {
    this.newer.addEventListener('click', () => this.scrollToEnd());
    this.log.addEventListener('scroll', () => {
      if (this.nearEnd()) this.newer.hidden = true;
    });
    new ResizeObserver(() => {
      if (this.newer.hidden) this.scrollToEnd();
    }).observe(this.log);
  }

  add(message: Message): void {
    const first =
      this.last?.user !== message.user || Math.abs((message.at ?? 0) - (this.last.at ?? 0)) > GROUP_MS;
    const row = element('li', first ? 'message first' : 'message');
    row.style.setProperty('--hue', String(hueOf(message.user)));
    if (first) row.append(avatar(message.user), heading(message));
    row.append(element('p', '', message.text));
    this.last = message;
    this.append(row);
  }

  // A line about the room itself: somebody came, something was lost. An empty room has nothing to tell.
  note(text: string, kind: 'event' | 'event break' = 'event'): void {
    if (this.list.childElementCount === 0) return;
    this.last = undefined;
    this.append(element('li', kind, text));
  }

  scrollToEnd(): void {
    this.log.scrollTop = this.log.scrollHeight;
    this.newer.hidden = true;
  }

  private append(row: HTMLElement): void {
    const follow = this.nearEnd();
    this.empty.hidden = true;
    this.list.append(row);
    while (this.list.childElementCount > ROWS_MAX) this.list.firstElementChild?.remove();
    if (follow) this.scrollToEnd();
    else this.newer.hidden = false;
  }

  private nearEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
  }
}

function avatar(user: string): HTMLElement {
  const made = element('span', 'avatar', initialsOf(user));
  made.setAttribute('aria-hidden', 'true');
  return made;
}

function heading(message: Message): HTMLElement {
  const row = element('div', 'who');
  row.append(element('b', '', message.user));
  if (message.at !== undefined) {
    const when = new Date(message.at);
    const time = element('time', '', when.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
    time.setAttribute('datetime', when.toISOString());
    row.append(time);
  }
  return row;
}
