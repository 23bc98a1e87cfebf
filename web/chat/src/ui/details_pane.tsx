// What a room is, how one is told of it, and what its moderators can change.
import { useState } from 'preact/hooks';
import type { Level, Room, RoomSettings } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { closeRoom } from '../state/open_rooms';
import { pane } from '../state/panes';
import { go } from '../state/router';
import { dropRoom, isAdmin, isDirect, moderates, putRoom, title } from '../state/store';
import { confirm } from './dialog';
import { HooksPart } from './hooks_part';
import { setLocal } from './sidebar';
import { Pane } from './pane';
import { Field, fieldError, Name, Problem, Select, Switch, Time, useSubmit } from './ui';

const LEVELS: [Level, string][] = [['all', 'Every message'], ['mentions', 'Mentions only'], ['none', 'Nothing (muted)']];

export function DetailsPane({ room, close }: { room: Room; close: () => void }) {
  const membership = room.membership;
  const setLevel = async (notify: Level) => {
    if (await attempt(api.setLevel(room.id, notify))) setLocal(room, { notify });
  };
  const leave = () =>
    confirm({
      title: `Leave ${title(room)}?`,
      text: <p>{room.private ? 'It is private: somebody has to add you again.' : 'You can join it again at any time.'}</p>,
      action: 'Leave', danger: true,
      run: async () => {
        await api.leave(room.id);
        closeRoom(room.id);
        dropRoom(room.id);
        go('#/');
      },
    });
  return (
    <Pane title={isDirect(room) ? 'About this conversation' : 'About this room'} sub={title(room)} close={close}>
      <div class="pane-scroll pane-form">
        <div class="narrow-only row">
          <button type="button" class="quiet" onClick={() => (pane.value = 'pins')}>
            Pinned messages
          </button>
        </div>
        {!isDirect(room) && (
          <p class="soft">
            {room.private ? 'Private' : 'Public'}
            {room.type === 'broadcast' && ', moderators write'} · made by <Name id={room.created_by} /> <Time at={room.created_at} form="ago" />
          </p>
        )}
        {membership && <Select label="Tell me of" value={membership.notify} options={LEVELS} onChange={(level) => void setLevel(level)} />}
        {moderates(room) && !isDirect(room) && (
          <button type="button" class="quiet" onClick={() => (pane.value = 'moderation')}>
            Reports, bans and what was done
          </button>
        )}
        {moderates(room) && !isDirect(room) && <Edit key={room.version} room={room} />}
        {!isDirect(room) && (membership?.role === 'owner' || isAdmin.value) && <HooksPart key={room.id} room={room} />}
        {membership && !isDirect(room) && (
          <div class="apart">
            <button type="button" class="quiet danger-text" onClick={leave}>
              Leave the room
            </button>
          </div>
        )}
        {moderates(room) && !isDirect(room) && <Ending room={room} />}
      </div>
    </Pane>
  );
}

function Edit({ room }: { room: Room }) {
  const [name, setName] = useState(room.name);
  const [topic, setTopic] = useState(room.topic);
  const [settings, setSettings] = useState<RoomSettings>(room.settings);
  const set = (change: Partial<RoomSettings>) => setSettings({ ...settings, ...change });
  // Only what was changed: moderators may change the name and the topic, owners the rest.
  const changes = <T extends object>(next: T, before: NoInfer<T>): Partial<T> =>
    Object.fromEntries(Object.entries(next).filter(([key, value]) => value !== before[key as keyof T])) as Partial<T>;
  const { submit, error, busy } = useSubmit(async () => {
    const rest = changes(settings, room.settings);
    const more = Object.keys(rest).length > 0 ? { settings: rest } : {};
    const answer = await api.updateRoom(room.id, { ...changes({ name: name.trim(), topic: topic.trim() }, room), ...more });
    if (answer.room) putRoom({ ...room, ...answer.room });
  });
  const changed = name.trim() !== room.name || topic.trim() !== room.topic || JSON.stringify(settings) !== JSON.stringify(room.settings);
  return (
    <form onSubmit={submit} class="apart">
      <h2>Settings</h2>
      <Field label="Name" value={name} onInput={setName} required maxLength={80} error={fieldError(error, 'name')} />
      <Field label="Topic" value={topic} onInput={setTopic} maxLength={250} rows={2} error={fieldError(error, 'topic')} />
      {(room.membership?.role === 'owner' || isAdmin.value) && <Rules settings={settings} set={set} />}
      {!fieldError(error, 'name') && !fieldError(error, 'topic') && <Problem error={error} />}
      <button type="submit" class="primary" disabled={busy || !changed || name.trim() === ''}>
        Save
      </button>
    </form>
  );
}

function Rules({ settings, set }: { settings: RoomSettings; set: (change: Partial<RoomSettings>) => void }) {
  const seconds = (text: string) => Math.max(0, Math.floor(Number(text) || 0));
  return (
    <>
      <Select
        label="Who writes"
        value={settings.who_can_post}
        onChange={(who_can_post) => set({ who_can_post })}
        options={[['all', 'Everybody in it'], ['moderators', 'Moderators']]}
      />
      <Field label="Slow mode, seconds between two messages" type="number" value={String(settings.slow_mode_s)} onInput={(text) => set({ slow_mode_s: seconds(text) })} hint="0: none" />
      <Field label="Keep messages for days" type="number" value={String(settings.retention_days)} onInput={(text) => set({ retention_days: seconds(text) })} hint="0: for ever" />
      <Switch label="Threads" checked={settings.threads} onChange={(threads) => set({ threads })} />
      <Switch label="Reactions" checked={settings.reactions} onChange={(reactions) => set({ reactions })} />
      <Switch label="Show who is writing" checked={settings.typing} onChange={(typing) => set({ typing })} />
      <Switch label="Show who has read" checked={settings.receipts} onChange={(receipts) => set({ receipts })} />
    </>
  );
}

function Ending({ room }: { room: Room }) {
  const archived = room.archived_at !== null;
  const remove = () =>
    confirm({
      title: `Delete #${room.name}?`, text: <p>The room and all its messages disappear for everybody. This cannot be undone.</p>, action: 'Delete', danger: true,
      run: async () => {
        await api.deleteRoom(room.id);
        closeRoom(room.id);
        dropRoom(room.id);
        go('#/');
      },
    });
  return (
    <div class="apart row">
      <button type="button" class="quiet" onClick={() => void attempt(api.archive(room.id, !archived), archived ? 'Open again.' : 'Archived.')}>
        {archived ? 'Open it again' : 'Archive'}
      </button>
      <button type="button" class="quiet danger-text" onClick={remove}>
        Delete…
      </button>
    </div>
  );
}
