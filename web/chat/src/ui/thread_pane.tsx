// A thread: the message that it begins with, and what was answered.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { timeline } from '../model/timeline';
import type { Room } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import type { OpenRoom } from '../state/open_rooms';
import { watched } from '../state/reading';
import { me, title } from '../state/store';
import { Composer } from './composer';
import { MessageRow } from './message';
import { onMessageKey } from './message_keys';
import { withPending } from './message_list';
import { Pane } from './pane';
import { MenuButton } from './popover';
import { Anchor } from './scroll_anchor';

export function ThreadPane({ open, room, close }: { open: OpenRoom; room: Room; close: () => void }) {
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef(new Anchor());
  const [focus, setFocus] = useState<string>();
  const thread = open.thread.value;
  const { all, entries } = withPending(thread?.replies ?? [], room.id, thread?.root.id ?? '');
  const rows = timeline(all, undefined, me.value.id).filter((row) => row.kind === 'message');
  const focused = rows.some((row) => row.key === focus) ? focus : (rows.at(-1)?.key ?? thread?.root.id);
  anchor.current.keep(scroller.current);
  useLayoutEffect(() => {
    if (scroller.current) anchor.current.restore(scroller.current);
  });
  const last = thread?.replies.at(-1)?.seq ?? 0;
  useEffect(() => {
    if (thread && last > 0 && watched()) api.readThread(thread.root.id, last).catch(() => {});
  }, [thread?.root.id, last]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!thread) return;
    const root = { kind: 'message' as const, key: thread.root.client_msg_id ?? thread.root.id, message: thread.root, head: true };
    onMessageKey(event, [root, ...rows], room);
  };
  const onScroll = () => {
    const box = scroller.current as HTMLDivElement;
    anchor.current.atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 48;
    if (box.scrollTop < 300 && thread?.moreBefore) void open.olderReplies().catch(() => {});
  };
  return (
    <Pane title="Thread" sub={title(room)} close={close} focus={false}>
      <div ref={scroller} class="scroller" onScroll={onScroll} onKeyDown={onKeyDown}>
        {thread && (
          <ol
            class="messages"
            role="list"
            aria-label="Messages of the thread"
            onFocusIn={({ target }) => setFocus((target as HTMLElement).closest<HTMLElement>('li[data-key]')?.dataset.key)}
          >
            <MessageRow message={thread.root} room={room} head inThread focusable={(thread.root.client_msg_id ?? thread.root.id) === focused || rows.length === 0} />
            <li class="replies-line">
              <span>
                {thread.root.reply_count} {thread.root.reply_count === 1 ? 'reply' : 'replies'}
              </span>
              {room.membership && <Follow id={thread.root.id} />}
            </li>
            {rows.map((row) => (
              <MessageRow key={row.key} message={row.message} room={room} head={row.head} inThread entry={entries.get(row.key)} focusable={row.key === focused} />
            ))}
          </ol>
        )}
      </div>
      {thread && <Composer key={thread.root.id} open={open} room={room} threadId={thread.root.id} />}
    </Pane>
  );
}

function Follow({ id }: { id: string }) {
  const follow = (on: boolean) => () =>
    void attempt(api.follow(id, on), on ? 'You are told of new replies.' : 'You are no longer told of replies here.');
  return (
    <MenuButton
      icon="bell"
      label="Being told of replies"
      items={() => [{ label: 'Follow this thread', icon: 'bell', run: follow(true) }, { label: 'Do not follow it', icon: 'mute', run: follow(false) }]}
    />
  );
}
