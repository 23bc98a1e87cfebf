// What is written and not sent: at once on this device, a moment later on the server, for one's other devices.
import { signal } from '@preact/signals';
import { withMembership } from '../model/rooms';
import { api } from './api';
import { me, rooms } from './store';
import { shelf } from './storage';

const QUIET_MS = 1500;
const timers = new Map<string, ReturnType<typeof setTimeout>>();
/** Counts changes from other devices, by room. */
export const draftTurn = signal(0);

const keyOf = (roomId: string, threadId: string | null) => `tidemill-chat:draft:${me.value.id}:${roomId}${threadId ? `:${threadId}` : ''}`;

export function draftOf(roomId: string, threadId: string | null): string {
  const local = shelf.get(keyOf(roomId, threadId));
  if (local !== null) return local;
  return threadId ? '' : (rooms.value.get(roomId)?.membership?.draft ?? '');
}

/** Drafts of threads stay on this device: the server keeps one for each room. */
export function keepDraft(roomId: string, threadId: string | null, text: string): void {
  const key = keyOf(roomId, threadId);
  if (text) shelf.set(key, text);
  else shelf.remove(key);
  if (threadId || !rooms.value.get(roomId)?.membership) return;
  clearTimeout(timers.get(roomId));
  timers.set(roomId, setTimeout(() => void tell(roomId, text), QUIET_MS));
}

async function tell(roomId: string, text: string): Promise<void> {
  timers.delete(roomId);
  if ((rooms.value.get(roomId)?.membership?.draft ?? '') === text) return;
  rooms.value = withMembership(rooms.value, roomId, { draft: text });
  try {
    await api.draft(roomId, text);
  } catch {
    // It is on this device.
  }
}

/** Another device wrote: what stands here is older, unless somebody writes here right now. */
export function onDraft(roomId: string): void {
  if (timers.has(roomId)) return;
  shelf.remove(keyOf(roomId, null));
  draftTurn.value++;
}
