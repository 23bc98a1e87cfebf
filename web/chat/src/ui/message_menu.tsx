// What the menu of a message has for everybody, and for moderators.
import type { Message, Room } from '../model/types';
import { mayModerate } from '../state/moderation';
import { isDirect, me } from '../state/store';
import type { MenuItem } from './popover';
import { askRemind } from './later_dialogs';
import { askBan, askMute, askReport } from './moderation_dialogs';

export function laterAndReport(message: Message, room: Room): MenuItem[] {
  const items: MenuItem[] = [{ label: 'Remind me…', icon: 'clock', run: () => askRemind(message) }];
  const reports = room.membership && !isDirect(room) && message.user_id !== me.value.id && message.type === 'text';
  if (reports) items.push({ label: 'Report…', icon: 'flag', run: () => askReport(message) });
  return items;
}

export function ofModerators(message: Message, room: Room): MenuItem[] {
  if (message.type !== 'text' || !mayModerate(room, message.user_id)) return [];
  return [
    { label: 'Mute author…', icon: 'mute', apart: true, run: () => askMute(room, message.user_id) },
    { label: 'Ban from the room…', icon: 'ban', danger: true, run: () => askBan(room, message.user_id) },
  ];
}
