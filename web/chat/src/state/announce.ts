// What a screen reader is told of new messages, apart from the list, which is silent while one reads back in it.
import { signal } from '@preact/signals';
import { plainOf } from '../model/plain';
import type { Message } from '../model/types';
import { userOf } from './store';

const KEPT = 20;

export const announced = signal<readonly { key: string; text: string }[]>([]);

export function announce(message: Message): void {
  if (message.type !== 'text') return;
  const where = message.thread_id ? ' in a thread' : '';
  const files = message.attachments.length > 0 ? ` (with ${message.attachments.map(({ name }) => name).join(', ')})` : '';
  announced.value = [...announced.value.slice(1 - KEPT), { key: message.id, text: `${userOf(message.user_id).name}${where}: ${plainOf(message.text)}${files}` }];
}

/** What an action has come to, for everybody to see. */
export const said = signal<{ text: string; bad: boolean }>({ text: '', bad: false });
let timer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string, bad = false): void {
  said.value = { text, bad };
  clearTimeout(timer);
  timer = setTimeout(() => {
    said.value = { text: '', bad: false };
  }, bad ? 8000 : 4000);
}

/** Does it, and says why it could not. */
export async function attempt<T>(work: Promise<T>, done?: string): Promise<T | undefined> {
  try {
    const result = await work;
    if (done) say(done);
    return result;
  } catch (error) {
    say((error as Error).message, true);
    return undefined;
  }
}
