// The dialogs that are opened from several places.
import { useState } from 'preact/hooks';
import type { Room, Status } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { go, roomHref } from '../state/router';
import { learn, me, putRoom, title, userOf } from '../state/store';
import { openDialog } from './dialog';
import { EmojiButton } from './emoji_picker';
import { PeoplePicker } from './people_picker';
import { openDirect } from './switcher';
import { Avatar, Dot, Field, fieldError, Markdown, Problem, Select, stateOf, StatusOf, Switch, Time, useLoad, useSubmit } from './ui';

export function openPeople(): void {
  openDialog('New direct message', (close) => (
    <PeoplePicker action="Open" max={9} run={async (ids) => {
      await openDirect(ids);
      close();
    }} />
  ), 'list');
}

export function addPeople(room: Room, members: ReadonlySet<string>, done: () => void): void {
  openDialog(`Add people to ${title(room)}`, (close) => (
    <PeoplePicker action="Add" max={50} without={members} run={async (ids) => {
      await api.addMembers(room.id, ids);
      close();
      done();
    }} />
  ), 'list');
}

export function createRoom(): void {
  openDialog('New room', (close) => <NewRoom close={close} />);
}

function NewRoom({ close }: { close: () => void }) {
  const [name, setName] = useState('');
  const [topic, setTopic] = useState('');
  const [hidden, setHidden] = useState(false);
  const [type, setType] = useState<'channel' | 'broadcast'>('channel');
  const { submit, error, busy } = useSubmit(async () => {
    const { room } = await api.createRoom({ type, private: hidden, name: name.trim(), topic: topic.trim() || undefined });
    putRoom(room);
    close();
    go(roomHref(room.id));
  });
  return (
    <form onSubmit={submit}>
      <Field label="Name" value={name} onInput={setName} placeholder="release-planning" required maxLength={80} autofocus error={fieldError(error, 'name')} />
      <Field label="Topic" value={topic} onInput={setTopic} placeholder="What it is about" maxLength={250} error={fieldError(error, 'topic')} />
      <Select
        label="Who writes"
        value={type}
        onChange={setType}
        options={[['channel', 'Everybody in it'], ['broadcast', 'Moderators; the others read']]}
      />
      <Switch label="Private" checked={hidden} onChange={setHidden} hint="Only those who were added see that it exists." />
      {!fieldError(error, 'name') && !fieldError(error, 'topic') && <Problem error={error} />}
      <div class="actions">
        <button type="button" class="quiet" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy || name.trim() === ''}>
          Create
        </button>
      </div>
    </form>
  );
}

const UNTIL: [string, string][] = [['', 'until I remove it'], ['30', 'for 30 minutes'], ['60', 'for an hour'], ['240', 'for 4 hours'], ['day', 'until tonight'], ['10080', 'for a week']];
const SUGGESTED: [string, string, string][] = [['🗓️', 'In a meeting', '60'], ['🏠', 'Working from home', 'day'], ['🤒', 'Unwell', 'day'], ['🌴', 'On holiday', '10080']];

function untilOf(value: string): number | null {
  if (value === '') return null;
  if (value === 'day') return new Date().setHours(23, 59, 59, 0);
  return Date.now() + Number(value) * 60_000;
}

export async function setStatus(status: Status | null): Promise<void> {
  await api.setStatus(status ?? { emoji: '', text: '', until: null });
  learn([{ ...me.value, status }]);
}

export function editStatus(): void {
  openDialog('Your status', (close) => <StatusForm close={close} />);
}

