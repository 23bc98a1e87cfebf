// Who is here: the presence of the room, kept current by joins and leaves.
import type { ClientInfo } from 'centrifuge';
import { hueOf, initialsOf } from './author';
import { byId, element } from './dom';

const SHOWN_MAX = 50;

export class People {
  private readonly list = byId('people');
  private readonly count = byId('people-count');
  private users = new Map<string, string>(); // client id → user
  private pending: Array<() => void> | undefined;

  constructor(private readonly isMe: (client: string) => boolean) {}

  // Joins and leaves may overtake the answer to the question who is here, so they are applied on top of it.
  async load(ask: () => Promise<Record<string, ClientInfo>>): Promise<void> {
    this.pending = [];
    const clients = await ask();
    this.users = new Map(Object.values(clients).map((info) => [info.client, info.user]));
    const later = this.pending ?? [];
    this.pending = undefined;
    for (const change of later) change();
    this.show();
  }

  join(info: ClientInfo): void {
    this.change(() => this.users.set(info.client, info.user));
  }

  leave(info: ClientInfo): void {
    this.change(() => this.users.delete(info.client));
  }

  private change(apply: () => void): void {
    if (this.pending) {
      this.pending.push(apply);
      return;
    }
    apply();
    this.show();
  }

  private show(): void {
    const rows = [...this.users]
      .map(([client, user]) => ({ user: user || 'anonymous', me: this.isMe(client) }))
      .sort((a, b) => Number(b.me) - Number(a.me) || a.user.localeCompare(b.user));
    this.count.textContent = String(rows.length);
    this.list.replaceChildren(...rows.slice(0, SHOWN_MAX).map(({ user, me }) => person(user, me)));
    if (rows.length > SHOWN_MAX) {
      this.list.append(element('li', 'hint', `and ${rows.length - SHOWN_MAX} more`));
    }
  }
}

function person(user: string, me: boolean): HTMLElement {
  const row = element('li', 'person');
  row.style.setProperty('--hue', String(hueOf(user)));
  const badge = element('i', '', initialsOf(user));
  badge.setAttribute('aria-hidden', 'true');
  row.append(badge, element('span', '', user));
  if (me) row.append(element('em', '', 'you'));
  return row;
}
