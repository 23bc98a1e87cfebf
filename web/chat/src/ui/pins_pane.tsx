// What was pinned to a room.
import type { Message, Room } from '../model/types';
import { api } from '../state/api';
import { current } from '../state/open_rooms';
import { pin } from '../state/message_actions';
import { roomHref } from '../state/router';
import { learn, mayPost } from '../state/store';
import { Pane } from './pane';
import { Avatar, Empty, IconButton, Markdown, Name, Problem, Time, useLoad } from './ui';

export function MessageCard({ message, words, where, action }: { message: Message; words?: readonly string[]; where?: string; action?: preact.JSX.Element | null | false }) {
  return (
    <li class="card-message">
      <div class="card-head">
        <Avatar id={message.user_id} size="s" />
        <b>
          <Name id={message.user_id} />
        </b>
        {where && <bdi class="soft">{where}</bdi>}
        <Time at={message.created_at} form="brief" />
        {action}
      </div>
      <Markdown text={message.text} words={words} />
      <a class="card-link" href={roomHref(message.room_id, message.seq)}>
        Show in the room<span class="unseen">: message of {new Date(message.created_at).toLocaleString()}</span>
      </a>
    </li>
  );
}

export function PinsPane({ room, close }: { room: Room; close: () => void }) {
  // Pins come and go by events of the room: each is a new version.
  const pinned = current.value?.log.value.messages.filter((message) => message.pinned).length ?? 0;
  const { data, error, again } = useLoad(async () => {
    const answer = await api.pins(room.id);
    learn(answer.users);
    return answer.messages;
  }, [room.id, pinned]);
  return (
    <Pane title="Pinned messages" close={close}>
      <div class="pane-scroll">
        <Problem error={error} />
        {data?.length === 0 && (
          <Empty icon="pin" title="Nothing is pinned.">
            <p>Pin what people look for again: a link, a decision, a date.</p>
          </Empty>
        )}
        <ul class="cards">
          {data?.map((message) => (
            <MessageCard
              key={message.id}
              message={message}
              action={mayPost(room).may && <IconButton icon="close" class="small" label="Remove the pin" onClick={() => void pin({ ...message, pinned: true }).then(again)} />}
            />
          ))}
        </ul>
      </div>
    </Pane>
  );
}