function StatusForm({ close }: { close: () => void }) {
  const [emoji, setEmoji] = useState(me.value.status?.emoji || '💬');
  const [text, setText] = useState(me.value.status?.text ?? '');
  const [until, setUntil] = useState('');
  const { submit, error, busy } = useSubmit(() => setStatus({ emoji, text: text.trim(), until: untilOf(until) }).then(close));
  return (
    <form onSubmit={submit}>
      <div class="status-row">
        <EmojiButton class="emoji-choice" label={`Emoji of the status: ${emoji}`} onPick={setEmoji}>
          {emoji}
        </EmojiButton>
        <Field label="Status" value={text} onInput={setText} placeholder="What others should know" maxLength={100} autofocus />
      </div>
      <div class="suggestions">
        {SUGGESTED.map(([char, words, time]) => (
          <button
            key={words}
            type="button"
            class="chip"
            onClick={() => {
              setEmoji(char);
              setText(words);
              setUntil(time);
            }}
          >
            {char} {words}
          </button>
        ))}
      </div>
      <Select label="It holds" value={until} onChange={setUntil} options={UNTIL} />
      <Problem error={error} />
      <div class="actions">
        {me.value.status && (
          <button type="button" class="quiet start" onClick={() => void attempt(setStatus(null)).then(close)}>
            Remove
          </button>
        )}
        <button type="submit" class="primary" disabled={busy}>
          Save
        </button>
      </div>
    </form>
  );
}

export function showProfile(id: string): void {
  openDialog('Profile', (close) => <Profile id={id} close={close} />);
}

function Profile({ id, close }: { id: string; close: () => void }) {
  const user = userOf(id);
  const self = id === me.value.id;
  return (
    <div class="profile">
      <Avatar id={id} size="l" />
      <div>
        <p class="profile-name">
          <bdi>{user.name}</bdi> {user.bot && <span class="tag">bot</span>}
        </p>
        <p class="soft">
          @{user.username} · {user.role}
        </p>
        <p class="presence">
          <Dot id={id} /> {stateOf(id)[0]?.toUpperCase()}
          {stateOf(id).slice(1)}
        </p>
        {user.status && (
          <p>
            <StatusOf id={id} /> {user.status.text}
          </p>
        )}
      </div>
      <div class="actions">
        {self ? (
          <button type="button" class="primary" onClick={() => { close(); go('#/settings'); }} data-first>
            Edit
          </button>
        ) : (
          <button type="button" class="primary" onClick={() => { close(); void openDirect([id]); }} data-first>
            Message
          </button>
        )}
      </div>
    </div>
  );
}

export function showHistory(messageId: string): void {
  openDialog('What it said before', () => <History messageId={messageId} />);
}

function History({ messageId }: { messageId: string }) {
  const { data, error } = useLoad(() => api.history(messageId), [messageId]);
  return (
    <>
      <Problem error={error} />
      <ul class="cards">
        {data?.edits.map((version) => (
          <li key={version.number} class="card-message">
            <div class="card-head">
              <Time at={version.at} form="brief" />
            </div>
            <Markdown text={version.text} />
          </li>
        ))}
      </ul>
    </>
  );
}

const MOD = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl';

const KEYS: [string, [string, string][]][] = [
  ['Everywhere', [
    [`${MOD} K`, 'Go to a room or a person'], [`${MOD} Shift F`, 'Search messages'], ['Alt ↑ / ↓', 'Room above, room below'],
    ['Alt Shift ↑ / ↓', 'Next room with something unread'], ['F6', 'Next region of the page'], ['Esc', 'Close; in a room: mark as read'], ['?', 'This list'],
  ]],
  ['Writing', [
    ['Enter', 'Send'], ['Shift Enter', 'New line'], ['↑', 'Edit your last message'], ['@ : # /', 'Complete people, emoji, rooms, commands'],
    [`${MOD} B, ${MOD} I`, 'Bold, italic'], [`${MOD} Shift X`, 'Strike through'], [`${MOD} E`, 'Code'],
  ]],
  ['On a message', [
    ['↑ / ↓', 'Message above, message below'], ['Home / End', 'First, last one loaded'], ['R', 'Reply in a thread'], ['+', 'React'],
    ['E', 'Edit'], ['P', 'Pin'], ['U', 'Mark as unread from here'], ['L', 'Copy the link'], ['Delete', 'Delete'],
  ]],
];

export function showKeys(): void {
  openDialog('Keyboard', () => (
    <div class="keys">
      {KEYS.map(([name, keys]) => (
        <section key={name}>
          <h3>{name}</h3>
          <dl>
            {keys.map(([key, what]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  ), 'wide');
}

