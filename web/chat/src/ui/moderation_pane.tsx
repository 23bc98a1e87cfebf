// What moderators of a room look after: reports, who is banned, and who did what.
import { useEffect, useState } from 'preact/hooks';
import { isForEver, untilWords } from '../model/moments';
import type { Room } from '../model/types';
import { attempt } from '../state/announce';
import { api } from '../state/api';
import { type AuditEntry, type Flag, flags, memberTurn, moderation, resolveFlag } from '../state/moderation';
import { prefs } from '../state/prefs';
import { clockSkew, now, rooms, title, userOf, wonder } from '../state/store';
import { askDelete } from './message';
import { Pane } from './pane';
import { MessageCard } from './pins_pane';
import { Empty, Name, Problem, Time, useLoad } from './ui';

const PAGES_MAX = 10;

export function Reports({ list, named = false }: { list: readonly Flag[]; /** Of several rooms. */ named?: boolean }) {
  return (
    <ul class="cards">
      {list.map((flag) => {
        wonder(flag.user_id, api.usersById);
        wonder(flag.message.user_id, api.usersById);
        const room = rooms.value.get(flag.room_id);
        const gone = flag.message.deleted_at !== null;
        return (
          <li key={flag.id} class="report">
            <ul>
              <MessageCard message={gone ? { ...flag.message, text: '_This message was deleted._' } : flag.message} where={named && room ? title(room) : undefined} />
            </ul>
            <p>
              <Name id={flag.user_id} />: <bdi>{flag.reason || 'no reason given'}</bdi>
              <small>
                <Time at={flag.created_at} form="ago" />
              </small>
            </p>
            <div class="row">
              <button type="button" class="quiet small" onClick={() => void attempt(resolveFlag(flag), 'Resolved.')}>
                Resolve<span class="unseen">: report of {userOf(flag.user_id).name}</span>
              </button>
              {!gone && (
                <button type="button" class="quiet small danger-text" onClick={() => askDelete(flag.message)}>
                  Delete the message…
                </button>
              )}
            </div>
          </li>
        );
      })}
    </ul>
  );
}

export function Banned({ room }: { room: Room }) {
  const { data, error, again } = useLoad(() => moderation.bans(room.id), [room.id, memberTurn.value]);
  const lift = async (user: string) => {
    if (await attempt(moderation.unban(room.id, user), `${userOf(user).name} may come back.`)) again();
  };
  // Those that have ended stay in the list until somebody takes them out.
  const list = data?.bans.filter(({ until }) => isForEver(until) || (until as number) > now.value + clockSkew.value) ?? [];
  if (!error && list.length === 0) return null;
  return (
    <section class="pane-part" aria-label="Banned">
      <h2>Banned</h2>
      <Problem error={error} />
      <ul class="banned">
        {list.map((ban) => {
          wonder(ban.user_id, api.usersById);
          wonder(ban.banned_by, api.usersById);
          return (
            <li key={ban.user_id}>
              <div>
                <Name id={ban.user_id} />
                <small>
                  by <Name id={ban.banned_by} />, {isForEver(ban.until) ? 'for good' : untilWords(ban.until, now.value, prefs.value.clock)}
                  {ban.reason && <bdi>: {ban.reason}</bdi>}
                </small>
              </div>
              <button type="button" class="quiet small" onClick={() => void lift(ban.user_id)}>
                Unban<span class="unseen"> {userOf(ban.user_id).name}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const DONE: Record<string, string> = {
  'member.muted': 'muted', 'member.unmuted': 'unmuted', 'member.banned': 'banned', 'member.unbanned': 'lifted the ban of', 'member.removed': 'removed',
  'member.role': 'changed the role of', 'message.deleted': 'deleted a message', 'flag.resolved': 'resolved a report', 'room.archived': 'archived the room',
  'room.unarchived': 'opened the room again', 'room.deleted': 'deleted the room',
};

function more({ detail }: AuditEntry): string {
  const { until, reason, role } = detail;
  const parts = [
    typeof until === 'number' && (isForEver(until) ? 'for good' : untilWords(until, now.value, prefs.value.clock)),
    typeof role === 'string' && role, typeof reason === 'string' && reason,
  ];
  return parts.filter(Boolean).join(', ');
}

function Audit({ room }: { room: Room }) {
  const [list, setList] = useState<AuditEntry[]>();
  const [cursor, setCursor] = useState<string>();
  const [error, setError] = useState<Error>();
  const load = async (from: string | undefined, before: AuditEntry[]) => {
    try {
      const answer = await moderation.audit(room.id, from);
      setList([...before, ...answer.entries]);
      setCursor(answer.cursor || undefined);
      setError(undefined);
    } catch (failed) {
      setError(failed as Error);
    }
  };
  useEffect(() => void load(undefined, []), [room.id, memberTurn.value, flags.value.length]);
  return (
    <section class="pane-part" aria-label="Audit">
      <h2>What was done</h2>
      <Problem error={error} />
      {list?.length === 0 && <p class="soft">Nothing yet. It is kept for a year.</p>}
      <ul class="audit">
        {list?.map((entry) => {
          const ofMember = entry.action.startsWith('member.');
          wonder(entry.actor, api.usersById);
          if (ofMember) wonder(entry.target, api.usersById);
          const words = more(entry);
          return (
            <li key={entry.id}>
              <b>
                <Name id={entry.actor} />
              </b>{' '}
              {DONE[entry.action] ?? entry.action} {ofMember && <Name id={entry.target} />}
              {words && <bdi>: {words}</bdi>}
              <small>
                <Time at={entry.at} form="ago" />
              </small>
            </li>
          );
        })}
      </ul>
      {cursor && (
        <button type="button" class="quiet" onClick={() => void load(cursor, list ?? [])}>
          More
        </button>
      )}
    </section>
  );
}

async function reportsOf(room: string): Promise<Flag[]> {
  const list: Flag[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await moderation.flags(room, cursor);
    list.push(...answer.flags);
    cursor = answer.cursor ?? undefined;
    if (!cursor) break;
  }
  return list;
}

export function ModerationPane({ room, close }: { room: Room; close: () => void }) {
  // Events bring those that come and go while the page is open; admins who are not in the room hear of none.
  const { data, error } = useLoad(() => reportsOf(room.id), [room.id, flags.value]);
  return (
    <Pane title="Moderation" sub={title(room)} close={close}>
      <div class="pane-scroll">
        <section class="pane-part" aria-label="Reports">
          <h2>Reports {(data?.length ?? 0) > 0 && <span class="badge">{data?.length}</span>}</h2>
          <Problem error={error} />
          {data?.length === 0 && <Empty icon="flag" title="No open reports." />}
          <Reports list={data ?? []} />
        </section>
        <Banned room={room} />
        <Audit room={room} />
      </div>
    </Pane>
  );
}
