// The keys that hold everywhere.
import { useEffect } from 'preact/hooks';
import { badgeOf, sections } from '../model/rooms';
import { current } from '../state/open_rooms';
import { markAllRead } from '../state/reading';
import { go, roomHref, route } from '../state/router';
import { me, rooms, users } from '../state/store';
import { dialogIsOpen } from './dialog';
import { showKeys } from './dialogs';
import { openSwitcher } from './switcher';

/** The room before or after this one in the list; with `unread`, the next one that has something. */
function step(by: 1 | -1, unread: boolean): void {
  const { starred, channels, direct } = sections(rooms.value, users.value, me.value.id);
  const all = [...starred, ...channels, ...direct];
  const at = all.findIndex(({ id }) => id === route.value.room);
  for (let i = 1; i <= all.length; i++) {
    const room = all[(at + by * i + all.length * 2) % all.length];
    if (!room || (unread && !badgeOf(room).bold)) continue;
    go(roomHref(room.id));
    return;
  }
}

const REGIONS = ['#sidebar a, #sidebar button', '.room li[tabindex="0"], .page-scroll', '.room .composer textarea', '.pane'];

function nextRegion(back: boolean): void {
  const there = REGIONS.map((selector) => [...document.querySelectorAll<HTMLElement>(selector)].find((each) => each.offsetParent !== null)).filter((each) => each !== undefined);
  const places = ['#sidebar', '.list-box, .page-scroll', '.room .composer', '.pane'];
  const at = there.findIndex((each) => places.some((place) => each.closest(place)?.contains(document.activeElement)));
  const next = there[(at + (back ? there.length - 1 : 1)) % there.length];
  next?.focus();
}

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const mod = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  const done = () => event.preventDefault();
  if (mod && !event.shiftKey && !event.altKey && key === 'k') {
    done();
    if (!dialogIsOpen()) openSwitcher();
    return;
  }
  if (dialogIsOpen()) return;
  if (mod && event.shiftKey && key === 'f') {
    done();
    go('#/search');
  } else if (event.altKey && !mod && (key === 'arrowup' || key === 'arrowdown')) {
    done();
    step(key === 'arrowdown' ? 1 : -1, event.shiftKey);
  } else if (key === 'f6') {
    done();
    nextRegion(event.shiftKey);
  } else if (key === '?' && !typing(event.target)) {
    done();
    showKeys();
  } else if (key === 'escape') {
    escape(event.target);
  }
}

function escape(target: EventTarget | null): void {
  const room = current.value;
  if (!room || route.value.room !== room.id) return;
  if (typing(target) && (target as HTMLTextAreaElement).value !== '') return;
  markAllRead(room.id);
  void room.showEnd();
}

export function useKeys(): void {
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
