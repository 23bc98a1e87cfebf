// Mutes, bans, reports and the audit of rooms: the calls, what is open, and what holds for oneself.
import { effect, signal } from '@preact/signals';
import { isForEver } from '../model/moments';
import type { Event, Member, Message, Room } from '../model/types';
import { ApiError, chat, id } from './api';
import { clockSkew, me, moderates, now, rooms } from './store';

export interface Flag {
  id: string;
  room_id: string;
  message_id: string;
  user_id: string;
  reason: string;
  created_at: number;
  message: Message;
}

export interface Ban {
  user_id: string;
  until: number | null;
  reason: string;
  banned_by: string;
  created_at: number;
}

export interface AuditEntry {
  id: string;
  at: number;
  actor: string;
  action: string;
  target: string;
  detail: Record<string, unknown>;
}

const room = (of: string) => `rooms/${id(of)}`;

export const moderation = {
  mute: (of: string, user: string, until?: number) => chat<{ member: Member }>('PUT', `${room(of)}/members/${id(user)}/mute`, { until }),
  unmute: (of: string, user: string) => chat('DELETE', `${room(of)}/members/${id(user)}/mute`),
  bans: (of: string, cursor?: string) => chat<{ bans: Ban[]; cursor?: string | null }>('GET', `${room(of)}/bans`, undefined, { cursor, limit: 100 }),
  ban: (of: string, user: string, body: { until?: number; reason?: string }) => chat('PUT', `${room(of)}/bans/${id(user)}`, body),
  unban: (of: string, user: string) => chat('DELETE', `${room(of)}/bans/${id(user)}`),
  report: (message: string, reason: string) => chat('POST', `messages/${id(message)}/flags`, { reason }),
  flags: (of?: string, cursor?: string) => chat<{ flags: Flag[]; cursor?: string | null }>('GET', 'flags', undefined, { room_id: of, cursor, limit: 100 }),
  resolve: (flag: string) => chat('POST', `flags/${id(flag)}/resolve`),
  audit: (of: string, cursor?: string) =>
    chat<{ entries: AuditEntry[]; cursor?: string | null }>('GET', 'audit', undefined, { room_id: of, cursor, limit: 50 }),
};

/** Open reports of the rooms that one moderates, the newest first. */
export const flags = signal<readonly Flag[]>([]);
/** Counts what has changed of members and bans, so that lists of them are asked for again. */
export const memberTurn = signal(0);
/** Rooms that one was banned from while the page was open. */
export const bans = signal<ReadonlyMap<string, { until: number | null; reason: string }>>(new Map());

export function loadFlags(): void {
  moderation.flags().then((answer) => {
    flags.value = answer.flags;
  }, () => {});
}

export async function resolveFlag(flag: Flag): Promise<void> {
  try {
    await moderation.resolve(flag.id);
  } catch (error) {
    // Another moderator was faster.
    if (!(error instanceof ApiError && error.status === 404)) throw error;
  }
  flags.value = flags.value.filter((each) => each.id !== flag.id);
}

export function liftLocally(roomId: string): void {
  const rest = new Map(bans.value);
  if (rest.delete(roomId)) bans.value = rest;
}

/** A room that one comes to may be one that one was banned from before. */
export function onRefused(roomId: string, error: Error): void {
  if (!(error instanceof ApiError) || error.code !== 'banned') return;
  const until = error.retryAfterMs > 0 ? Date.now() + clockSkew.value + error.retryAfterMs : null;
  bans.value = new Map(bans.value).set(roomId, { until, reason: bans.value.get(roomId)?.reason ?? '' });
}

/** Of the personal channel. */
export function onModeration({ type, room_id, data }: Event): void {
  const roomId = room_id || (data.room_id as string);
  if (type === 'flag.added') {
    const flag = data.flag as Flag;
    flags.value = [flag, ...flags.value.filter(({ id: other }) => other !== flag.id)];
  }
  if (type === 'flag.resolved') flags.value = flags.value.filter((each) => each.id !== data.flag_id);
  if (type === 'member.removed' && data.ban) bans.value = new Map(bans.value).set(roomId, data.ban as { until: number | null; reason: string });
  if (type === 'member.added') liftLocally(roomId);
}

export const mutedUntil = (of: Room): number | undefined => {
  const until = of.membership?.muted_until ?? 0;
  return until > now.value + clockSkew.value ? until : undefined;
};

/** Whether one may mute and ban somebody there; the server knows who stands too high. */
export const mayModerate = (of: Room, user: string): boolean =>
  of.type !== 'direct' && of.type !== 'group' && moderates(of) && user !== me.value.id;

const TIMER_MS_MAX = 2_000_000_000;
let timer: ReturnType<typeof setTimeout> | undefined;

// A mute or a ban ends on the page at its time, not at the next tick of what is shown relative to now.
effect(() => {
  clearTimeout(timer);
  const at = now.value + clockSkew.value;
  const ends = [...[...rooms.value.values()].map(({ membership }) => membership?.muted_until), ...[...bans.value.values()].map(({ until }) => until)];
  const next = Math.min(...ends.filter((end): end is number => !isForEver(end) && (end as number) > at));
  if (next === Number.POSITIVE_INFINITY) return;
  timer = setTimeout(() => {
    now.value = Date.now();
  }, Math.min(TIMER_MS_MAX, next - clockSkew.peek() - Date.now() + 50));
});
