// The threads that one follows, the newest first.
import { useEffect, useState } from 'preact/hooks';
import { plainOf } from '../model/plain';
import type { Thread } from '../model/types';
import { api } from '../state/api';
import { threadHref } from '../state/router';
import { learn, rooms, title, wonder } from '../state/store';
import { threadsUnread } from '../state/threads';
import { Page } from '../ui/page';
import { Avatar, Empty, Name, Problem, Switch, Time } from '../ui/ui';

export function ThreadsPage() {
  const [list, setList] = useState<Thread[]>();
  const [cursor, setCursor] = useState<string>();
  const [unread, setUnread] = useState(false);
  const [error, setError] = useState<Error>();
  const load = async (from: string | undefined, before: Thread[]) => {
    try {
      const answer = await api.threads(unread, from);
      learn(answer.users);
      setList([...before, ...answer.threads]);
      setCursor(answer.cursor || undefined);
      setError(undefined);
      if (!from) threadsUnread.value = answer.threads.some((thread) => thread.unread > 0);
    } catch (failed) {
      setError(failed as Error);
    }
  };
  useEffect(() => void load(undefined, []), [unread, threadsUnread.value]);
  return (
    <Page title="Threads">
      <Switch label="Only with something new" checked={unread} onChange={setUnread} />
      <Problem error={error} />
      {list?.length === 0 && (
        <Empty icon="thread" title={unread ? 'Nothing new in your threads.' : 'You follow no threads yet.'}>
          <p>Those that you begin or answer in come here.</p>
        </Empty>
      )}
      <ul class="cards">
        {list?.map(({ message, unread: count }) => {
          const room = rooms.value.get(message.room_id);
          wonder(message.user_id, api.usersById);
          return (
            <li key={message.id} class={`card-message ${count > 0 ? 'bold' : ''}`}>
              <div class="card-head">
                <Avatar id={message.user_id} size="s" />
                <b>
                  <Name id={message.user_id} />
                </b>
                {room && <bdi class="soft">in {title(room)}</bdi>}
                {message.last_reply_at && <Time at={message.last_reply_at} form="ago" />}
                {count > 0 && <span class="badge">{count}</span>}
              </div>
              <p dir="auto">{plainOf(message.text, 240)}</p>
              <a class="card-link" href={threadHref(message.room_id, message.id)}>
                {message.reply_count} {message.reply_count === 1 ? 'reply' : 'replies'}
              </a>
            </li>
          );
        })}
      </ul>
      {cursor && (
        <button type="button" class="quiet" onClick={() => void load(cursor, list ?? [])}>
          More
        </button>
      )}
    </Page>
  );
}
