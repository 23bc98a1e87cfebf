// The messages of a room. What is shown stays where it is, whatever comes above or below, unless one is at the end.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Entry } from '../model/outbox';
import { dayOf } from '../model/times';
import { type Row, timeline, unseenAfter } from '../model/timeline';
import type { Message, Room } from '../model/types';
import type { OpenRoom } from '../state/open_rooms';
import { markAllRead, markRead, watched } from '../state/reading';
import { pending } from '../state/sending';
import { me, now } from '../state/store';
import { Icon } from './icons';
import { MessageRow, SystemRow } from './message';
import { moveFocus, onMessageKey } from './message_keys';
import { Anchor } from './scroll_anchor';
import { Problem } from './ui';

export function asMessage(entry: Entry, seq: number): Message {
  return {
    id: entry.client_msg_id, client_msg_id: entry.client_msg_id, room_id: entry.room_id, seq, user_id: me.value.id, type: 'text', text: entry.text,
    thread_id: entry.thread_id, reply_count: 0, last_reply_at: null, reply_user_ids: [], reactions: [], attachments: [...(entry.attachments ?? [])], pinned: false,
    mentions: { user_ids: [], room: false, here: false }, edited_at: null, deleted_at: null, created_at: entry.created_at, version: 0,
  };
}

/** What is on its way stands below what is there; what has arrived already is left out. */
export function withPending(messages: readonly Message[], roomId: string, threadId: string | null): { all: Message[]; entries: Map<string, Entry> } {
  const there = new Set(messages.map(({ client_msg_id }) => client_msg_id));
  const own = pending.value.filter((entry) => entry.room_id === roomId && entry.thread_id === threadId && !there.has(entry.client_msg_id));
  const last = messages.at(-1)?.seq ?? 0;
  return {
    all: [...messages, ...own.map((entry, index) => asMessage(entry, last + (index + 1) / 1000))],
    entries: new Map(own.map((entry) => [entry.client_msg_id, entry])),
  };
}

/** Who has read up to one's own newest message, where the room tells. */
function seenBy(open: OpenRoom, room: Room, messages: readonly Message[]): { id: string; ids: string[] } | undefined {
  if (room.settings?.receipts === false) return undefined;
  const last = messages.findLast((message) => message.type === 'text' && message.deleted_at === null);
  if (!last || last.user_id !== me.value.id) return undefined;
  const ids = [...open.receipts.value].filter(([id, seq]) => id !== me.value.id && seq >= last.seq).map(([id]) => id);
  return ids.length > 0 ? { id: last.id, ids } : undefined;
}

const NEAR_END = 48;
const PAGE_AHEAD = 800;

