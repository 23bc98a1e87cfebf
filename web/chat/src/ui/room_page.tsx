// A room: its head, its messages, where one writes, and a pane beside it.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Room } from '../model/types';
import { attempt } from '../state/announce';
import { api, ApiError } from '../state/api';
import { current, type OpenRoom, openRoom } from '../state/open_rooms';
import { pane, type PaneName } from '../state/panes';
import { bans, liftLocally, onRefused } from '../state/moderation';
import { lookAnew } from '../state/reading';
import { go, roomHref, route } from '../state/router';
import { clockSkew, isDirect, me, now, rooms, title } from '../state/store';
import { forget } from '../state/notify';
import { shelf } from '../state/storage';
import { BannedFrom } from './banned';
import { Composer } from './composer';
import { Icon, iconOf } from './icons';
import { DetailsPane } from './details_pane';
import { MembersPane } from './members_pane';
import { ModerationPane } from './moderation_pane';
import { MessageList } from './message_list';
import { PinsPane } from './pins_pane';
import { setLocal } from './sidebar';
import { ThreadPane } from './thread_pane';
import { Avatar, Dot, Empty, IconButton, stateOf, StatusOf } from './ui';

export const LAST_ROOM = 'tidemill-chat:room';

function togglePane(name: PaneName): void {
  pane.value = pane.value === name ? undefined : name;
  if (route.value.thread) go(roomHref(route.value.room));
}

export function RoomPage() {
  const { room: id, seq, thread } = route.value;
  const [missing, setMissing] = useState<Error>();
  const [turn, setTurn] = useState(0);
  const seen = useRef('');
  useEffect(() => {
    setMissing(undefined);
    lookAnew(id);
    openRoom(id, seq).then(
      () => {
        shelf.set(LAST_ROOM, id);
        forget(id);
        liftLocally(id);
      },
      (error: Error) => {
        onRefused(id, error);
        setMissing(error);
      },
    );
    return () => {
      const open = current.peek();
      if (open?.id === id && (rooms.peek().get(id)?.membership?.unread ?? 0) === 0) open.unreadAfter.value = undefined;
    };
  }, [id, seq, turn]);
  const open = current.value;
  useEffect(() => {
    if (open?.id !== id) return;
    if (thread) void attempt(open.openThread(thread));
    else open.closeThread();
  }, [open, id, thread]);
  const room = rooms.value.get(id);
  const ban = bans.value.get(id);
  const over = ban?.until ? ban.until <= now.value + clockSkew.value : false;
  useEffect(() => {
    if (over) setTurn((before) => before + 1);
  }, [over]);
  if (room) seen.current = id;
  if (ban) return <BannedFrom id={id} again={() => setTurn((before) => before + 1)} />;
  if (missing) return <Missing error={missing} />;
  if (!room && seen.current === id) return <Missing error={new ApiError(404, 'not_found', '')} />;
  if (!room || open?.id !== id) return <section class="room" aria-busy="true" />;
  return <RoomView key={id} open={open} room={room} />;
}

function RoomView({ open, room }: { open: OpenRoom; room: Room }) {
  const { thread } = route.value;
  const side = thread ? 'thread' : pane.value;
  const close = () => {
    pane.value = undefined;
    if (thread) go(roomHref(room.id));
  };
  return (
    <>
      <section class="room" aria-label={title(room)} id="content" tabIndex={-1}>
        <Head room={room} />
        {open.state.value === 'failed' ? (
          <Empty icon="info" title="The messages could not be loaded.">
            <p>{open.error.value?.message}</p>
            <button type="button" class="primary" onClick={() => void open.show()}>
              Try again
            </button>
          </Empty>
        ) : (
          <MessageList open={open} room={room} />
        )}
        <Composer key={room.id} open={open} room={room} threadId={null} />
      </section>
      {side === 'thread' && <ThreadPane key={thread} open={open} room={room} close={close} />}
      {side === 'members' && <MembersPane room={room} close={close} />}
      {side === 'pins' && <PinsPane room={room} close={close} />}
      {side === 'moderation' && <ModerationPane room={room} close={close} />}
      {side === 'details' && <DetailsPane room={room} close={close} />}
    </>
  );
}

function Head({ room }: { room: Room }) {
  const other = room.type === 'direct' ? (room.user_ids ?? []).find((id) => id !== me.value.id) : undefined;
  const starred = room.membership?.starred ?? false;
  const star = async () => {
    if (await attempt(api.star(room.id, !starred))) setLocal(room, { starred: !starred });
  };
  return (
    <header class="room-head">
      <a class="icon-button back narrow-only" href="#/" aria-label="To the rooms" title="To the rooms">
        <Icon name="back" />
      </a>
      <div class="room-title">
        <h1>
          {other ? <Avatar id={other} size="s" /> : <Icon name={iconOf(room)} />}
          <bdi>{title(room)}</bdi>
          {other && <StatusOf id={other} />}
        </h1>
        {other ? (
          <p class="room-topic">
            <Dot id={other} /> {stateOf(other)}
          </p>
        ) : (
          room.topic && (
            <p class="room-topic" title={room.topic} dir="auto">
              {room.topic}
            </p>
          )
        )}
      </div>
      <div class="room-tools">
        {room.membership && (
          <IconButton icon="star" filled={starred} pressed={starred} label={starred ? 'Starred' : 'Star'} class="star wide-only" onClick={() => void star()} />
        )}
        <IconButton icon="pin" label="Pinned messages" pressed={pane.value === 'pins'} class="wide-only" onClick={() => togglePane('pins')} />
        {room.type !== 'direct' && (
          <button type="button" class="quiet members-button" aria-pressed={pane.value === 'members'} aria-label={`Members: ${room.member_count}`} title="Members" onClick={() => togglePane('members')}>
            <Icon name="people" /> {room.member_count}
          </button>
        )}
        <IconButton icon={isDirect(room) ? 'more' : 'gear'} label="About this room" pressed={pane.value === 'details'} onClick={() => togglePane('details')} />
      </div>
    </header>
  );
}

function Missing({ error }: { error: Error }) {
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <section class="room" id="content" tabIndex={-1}>
      <Empty page icon={gone ? 'lock' : 'info'} title={gone ? 'There is no such room, or it is private.' : 'The room could not be opened.'}>
        <p>{gone ? 'Somebody who is in it can add you.' : error.message}</p>
        <a class="button primary" href="#/browse">
          Browse rooms
        </a>
      </Empty>
    </section>
  );
}
