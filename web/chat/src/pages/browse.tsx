// All rooms that one may see: to look into, and to join.
import { useEffect, useState } from 'preact/hooks';
import type { Room } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { go, roomHref } from '../state/router';
import { isDirect, me, putRoom } from '../state/store';
import { createRoom } from '../ui/dialogs';
import { Icon, iconOf } from '../ui/icons';
import { Page } from '../ui/page';
import { Empty, Problem, useSlow } from '../ui/ui';

export function BrowsePage() {
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Room[]>();
  const [cursor, setCursor] = useState<string>();
  const [error, setError] = useState<Error>();
  const asked = useSlow(query.trim(), 250);
  const load = async (from: string | undefined, before: Room[]) => {
    try {
      const answer = await api.browse(asked, from);
      setFound([...before, ...answer.rooms.filter((room) => !isDirect(room))]);
      setCursor(answer.cursor || undefined);
      setError(undefined);
    } catch (failed) {
      setError(failed as Error);
    }
  };
  useEffect(() => void load(undefined, []), [asked]);
  const join = async (room: Room) => {
    if (!(await attempt(api.join(room.id)))) return;
    putRoom((await api.room(room.id)).room);
    go(roomHref(room.id));
  };
  return (
    <Page title="Browse rooms" tools={me.value.role !== 'guest' && <button type="button" class="primary" onClick={createRoom}>New room</button>}>
      <input class="big-search" type="search" aria-label="Find a room" placeholder="Find a room" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
      <Problem error={error} />
      {found?.length === 0 && (
        <Empty icon="hash" title={asked ? `No room is called “${asked}”.` : 'There are no rooms yet.'}>
          {me.value.role !== 'guest' && (
            <button type="button" class="primary" onClick={createRoom}>
              Make the first one
            </button>
          )}
        </Empty>
      )}
      <ul class="rooms">
        {found?.map((room) => (
          <li key={room.id}>
            <span class="rooms-icon">
              <Icon name={iconOf(room)} />
            </span>
            <div class="rooms-what">
              <a href={roomHref(room.id)}>
                <bdi>{room.name}</bdi>
              </a>
              {room.archived_at !== null && <span class="tag">archived</span>}
              <p dir="auto">{room.topic}</p>
              <small>
                {room.member_count} {room.member_count === 1 ? 'member' : 'members'}
              </small>
            </div>
            {room.membership ? (
              <span class="tag good">joined</span>
            ) : (
              room.archived_at === null && (
                <button type="button" class="quiet" aria-label={`Join ${room.name}`} onClick={() => void join(room)}>
                  Join
                </button>
              )
            )}
          </li>
        ))}
      </ul>
      {cursor && (
        <button type="button" class="quiet" onClick={() => void load(cursor, found ?? [])}>
          More
        </button>
      )}
    </Page>
  );
}
