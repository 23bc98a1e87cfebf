// Tells that one writes: at most once in the interval that the server gives.
import { api } from './api';
import { limits, link, rooms } from './store';

let toldAt = 0;
let toldOf = '';

export function tellTyping(roomId: string, threadId: string | null): void {
  const where = `${roomId} ${threadId ?? ''}`;
  const interval = Math.max(1000, limits.value.typing_interval_ms);
  if (link.value !== 'online' || rooms.value.get(roomId)?.settings?.typing === false) return;
  if (where === toldOf && Date.now() - toldAt < interval) return;
  toldOf = where;
  toldAt = Date.now();
  api.typing(roomId, threadId ?? undefined).catch(() => {});
}

/** Sent: the next word is told of anew. */
export function stopTyping(): void {
  toldAt = 0;
}
