// The list at the side: where one can go, and where somebody waits.
import { useRef, useState } from 'preact/hooks';
import { badgeOf, sections } from '../model/rooms';
import type { Presence, Room } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { laterCalls } from '../state/later';
import { flags } from '../state/moderation';
import { current } from '../state/open_rooms';
import { markAllRead } from '../state/reading';
import { go, roomHref, route } from '../state/router';
import { signOut } from '../state/session';
import { isAdmin, isDirect, me, presence, presenceOf, rooms, title, users } from '../state/store';
import { shelf } from '../state/storage';
import { threadsUnread } from '../state/threads';
import { draftOf } from '../state/drafts';
import { createRoom, editStatus, openPeople, showKeys } from './dialogs';
import { Icon, type IconName, iconOf } from './icons';
import { MenuButton, type MenuItem } from './popover';
import { openSwitcher } from './switcher';
import { Avatar, Dot, IconButton, stateOf, StatusOf } from './ui';

function roomMenu(room: Room): MenuItem[] {
  const membership = room.membership;
  if (!membership) return [];
  const level = (value: typeof membership.notify) => () => void attempt(api.setLevel(room.id, value).then(() => setLocal(room, { notify: value })));
  return [
    {
      label: membership.starred ? 'Remove from starred' : 'Star', icon: 'star',
      run: () => void attempt(api.star(room.id, !membership.starred).then(() => setLocal(room, { starred: !membership.starred }))),
    },
    { label: 'Mark as read', icon: 'check', run: () => markAllRead(room.id) },
    { label: 'Notify of every message', checked: membership.notify === 'all', run: level('all'), apart: true },
    { label: 'Notify of mentions', checked: membership.notify === 'mentions', run: level('mentions') },
    { label: 'Mute', checked: membership.notify === 'none', run: level('none') },
  ];
}

export function setLocal(room: Room, change: Partial<NonNullable<Room['membership']>>): void {
  const now = rooms.value.get(room.id);
  if (now?.membership) rooms.value = new Map(rooms.value).set(room.id, { ...now, membership: { ...now.membership, ...change } });
}

function RoomLink({ room }: { room: Room }) {
  const here = route.value.room === room.id;
  const { bold, count } = badgeOf(room);
  const other = room.type === 'direct' ? (room.user_ids ?? []).find((id) => id !== me.value.id) ?? me.value.id : '';
  const drafted = !here && draftOf(room.id, null) !== '';
  const hints = [
    other && stateOf(other), count > 0 && (isDirect(room) ? `${count} unread` : `${count} mention${count > 1 ? 's' : ''}`), count === 0 && bold && 'unread',
    room.membership?.notify === 'none' && 'muted', drafted && 'draft',
  ].filter(Boolean);
  return (
    <li class={`side-room ${bold ? 'bold' : ''} ${room.membership?.notify === 'none' ? 'muted' : ''}`}>
      <a href={roomHref(room.id)} aria-current={here ? 'page' : undefined}>
        <span class="side-icon" aria-hidden="true">
          {room.type === 'direct' ? <Dot id={other} /> : <Icon name={room.type === 'group' ? 'people' : iconOf(room)} />}
        </span>
        <bdi class="side-name">{title(room)}</bdi>
        {other && <StatusOf id={other} />}
        {hints.length > 0 && <span class="unseen">, {hints.join(', ')}</span>}
        {drafted && (
          <span class="side-draft" aria-hidden="true">
            <Icon name="edit" />
          </span>
        )}
        {count > 0 && (
          <span class="badge" aria-hidden="true">
            {count > 99 ? '99+' : count}
          </span>
        )}
      </a>
      <MenuButton class="icon-button small side-more" label={`Options of ${title(room)}`} items={() => roomMenu(room)} />
    </li>
  );
}

const FOLDED = 'tidemill-chat:folded';

