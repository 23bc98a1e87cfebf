// Ctrl K: goes to a room, a person or a page by a few letters of its name.
import { useState } from 'preact/hooks';
import { badgeOf } from '../model/rooms';
import { bestOf } from '../model/match';
import type { Room, User } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { go, roomHref } from '../state/router';
import { isAdmin, isDirect, learn, me, putRoom, rooms, title, users } from '../state/store';
import { openDialog } from './dialog';
import { Icon, type IconName, iconOf } from './icons';
import { type Choice, Picker } from './picker';
import { Avatar, Dot, StatusOf, useLoad, useSlow } from './ui';

export async function openDirect(userIds: string[]): Promise<void> {
  const answer = await attempt(api.openDirect(userIds));
  if (!answer) return;
  putRoom(answer.room);
  go(roomHref(answer.room.id));
}

export function openSwitcher(): void {
  openDialog('Go to a room or a person', (close) => <Switcher close={close} />, 'bare');
}

type Target = { kind: 'room'; room: Room } | { kind: 'user'; user: User } | { kind: 'page'; page: string; name: string; icon: IconName };

const PAGES: Target[] = [
  { kind: 'page', page: 'threads', name: 'Threads', icon: 'thread' },
  { kind: 'page', page: 'search', name: 'Search messages', icon: 'search' },
  { kind: 'page', page: 'browse', name: 'Browse rooms', icon: 'hash' },
  { kind: 'page', page: 'settings', name: 'Profile and settings', icon: 'gear' },
];

function namesOf(target: Target): string[] {
  if (target.kind === 'room') return [title(target.room)];
  if (target.kind === 'user') return [target.user.name, target.user.username];
  return [target.name];
}

const idOf = (target: Target): string =>
  target.kind === 'room' ? `r ${target.room.id}` : target.kind === 'user' ? `u ${target.user.id}` : `p ${target.page}`;

/** What waits comes first, then where something happened last. */
function weightOf(target: Target): number {
  if (target.kind !== 'room') return target.kind === 'page' ? -15 : -5;
  const { bold, count } = badgeOf(target.room);
  const age = (Date.now() - (target.room.last_message?.created_at ?? 0)) / 86_400_000;
  return (count > 0 ? 12 : bold ? 8 : 0) + Math.max(0, 5 - age);
}

function targets(): Target[] {
  const mine = [...rooms.value.values()].filter((room) => room.membership);
  const direct = new Set(mine.filter((room) => room.type === 'direct').flatMap((room) => room.user_ids ?? []));
  const people = [...users.value.values()].filter((user) => !direct.has(user.id) && user.id !== me.value.id);
  const pages = isAdmin.value ? [...PAGES, { kind: 'page' as const, page: 'people', name: 'People and invites', icon: 'people' as const }] : PAGES;
  return [...mine.map((room) => ({ kind: 'room' as const, room })), ...people.map((user) => ({ kind: 'user' as const, user })), ...pages];
}

function Body({ target }: { target: Target }) {
  if (target.kind === 'page') {
    return (
      <>
        <Icon name={target.icon} />
        <span class="option-name">{target.name}</span>
      </>
    );
  }
  if (target.kind === 'user') return <UserOption user={target.user} />;
  const { room } = target;
  const { bold, count } = badgeOf(room);
  const other = room.type === 'direct' ? (room.user_ids ?? []).find((id) => id !== me.value.id) : undefined;
  return (
    <>
      {other ? <Dot id={other} /> : <Icon name={room.type === 'group' ? 'people' : iconOf(room)} />}
      <bdi class={`option-name ${bold ? 'bold' : ''}`}>{title(room)}</bdi>
      {!isDirect(room) && room.topic && <span class="option-more">{room.topic}</span>}
      {count > 0 && <span class="badge">{count}</span>}
    </>
  );
}

export function UserOption({ user }: { user: User }) {
  return (
    <>
      <Avatar id={user.id} size="s" own={user.name} />
      <bdi class="option-name">{user.name}</bdi>
      <StatusOf id={user.id} />
      <span class="option-more">@{user.username}</span>
    </>
  );
}

function Switcher({ close }: { close: () => void }) {
  const [query, setQuery] = useState('');
  const asked = useSlow(query.trim());
  // People whom one shares no room with are known to the server only.
  useLoad(async () => {
    if (asked.length > 1) learn((await api.users(asked, 10)).users);
  }, [asked]);
  const found = bestOf(targets(), query.replace(/^[#@]/, ''), namesOf, 12, weightOf);
  const choices: Choice[] = found.map((target) => ({ id: idOf(target), body: <Body target={target} /> }));
  const choose = (id: string) => {
    const target = found.find((each) => idOf(each) === id);
    close();
    if (target?.kind === 'room') go(roomHref(target.room.id));
    if (target?.kind === 'page') go(`#/${target.page}`);
    if (target?.kind === 'user') void openDirect([target.user.id]);
  };
  return (
    <Picker
      label="Go to a room or a person"
      placeholder="Go to a room, a person, a page…"
      query={query}
      onQuery={setQuery}
      choices={choices}
      onChoose={choose}
      empty={
        <p>
          Nothing of that name. <a href="#/browse" onClick={close}>Browse all rooms</a>
        </p>
      }
    />
  );
}
