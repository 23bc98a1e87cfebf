// The keyboard within a list of messages: one of them has the focus, arrows move it, letters act on it.
import type { Row } from '../model/timeline';
import type { Message, Room } from '../model/types';
import { editing, mayDelete, mayEdit, mayPin, mayReact, mayReply, pin, unreadFrom } from '../state/message_actions';
import { go, threadHref } from '../state/router';
import { askDelete, copyLink } from './message';

const rowsOf = (box: HTMLElement | null) => [...(box?.querySelectorAll<HTMLElement>('li[data-key]') ?? [])];

export function moveFocus(box: HTMLElement | null, to: 'up' | 'down' | 'first' | 'end', take = true): void {
  const rows = rowsOf(box);
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = { up: Math.max(0, at - 1), down: Math.min(rows.length - 1, at + 1), first: 0, end: rows.length - 1 }[to];
  const row = rows[next];
  if (!row) return;
  if (take) {
    for (const each of rows) each.tabIndex = each === row ? 0 : -1;
    row.focus({ preventScroll: true });
  }
  row.scrollIntoView({ block: 'nearest' });
}

const MOVES: Record<string, 'up' | 'down' | 'first' | 'end'> = { ArrowUp: 'up', ArrowDown: 'down', Home: 'first', End: 'end' };

function act(key: string, message: Message, room: Room, row: HTMLElement): boolean {
  const press = (label: string) => {
    // The toolbar is there while the message has the focus.
    const button = row.querySelector<HTMLButtonElement>(`.toolbar [aria-label="${label}"]`);
    button?.click();
    return button !== null;
  };
  switch (key) {
    case 'r':
      return mayReply(room) && (go(threadHref(room.id, message.id)), true);
    case '+':
      return mayReact(room) && press('React');
    case 'e':
      return mayEdit(message) && ((editing.value = message.id), true);
    case 'p':
      return mayPin(room) && (void pin(message), true);
    case 'u':
      return room.membership !== null && (void unreadFrom(message), true);
    case 'l':
      return copyLink(message), true;
    case 'delete':
    case 'backspace':
      return mayDelete(message, room) && (askDelete(message), true);
    default:
      return false;
  }
}

export function onMessageKey(event: KeyboardEvent, rows: readonly Row[], room: Room): void {
  const row = (event.target as HTMLElement).closest<HTMLElement>('li[data-key]');
  // Only of the message itself: fields and buttons within it have keys of their own.
  if (!row || event.target !== row || event.ctrlKey || event.metaKey || event.altKey) return;
  const move = MOVES[event.key];
  if (move) {
    event.preventDefault();
    moveFocus(event.currentTarget as HTMLElement, move);
    return;
  }
  const found = rows.find((each) => each.key === row.dataset.key);
  if (found?.kind !== 'message' || found.message.version === 0 || found.message.deleted_at !== null) return;
  if (act(event.key.toLowerCase(), found.message, room, row)) event.preventDefault();
}
