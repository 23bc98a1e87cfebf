// One message of a list: who, when, what; what others felt about it; what can be done with it.
import { useRef, useState } from 'preact/hooks';
import type { Entry } from '../model/outbox';
import { hookOf, nameOf } from '../model/timeline';
import type { Message, Room } from '../model/types';
import { api } from '../state/api';
import { spoken } from '../state/emoji';
import {
  copied, editing, linkOf, mayDelete, mayEdit, mayPin, mayReact, mayReply, pin, react, unreadFrom,
} from '../state/message_actions';
import { go, threadHref } from '../state/router';
import { discard, retry } from '../state/sending';
import { clockSkew, me, userOf, wonder } from '../state/store';
import { Attachments } from './attachments';
import { confirm } from './dialog';
import { showHistory, showProfile } from './dialogs';
import { EditBox } from './edit_box';
import { EmojiButton } from './emoji_picker';
import { Icon } from './icons';
import { laterAndReport, ofModerators } from './message_menu';
import { MenuButton, type MenuItem } from './popover';
import { Avatar, copyText, IconButton, Markdown, Name, StatusOf, Time } from './ui';

export interface RowProps {
  message: Message;
  room: Room;
  head: boolean;
  entry?: Entry;
  /** Within a thread there is no thread to open. */
  inThread?: boolean;
  focusable: boolean;
  flash?: boolean;
  seen?: string[];
}

export function askDelete(message: Message): void {
  confirm({
    title: 'Delete this message?',
    text: <p>It disappears for everybody. This cannot be undone.</p>,
    action: 'Delete',
    danger: true,
    run: () => api.remove(message.id),
  });
}

export const copyLink = (message: Message): void => void copyText(linkOf(message)).then(copied);

function menuOf(message: Message, room: Room, inThread: boolean): MenuItem[] {
  const items: MenuItem[] = [
    { label: 'Copy the text', icon: 'copy', run: () => void copyText(message.text).then(copied) },
    { label: 'Copy the link', icon: 'link', run: () => copyLink(message) },
  ];
  if (room.membership && !inThread) items.push({ label: 'Mark as unread from here', icon: 'bell', run: () => void unreadFrom(message) });
  if (mayPin(room) && !inThread) items.push({ label: message.pinned ? 'Remove the pin' : 'Pin to the room', icon: 'pin', run: () => void pin(message) });
  items.push(...laterAndReport(message, room), ...ofModerators(message, room));
  if (mayDelete(message, room)) items.push({ label: 'Delete…', icon: 'bin', danger: true, apart: true, run: () => askDelete(message) });
  return items;
}

function Toolbar({ message, room, inThread, hold }: { message: Message; room: Room; inThread: boolean; hold: (open: boolean) => void }) {
  return (
    <div class="toolbar" role="toolbar" aria-label="What to do with the message">
      {mayReact(room) && <EmojiButton label="React" onPick={(char) => void react(message, char)} onOpen={hold} />}
      {mayReply(room) && !inThread && (
        <IconButton icon="thread" label="Reply in a thread" onClick={() => go(threadHref(room.id, message.id))} />
      )}
      {mayEdit(message) && <IconButton icon="edit" label="Edit" onClick={() => (editing.value = message.id)} />}
      <MenuButton label="More" items={() => menuOf(message, room, inThread)} onOpen={hold} />
    </div>
  );
}

