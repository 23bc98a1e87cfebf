// Whether a thread that one follows has something new.
import { signal } from '@preact/signals';
import type { Event } from '../model/types';
import { api } from './api';
import { current } from './open_rooms';
import { me } from './store';

export const threadsUnread = signal(false);

export function onThread({ data }: Event): void {
  const [latest] = data.reply_user_ids as string[];
  const shown = current.value?.thread.value?.root.id === data.message_id && document.hasFocus();
  if (latest !== me.value.id && !shown) threadsUnread.value = true;
}

export function lookForThreads(): void {
  api.threads(true).then(({ threads }) => {
    threadsUnread.value = threads.length > 0;
  }, () => {});
}
