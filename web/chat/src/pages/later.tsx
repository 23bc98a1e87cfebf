// What waits for its time: messages that are sent later, and reminders.
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { dropReminder, dropScheduled, later, laterHref, type Reminder, reminders, type Scheduled, scheduled } from '../state/later';
import { roomHref, route, threadHref } from '../state/router';
import { rooms, title, wonder } from '../state/store';
import { confirm } from '../ui/dialog';
import { editScheduled, momentWords } from '../ui/later_dialogs';
import { Page } from '../ui/page';
import { Empty, Markdown, Name } from '../ui/ui';

const roomName = (id: string): string => {
  const room = rooms.value.get(id);
  return room ? title(room) : 'a room that you do not see';
};

function Waiting({ one }: { one: Scheduled }) {
  const place = one.thread_id ? threadHref(one.room_id, one.thread_id) : roomHref(one.room_id);
  const about = <span class="unseen">: message to {roomName(one.room_id)}, {momentWords(one.at)}</span>;
  const cancel = () =>
    confirm({
      title: 'Cancel this message?', text: <p>It will not be sent, and its text is gone.</p>, action: 'Cancel the message', danger: true,
      run: async () => {
        await later.cancel(one.id);
        dropScheduled(one.id);
      },
    });
  const sendNow = async () => {
    if (await attempt(later.sendNow(one.id), 'Sent.')) dropScheduled(one.id);
  };
  return (
    <li class="card-message">
      <div class="card-head">
        <b>{one.problem === null ? momentWords(one.at) : 'Not sent'}</b>
        <span class="soft">
          {one.thread_id ? 'in a thread of ' : 'to '}
          <a href={place}>
            <bdi>{roomName(one.room_id)}</bdi>
          </a>
        </span>
        {one.problem !== null && <span class="tag bad">refused</span>}
      </div>
      {one.problem !== null && <p class="field-error">{one.problem}</p>}
      <Markdown text={one.text} />
      <div class="row">
        <button type="button" class="quiet small" onClick={() => editScheduled(one)}>
          Edit{about}
        </button>
        <button type="button" class="quiet small" onClick={() => void sendNow()}>
          Send now{about}
        </button>
        <button type="button" class="quiet small danger-text" onClick={cancel}>
          Cancel{about}
        </button>
      </div>
    </li>
  );
}

function Reminded({ one }: { one: Reminder }) {
  const { message } = one;
  if (message) wonder(message.user_id, api.usersById);
  const remove = async () => {
    if (await attempt(later.forget(one.id), one.told_at ? 'Done.' : 'You will not be reminded.')) dropReminder(one.id);
  };
  return (
    <li class={`card-message ${one.told_at ? 'bold' : ''}`}>
      <div class="card-head">
        <b>{momentWords(one.at)}</b>
        <bdi class="soft">{roomName(one.room_id)}</bdi>
        {one.told_at !== null && <span class="tag good">due</span>}
      </div>
      {one.note && <p dir="auto">{one.note}</p>}
      {message ? (
        <blockquote class="quoted">
          <b>
            <Name id={message.user_id} />
          </b>
          {message.deleted_at === null ? <Markdown text={message.text} /> : <p class="gone">This message was deleted.</p>}
        </blockquote>
      ) : (
        <p class="gone">You do not see this message any more.</p>
      )}
      <div class="row">
        {message && (
          <a class="card-link" href={roomHref(one.room_id, message.seq)}>
            Show in the room<span class="unseen">: reminder of {momentWords(one.at)}</span>
          </a>
        )}
        <button type="button" class="quiet small" onClick={() => void remove()}>
          {one.told_at ? 'Done' : 'Remove'}
          <span class="unseen">: reminder of {momentWords(one.at)}</span>
        </button>
      </div>
    </li>
  );
}

export function LaterPage() {
  const only = route.value.query.get('room') ?? '';
  const list = scheduled.value.filter(({ room_id }) => !only || room_id === only);
  const elsewhere = scheduled.value.length - list.length;
  return (
    <Page title="Later">
      <section class="later-part" aria-label="Scheduled messages">
        <h2>{only ? <>Scheduled messages in <bdi>{roomName(only)}</bdi></> : 'Scheduled messages'}</h2>
        {only && (
          <p class="soft">
            <a href={laterHref()}>Of all rooms</a>
            {elsewhere > 0 && ` (${elsewhere} more)`}
          </p>
        )}
        {list.length === 0 && (
          <Empty icon="clock" title="Nothing is scheduled.">
            <p>The arrow beside the button that sends has a message sent at its time.</p>
          </Empty>
        )}
        <ul class="cards">
          {list.map((one) => (
            <Waiting key={one.id} one={one} />
          ))}
        </ul>
      </section>
      {!only && (
        <section class="later-part" aria-label="Reminders">
          <h2>Reminders</h2>
          {reminders.value.length === 0 && (
            <Empty icon="bell" title="No reminders.">
              <p>“Remind me…” in the menu of a message brings it back when you need it.</p>
            </Empty>
          )}
          <ul class="cards">
            {reminders.value.map((one) => (
              <Reminded key={one.id} one={one} />
            ))}
          </ul>
        </section>
      )}
    </Page>
  );
}
