// Who is in a room, and what moderators may do with them.
import { useState } from 'preact/hooks';
import type { Member, Room, RoomRole } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { clockSkew, isDirect, learn, moderates, now, presenceOf, userOf } from '../state/store';
import { untilWords } from '../model/moments';
import { flags, mayModerate, memberTurn, moderation } from '../state/moderation';
import { pane } from '../state/panes';
import { prefs } from '../state/prefs';
import { folded } from '../model/match';
import { confirm } from './dialog';
import { addPeople, showProfile } from './dialogs';
import { askBan, askMute } from './moderation_dialogs';
import { Banned } from './moderation_pane';
import { MenuButton, type MenuItem } from './popover';
import { Pane } from './pane';
import { Avatar, Problem, stateOf, StatusOf, useLoad } from './ui';

const ROLES: [RoomRole, string][] = [['owner', 'Owner'], ['moderator', 'Moderator'], ['member', 'Member'], ['readonly', 'Reads only']];
const PAGES_MAX = 10;

async function loadAll(room: string): Promise<{ members: Member[]; more: boolean }> {
  const members: Member[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await api.members(room, cursor);
    learn(answer.users);
    learn(answer.members.flatMap(({ user }) => (user ? [user] : [])));
    members.push(...answer.members);
    cursor = answer.cursor;
    if (!cursor) break;
  }
  return { members, more: Boolean(cursor) };
}

function menuOf(room: Room, member: Member, again: () => void): MenuItem[] {
  const name = userOf(member.user_id).name;
  const items: MenuItem[] = [{ label: 'Profile', icon: 'info', run: () => showProfile(member.user_id) }];
  if (!mayModerate(room, member.user_id)) return items;
  const own = room.membership?.role === 'owner';
  for (const [role, text] of ROLES) {
    if (role === 'owner' && !own) continue;
    items.push({
      label: text, checked: member.role === role, apart: role === 'owner' || (!own && role === 'moderator'),
      run: () => void attempt(api.setMemberRole(room.id, member.user_id, role), `${name}: ${text}.`).then(again),
    });
  }
  const muted = (member.muted_until ?? 0) > Date.now() + clockSkew.value;
  items.push(muted
    ? { label: 'Unmute', icon: 'bell', apart: true, run: () => void attempt(moderation.unmute(room.id, member.user_id), `${name} may write again.`).then(again) }
    : { label: 'Mute…', icon: 'mute', apart: true, run: () => askMute(room, member.user_id) });
  items.push({ label: 'Ban from the room…', icon: 'ban', danger: true, run: () => askBan(room, member.user_id) });
  items.push({
    label: 'Remove from the room…', icon: 'out', danger: true,
    run: () => confirm({
      title: `Remove ${name}?`, text: <p>They can come back only if the room is public, or somebody adds them.</p>, action: 'Remove', danger: true,
      run: () => api.removeMember(room.id, member.user_id).then(again),
    }),
  });
  return items;
}

export function MembersPane({ room, close }: { room: Room; close: () => void }) {
  const [query, setQuery] = useState('');
  const { data, error, again } = useLoad(() => loadAll(room.id), [room.id, room.member_count, memberTurn.value]);
  const waiting = flags.value.filter((flag) => flag.room_id === room.id).length;
  const wanted = folded(query.trim());
  const matches = ({ user_id }: Member) => folded(`${userOf(user_id).name} ${userOf(user_id).username}`).includes(wanted);
  const byState = (a: Member, b: Member) =>
    Number(presenceOf(a.user_id) === 'offline') - Number(presenceOf(b.user_id) === 'offline') || userOf(a.user_id).name.localeCompare(userOf(b.user_id).name);
  const members = (data?.members ?? []).filter(matches).sort(byState);
  return (
    <Pane title="Members" sub={`${room.member_count}`} close={close}>
      <div class="pane-tools">
        <input type="search" aria-label="Find a member" placeholder="Find a member" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
        {room.membership && !isDirect(room) && (
          <button type="button" class="quiet" onClick={() => addPeople(room, new Set((data?.members ?? []).map(({ user_id }) => user_id)), again)}>
            Add people
          </button>
        )}
        {moderates(room) && !isDirect(room) && (
          <button type="button" class="quiet" onClick={() => (pane.value = 'moderation')}>
            Moderation
            {waiting > 0 && (
              <span class="badge">
                {waiting}
                <span class="unseen"> open reports</span>
              </span>
            )}
          </button>
        )}
      </div>
      <div class="pane-scroll">
        <Problem error={error} />
        <ul class="people">
          {members.map((member) => (
            <li key={member.user_id}>
              <button type="button" class="person" onClick={() => showProfile(member.user_id)}>
                <Avatar id={member.user_id} dot />
                <span>
                  <span>
                    <bdi>{userOf(member.user_id).name}</bdi> <StatusOf id={member.user_id} />
                    <span class="unseen">, {stateOf(member.user_id)}</span>
                  </span>
                  <small>
                    @{userOf(member.user_id).username}
                    {(member.muted_until ?? 0) > now.value + clockSkew.value && ` · muted ${untilWords(member.muted_until, now.value, prefs.value.clock)}`}
                    {member.role !== 'member' && ` · ${ROLES.find(([role]) => role === member.role)?.[1].toLowerCase()}`}
                  </small>
                </span>
              </button>
              <MenuButton label={`What to do with ${userOf(member.user_id).name}`} items={() => menuOf(room, member, again)} />
            </li>
          ))}
        </ul>
        {moderates(room) && !isDirect(room) && <Banned room={room} />}
        {data?.more && <p class="soft pad">These are the first {data.members.length}.</p>}
      </div>
    </Pane>
  );
}