function Section({ name, list, action }: { name: string; list: Room[]; action?: { label: string; run: () => void } }) {
  const [folded, setFolded] = useState(() => (shelf.get(FOLDED) ?? '').split(',').includes(name));
  const heading = useRef<HTMLButtonElement>(null);
  const toggle = () => {
    const others = (shelf.get(FOLDED) ?? '').split(',').filter((each) => each && each !== name);
    shelf.set(FOLDED, [...others, ...(folded ? [] : [name])].join(','));
    setFolded(!folded);
  };
  // Of a folded section those stay that somebody waits in.
  const shown = folded ? list.filter((room) => badgeOf(room).bold || room.id === route.value.room) : list;
  if (list.length === 0 && !action) return null;
  return (
    <section class="side-section" aria-label={name}>
      <div class="side-head">
        <h2>
          <button ref={heading} type="button" class="fold" aria-expanded={!folded} onClick={toggle}>
            <Icon name="chevron" />
            {name}
          </button>
        </h2>
        {action && <IconButton icon="plus" label={action.label} class="small" onClick={action.run} />}
      </div>
      <ul>
        {shown.map((room) => (
          <RoomLink key={room.id} room={room} />
        ))}
      </ul>
    </section>
  );
}

async function setPresence(state: Presence): Promise<void> {
  await attempt(api.setPresence(state));
  presence.value = new Map(presence.value).set(me.value.id, state);
}

function ownMenu(): MenuItem[] {
  const state = presenceOf(me.value.id);
  const rest: MenuItem[] = [
    { label: 'Set a status…', icon: 'smile', run: editStatus },
    { label: 'Online', checked: state === 'online', run: () => void setPresence('online'), apart: true },
    { label: 'Away', checked: state === 'away', run: () => void setPresence('away') },
    { label: 'Do not disturb', checked: state === 'dnd', run: () => void setPresence('dnd') },
    { label: 'Profile and settings', icon: 'gear', run: () => go('#/settings'), apart: true },
    { label: 'Keyboard', icon: 'keyboard', run: showKeys },
  ];
  if (isAdmin.value) rest.push({ label: 'People and invites', icon: 'people', run: () => go('#/people') });
  return [...rest, { label: 'Sign out', icon: 'out', run: () => void attempt(signOut()), apart: true }];
}

function PageLink({ page, icon, text, bold = false }: { page: string; icon: IconName; text: string; bold?: boolean }) {
  return (
    <li class={`side-room ${bold ? 'bold' : ''}`}>
      <a href={`#/${page}`} aria-current={route.value.page === page ? 'page' : undefined}>
        <span class="side-icon" aria-hidden="true">
          <Icon name={icon} />
        </span>
        <span class="side-name">{text}</span>
        {bold && <span class="unseen">, unread</span>}
      </a>
    </li>
  );
}

export function Sidebar() {
  const { starred, channels, direct } = sections(rooms.value, users.value, me.value.id);
  const looking = current.value && rooms.value.get(current.value.id);
  const preview = looking && !looking.membership && route.value.room === looking.id ? [looking] : [];
  return (
    <nav class="sidebar" aria-label="Rooms" id="sidebar">
      <div class="side-top">
        <MenuButton class="me" named label="Status and settings" items={ownMenu}>
          <Avatar id={me.value.id} size="m" dot />
          <span class="me-name">
            <bdi>{me.value.name}</bdi>
            <StatusOf id={me.value.id} />
            <span class="unseen">, {stateOf(me.value.id)}: status and settings</span>
          </span>
          <Icon name="chevron" />
        </MenuButton>
      </div>
      <button type="button" class="find" aria-keyshortcuts="Control+K" onClick={openSwitcher}>
        <Icon name="search" />
        <span>Go to…</span>
        <kbd class="wide-only">{navigator.platform.startsWith('Mac') ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <div class="side-scroll">
        <ul class="side-pages">
          <PageLink page="threads" icon="thread" text="Threads" bold={threadsUnread.value} />
          <PageLink page="later" icon="clock" text="Later" bold={laterCalls.value} />
          {flags.value.length > 0 && <PageLink page="reports" icon="flag" text="Reports" bold />}
          <PageLink page="search" icon="search" text="Search" />
          <PageLink page="browse" icon="hash" text="Browse rooms" />
        </ul>
        <Section name="Starred" list={starred} />
        <Section name="Channels" list={[...channels, ...preview]} action={me.value.role === 'guest' ? undefined : { label: 'New room', run: createRoom }} />
        <Section name="Direct messages" list={direct} action={{ label: 'New direct message', run: openPeople }} />
      </div>
    </nav>
  );
}