export function MessageList({ open, room }: { open: OpenRoom; room: Room }) {
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef(new Anchor());
  const turn = useRef(-1);
  const seen = useRef(0);
  const [atEnd, setAtEnd] = useState(true);
  const [lineAbove, setLineAbove] = useState(false);
  const [focus, setFocus] = useState<string>();
  const [flash, setFlash] = useState<number>();

  const log = open.log.value;
  const { turn: shownTurn, seq: target } = open.shown.value;
  const unreadAfter = open.unreadAfter.value;
  const { all, entries } = withPending(log.messages, room.id, null);
  const shownAll = log.moreAfter ? [...log.messages] : all;
  const rows = timeline(shownAll, unreadAfter, me.value.id);
  const seenLast = seenBy(open, room, log.messages);
  const lastKey = rows.findLast((row) => row.kind === 'message')?.key;
  const focused = rows.some((row) => row.key === focus) ? focus : lastKey;

  // Before the page changes: what stands where.
  anchor.current.keep(scroller.current);

  const look = (scrolled: boolean) => {
    const box = scroller.current;
    if (!box) return;
    const left = box.scrollHeight - box.scrollTop - box.clientHeight;
    const end = left < NEAR_END && !open.log.value.moreAfter;
    anchor.current.atEnd = end;
    setAtEnd(end);
    const line = box.querySelector('.unread-line');
    setLineAbove(line ? line.getBoundingClientRect().bottom < box.getBoundingClientRect().top : false);
    // A page that could not be loaded is tried again when somebody scrolls, not by itself.
    const pages = scrolled || !open.error.value;
    if (pages && box.scrollTop < PAGE_AHEAD && open.log.value.moreBefore) void open.older();
    if (pages && left < PAGE_AHEAD && open.log.value.moreAfter) void open.newer();
    readVisible(box, end);
  };

  const readVisible = (box: HTMLElement, end: boolean) => {
    const bottom = box.getBoundingClientRect().bottom;
    const visible = [...box.querySelectorAll<HTMLElement>('li[data-seq]')].findLast((row) => row.getBoundingClientRect().top < bottom - 8);
    const seq = Number(visible?.dataset.seq ?? 0);
    if (watched() || seen.current === 0) seen.current = Math.max(seen.current, end ? (open.log.value.messages.at(-1)?.seq ?? 0) : seq);
    if (!watched() || seq === 0) return;
    markRead(room.id, end ? Math.max(seq, room.last_seq) : seq);
  };

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    if (turn.current !== shownTurn && open.state.value === 'ready') {
      turn.current = shownTurn;
      scrollToTarget(box, target, anchor.current);
      if (typeof target === 'number') setFlash(target);
    } else {
      anchor.current.restore(box);
    }
    look(false);
  });

  useEffect(() => {
    if (flash === undefined) return;
    const timer = setTimeout(() => setFlash(undefined), 2500);
    return () => clearTimeout(timer);
  }, [flash]);

  useEffect(() => {
    const box = scroller.current as HTMLDivElement;
    const settle = () => {
      if (anchor.current.atEnd) box.scrollTop = box.scrollHeight;
    };
    const watcher = new ResizeObserver(settle);
    watcher.observe(box);
    watcher.observe(box.firstElementChild as Element);
    const onFocus = () => look(false);
    addEventListener('focus', onFocus);
    return () => {
      watcher.disconnect();
      removeEventListener('focus', onFocus);
    };
  }, []);

  // What comes while nobody looks begins with the line.
  const newest = log.messages.at(-1);
  useEffect(() => {
    if (!newest || newest.user_id === me.value.id || open.unreadAfter.value !== undefined) return;
    if (!watched() && newest.seq > seen.current && seen.current > 0) open.unreadAfter.value = seen.current;
  }, [newest?.seq]);

  const news = unseenAfter(log.messages, seen.current, me.value.id);
  return (
    <div class="list-box">
      {lineAbove && (
        <div class="line-pill">
          <button type="button" onClick={() => scroller.current && scrollToTarget(scroller.current, 'unread', anchor.current)}>
            <Icon name="up" /> New messages above
          </button>
          <button type="button" onClick={() => markAllRead(room.id)}>
            Mark as read
          </button>
        </div>
      )}
      <div ref={scroller} class="scroller" onScroll={() => look(true)} onKeyDown={(event) => onMessageKey(event, rows, room)}>
        <ol
          class="messages"
          role="list"
          aria-label="Messages"
          aria-busy={open.state.value === 'loading'}
          onFocusIn={({ target }) => setFocus((target as HTMLElement).closest<HTMLElement>('li[data-key]')?.dataset.key)}
        >
          {!log.moreBefore && open.state.value === 'ready' && <Beginning room={room} empty={rows.length === 0} />}
          {rows.map((row) => (
            <RowOf
              key={row.key}
              row={row}
              room={room}
              entry={entries.get(row.key)}
              focusable={row.key === focused}
              flash={row.kind === 'message' && row.message.seq === flash}
              seen={row.kind === 'message' && row.message.id === seenLast?.id ? seenLast.ids : undefined}
            />
          ))}
        </ol>
      </div>
      <Problem error={open.error.value} />
      {!atEnd && rows.length > 0 && (
        <button type="button" class="pill" onClick={() => void open.showEnd().then(() => moveFocus(scroller.current, 'end', false))}>
          {news > 0 ? `${news > 99 ? '99+' : news} new message${news === 1 ? '' : 's'}` : 'To the newest'} <Icon name="down" />
        </button>
      )}
    </div>
  );
}

function RowOf(props: {
  row: Row;
  room: Room;
  entry: Entry | undefined;
  focusable: boolean;
  flash: boolean;
  seen: string[] | undefined;
}) {
  const { row, room } = props;
  if (row.kind === 'day') {
    return (
      <li class="day">
        <span>{dayOf(row.at, now.value)}</span>
      </li>
    );
  }
  if (row.kind === 'unread') {
    return (
      <li class="unread-line">
        <span>New</span>
      </li>
    );
  }
  if (row.message.type === 'system') return <SystemRow message={row.message} focusable={props.focusable} />;
  return (
    <MessageRow message={row.message} room={room} head={row.head} entry={props.entry} focusable={props.focusable} flash={props.flash} seen={props.seen} />
  );
}

function scrollToTarget(box: HTMLElement, target: number | 'end' | 'unread', anchor: Anchor): void {
  const line = box.querySelector<HTMLElement>('.unread-line');
  const row = typeof target === 'number' ? box.querySelector<HTMLElement>(`li[data-seq="${target}"]`) : null;
  anchor.atEnd = false;
  if (target === 'unread' && line) {
    box.scrollTop += line.getBoundingClientRect().top - box.getBoundingClientRect().top - 60;
  } else if (row) {
    const space = (box.clientHeight - row.offsetHeight) / 2;
    box.scrollTop += row.getBoundingClientRect().top - box.getBoundingClientRect().top - Math.max(40, space);
    row.focus({ preventScroll: true });
  } else {
    box.scrollTop = box.scrollHeight;
    anchor.atEnd = true;
  }
}

function Beginning({ room, empty }: { room: Room; empty: boolean }) {
  const direct = room.type === 'direct' || room.type === 'group';
  return (
    <li class="beginning">
      <h2>{direct ? 'Only the people here can read this.' : `This is where #${room.name} begins.`}</h2>
      {room.topic && <p>{room.topic}</p>}
      {empty && <p class="soft">Nobody has written anything yet.</p>}
    </li>
  );
}