function Reactions({ message, room }: { message: Message; room: Room }) {
  if (message.reactions.length === 0) return null;
  const may = mayReact(room);
  return (
    <div class="reactions" role="group" aria-label="Reactions">
      {message.reactions.map(({ emoji, count, user_ids }) => {
        const mine = user_ids.includes(me.value.id);
        const names = user_ids.slice(0, 12).map((id) => (id === me.value.id ? 'You' : userOf(id).name));
        const more = count - names.length;
        const who = `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
        return (
          <button
            key={emoji}
            type="button"
            class="reaction"
            aria-pressed={mine}
            aria-label={`${spoken(emoji)}, ${count}: ${who}`}
            title={who}
            disabled={!may}
            onClick={() => void react(message, emoji)}
          >
            <span aria-hidden="true">{emoji}</span>
            <b>{count}</b>
          </button>
        );
      })}
      {may && (
        <EmojiButton class="reaction add" label="Add a reaction" onPick={(char) => void react(message, char)}>
          <Icon name="smile" />
        </EmojiButton>
      )}
    </div>
  );
}

function ThreadLink({ message, room }: { message: Message; room: Room }) {
  if (message.reply_count === 0) return null;
  return (
    <a class="thread-link" href={threadHref(room.id, message.id)}>
      <span class="faces" aria-hidden="true">
        {message.reply_user_ids.slice(0, 4).map((id) => (
          <Avatar key={id} id={id} size="s" />
        ))}
      </span>
      <b>
        {message.reply_count} {message.reply_count === 1 ? 'reply' : 'replies'}
      </b>
      {message.last_reply_at && (
        <span class="soft">
          last reply <Time at={message.last_reply_at} form="ago" />
        </span>
      )}
    </a>
  );
}

function Sending({ entry }: { entry: Entry }) {
  if (entry.state === 'failed') {
    return (
      <div class="failed" role="alert">
        <span>Not sent: {entry.error}</span>
        <button type="button" class="link" onClick={() => retry(entry.client_msg_id)}>
          Try again
        </button>
        <button type="button" class="link" onClick={() => discard(entry.client_msg_id)}>
          Discard
        </button>
      </div>
    );
  }
  const late = Date.now() + clockSkew.value - entry.created_at > 1500;
  return late ? <div class="soft small">{entry.state === 'waiting' ? 'Waits for the connection…' : 'Is being sent…'}</div> : null;
}

/** Names and links to people open their profile. */
function onClick(event: MouseEvent): void {
  const link = (event.target as HTMLElement).closest?.('a[href^="#/u/"]');
  if (!link) return;
  event.preventDefault();
  showProfile(decodeURIComponent((link.getAttribute('href') as string).slice(4)));
}

function Body({ message, room, inThread }: { message: Message; room: Room; inThread: boolean }) {
  if (message.deleted_at !== null) return <p class="gone">This message was deleted.</p>;
  if (editing.value === message.id) return <EditBox message={message} room={room} />;
  return (
    <>
      {message.text && <Markdown text={message.text} />}
      {message.edited_at !== null && (
        <button type="button" class="edited" onClick={() => showHistory(message.id)}>
          (edited <Time at={message.edited_at} form="brief" />)
        </button>
      )}
      <Attachments list={message.attachments} />
      <Reactions message={message} room={room} />
      {!inThread && <ThreadLink message={message} room={room} />}
    </>
  );
}

export function MessageRow(props: RowProps) {
  const { message, room, head, entry, inThread = false } = props;
  const [near, setNear] = useState(false);
  const held = useRef(false);
  wonder(message.user_id, api.usersById);
  const own = nameOf(message);
  const acts = near && !entry && message.deleted_at === null && editing.value !== message.id;
  const leave = (event: FocusEvent | PointerEvent) => {
    const row = event.currentTarget as HTMLElement;
    const inside = event.type === 'focusout' && row.contains((event as FocusEvent).relatedTarget as Node | null);
    if (!inside && !held.current && !(event.type === 'pointerleave' && row.contains(document.activeElement) && row.matches(':focus-visible'))) setNear(false);
  };
  return (
    <li
      class={`message ${head ? 'head' : ''} ${entry ? `entry ${entry.state}` : ''} ${props.flash ? 'flash' : ''} ${message.pinned ? 'pinned' : ''}`}
      data-key={message.client_msg_id ?? message.id}
      data-id={message.id}
      data-seq={entry ? undefined : message.seq}
      tabIndex={props.focusable ? 0 : -1}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={leave}
      onFocusIn={() => setNear(true)}
      onFocusOut={leave}
      onClick={onClick}
    >
      {head ? (
        <button type="button" class="face" tabIndex={-1} aria-hidden="true" onClick={() => showProfile(message.user_id)}>
          <Avatar id={own ?? message.user_id} own={own} />
        </button>
      ) : (
        <span class="when" aria-hidden="true">
          <Time at={message.created_at} />
        </span>
      )}
      <div class="what">
        {head ? (
          <div class="who">
            <b>
              <Name id={message.user_id} own={own} />
            </b>
            {userOf(message.user_id).bot && <span class="tag">{hookOf(message) ? 'hook' : 'bot'}</span>}
            <StatusOf id={message.user_id} />
            <Time at={message.created_at} />
            {message.pinned && (
              <span class="pin-mark">
                <Icon name="pin" /> pinned
              </span>
            )}
          </div>
        ) : (
          <span class="unseen">
            <Name id={message.user_id} own={own} />, <Time at={message.created_at} />
            {message.pinned && ', pinned'}:
          </span>
        )}
        <Body message={message} room={room} inThread={inThread} />
        {entry && <Sending entry={entry} />}
        {props.seen && props.seen.length > 0 && <Seen ids={props.seen} />}
      </div>
      {acts && (
        <Toolbar
          message={message}
          room={room}
          inThread={inThread}
          hold={(open) => {
            held.current = open;
          }}
        />
      )}
    </li>
  );
}

function Seen({ ids }: { ids: string[] }) {
  const names = ids.map((id) => userOf(id).name).join(', ');
  return (
    <p class="seen" title={`Seen by ${names}`}>
      <span class="unseen">Seen by {names}</span>
      <span aria-hidden="true" class="faces">
        {ids.slice(0, 6).map((id) => (
          <Avatar key={id} id={id} size="s" />
        ))}
        {ids.length > 6 && <span class="soft small">+{ids.length - 6}</span>}
      </span>
    </p>
  );
}

export function SystemRow({ message, focusable }: { message: Message; focusable: boolean }) {
  wonder(message.user_id, api.usersById);
  return (
    <li class="message system" data-key={message.id} data-id={message.id} data-seq={message.seq} tabIndex={focusable ? 0 : -1} onClick={onClick}>
      <Icon name="info" />
      <div class="what">
        <Markdown text={message.text} /> <Time at={message.created_at} />
      </div>
    </li>
  );
}
