// Slash commands. Some are the server's, and are sent as they are; the others this page does itself.
import { attempt, say } from '../state/announce';
import { api } from '../state/api';
import { go, roomHref } from '../state/router';
import { me, presence, putRoom, userByName } from '../state/store';
import type { Presence } from '../model/types';
import { setStatus, showKeys } from './dialogs';

export const COMMANDS: { name: string; args: string; what: string }[] = [
  { name: 'me', args: 'does something', what: 'say what you do' },
  { name: 'topic', args: 'text', what: 'set the topic of the room' },
  { name: 'invite', args: '@somebody', what: 'add somebody to the room' },
  { name: 'leave', args: '', what: 'leave the room' },
  { name: 'shrug', args: 'text', what: '¯\\_(ツ)_/¯' },
  { name: 'msg', args: '@somebody text', what: 'write to somebody directly' },
  { name: 'status', args: 'emoji text', what: 'set your status; empty: remove it' },
  { name: 'away', args: '', what: 'be shown as away' },
  { name: 'online', args: '', what: 'be shown as online' },
  { name: 'dnd', args: '', what: 'do not disturb' },
  { name: 'search', args: 'words', what: 'search messages' },
  { name: 'keys', args: '', what: 'show the keyboard' },
];

async function message(rest: string): Promise<void> {
  const [, name = '', text = ''] = /^@?(\S+)\s*([\s\S]*)$/.exec(rest) ?? [];
  const user = userByName.value.get(name.toLowerCase()) ?? (await attempt(api.users(name, 5)))?.users.find(({ username }) => username === name);
  if (!user) return say(name ? `Nobody is called @${name}.` : 'To whom? /msg @somebody text', true);
  const answer = await attempt(api.openDirect([user.id]));
  if (!answer) return;
  putRoom(answer.room);
  go(roomHref(answer.room.id));
  if (text.trim()) await attempt(api.send(answer.room.id, { text: text.trim(), client_msg_id: `cmd-${Date.now()}-${Math.random().toString(36).slice(2)}` }));
}

async function status(rest: string): Promise<void> {
  const [, emoji = '', text = ''] = /^(\p{Extended_Pictographic}\S*)?\s*([\s\S]*)$/u.exec(rest) ?? [];
  await attempt(setStatus(emoji || text ? { emoji: emoji || '💬', text: text.trim(), until: null } : null), 'Done.');
}

async function be(state: Presence): Promise<void> {
  if (await attempt(api.setPresence(state), 'Done.')) presence.value = new Map(presence.value).set(me.value.id, state);
}

/** Whether the text was a command of this page, which is done then. */
export function runCommand(text: string): boolean {
  const [, name = '', rest = ''] = /^\/([a-z]+)(?:\s+([\s\S]*))?$/.exec(text.trim()) ?? [];
  switch (name) {
    case 'msg':
      void message(rest);
      return true;
    case 'status':
      void status(rest);
      return true;
    case 'away':
    case 'online':
    case 'dnd':
      void be(name);
      return true;
    case 'search':
      go(`#/search?q=${encodeURIComponent(rest)}`);
      return true;
    case 'keys':
      showKeys();
      return true;
    default:
      return false;
  }
}
