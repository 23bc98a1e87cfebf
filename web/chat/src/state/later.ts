// Messages that are sent later, and reminders: one's own, as the personal channel keeps them.
import { computed, signal } from '@preact/signals';
import { plainOf } from '../model/plain';
import type { Event, Message } from '../model/types';
import { say } from './announce';
import { chat, id } from './api';
import { sound } from './notify';
import { prefs } from './prefs';
import { me, presence, rooms, title } from './store';

export interface Scheduled {
  id: string;
  room_id: string;
  thread_id: string | null;
  text: string;
  at: number;
  created_at: number;
  /** Why it was not sent. */
  problem: string | null;
}

export interface Reminder {
  id: string;
  room_id: string;
  message_id: string;
  note: string;
  at: number;
  created_at: number;
  told_at: number | null;
  /** null: one does not see it any more. */
  message: Message | null;
}

export const later = {
  scheduled: () => chat<{ scheduled: Scheduled[] }>('GET', 'scheduled'),
  schedule: (roomId: string, body: { text: string; at: number; thread_id?: string }) => chat<{ scheduled: Scheduled }>('POST', `rooms/${id(roomId)}/scheduled`, body),
  change: (of: string, body: { text?: string; at?: number }) => chat<{ scheduled: Scheduled }>('PATCH', `scheduled/${id(of)}`, body),
  cancel: (of: string) => chat('DELETE', `scheduled/${id(of)}`),
  sendNow: (of: string) => chat<{ message: Message }>('POST', `scheduled/${id(of)}/send`),
  reminders: () => chat<{ reminders: Reminder[] }>('GET', 'reminders'),
  remind: (message: string, body: { at: number; note?: string }) => chat<{ reminder: Reminder }>('POST', `messages/${id(message)}/reminders`, body),
  forget: (of: string) => chat('DELETE', `reminders/${id(of)}`),
};

export const laterHref = (roomId?: string): string => (roomId ? `#/later?room=${encodeURIComponent(roomId)}` : '#/later');

export const scheduled = signal<readonly Scheduled[]>([]);
export const reminders = signal<readonly Reminder[]>([]);
/** Something was refused, or is due: somebody should look. */
export const laterCalls = computed(() => scheduled.value.some(({ problem }) => problem !== null) || reminders.value.some(({ told_at }) => told_at !== null));

const merged = <T extends { id: string; at: number }>(list: readonly T[], one: T): T[] =>
  [...list.filter((each) => each.id !== one.id), one].sort((a, b) => a.at - b.at);
const without = <T extends { id: string }>(list: readonly T[], of: unknown): T[] => list.filter((each) => each.id !== of);

export function loadLater(): void {
  later.scheduled().then((answer) => {
    scheduled.value = answer.scheduled;
  }, () => {});
  later.reminders().then((answer) => {
    reminders.value = answer.reminders;
  }, () => {});
}

export const keepScheduled = (one: Scheduled): void => {
  scheduled.value = merged(scheduled.value, one);
};
export const dropScheduled = (of: string): void => {
  scheduled.value = without(scheduled.value, of);
};
export const dropReminder = (of: string): void => {
  reminders.value = without(reminders.value, of);
};

function tellDue(reminder: Reminder): void {
  const room = rooms.value.get(reminder.room_id);
  const what = reminder.note || (reminder.message && plainOf(reminder.message.text, 120)) || 'a message';
  const text = `Reminder: ${what}${room ? ` (${title(room)})` : ''}`;
  say(text);
  if (presence.value.get(me.value.id) === 'dnd') return;
  if (prefs.value.sound) void sound();
  const may = 'Notification' in window && Notification.permission === 'granted';
  if (may && prefs.value.desktop && document.hidden) new Notification('Reminder', { body: what, tag: `tidemill-reminder-${reminder.id}`, silent: true });
}

/** Of the personal channel. */
export function onLater({ type, data }: Event): void {
  if (type === 'scheduled.updated' || type === 'scheduled.failed') {
    const one = data.scheduled as Scheduled;
    keepScheduled(one);
    if (type === 'scheduled.failed') say(`A scheduled message was not sent: ${one.problem}`, true);
  }
  if (type === 'scheduled.sent' || type === 'scheduled.removed') dropScheduled(data.scheduled_id as string);
  if (type === 'reminder.created' || type === 'reminder.due') {
    const one = data.reminder as Reminder;
    reminders.value = merged(reminders.value, one);
    if (type === 'reminder.due') tellDue(one);
  }
  if (type === 'reminder.removed') dropReminder(data.reminder_id as string);
}
