// Tells that somebody wrote: the number in the title, a sound, and a notification of the browser, each only if it is wanted.
import { effect } from '@preact/signals';
import { plainOf } from '../model/plain';
import type { LastMessage, Room } from '../model/types';
import { current } from './open_rooms';
import { prefs } from './prefs';
import { watched } from './reading';
import { go, roomHref } from './router';
import { shelf } from './storage';
import { isDirect, me, presence, title, unreadTotals, userOf } from './store';

const shown = new Map<string, Notification>();
const SHOWN_MAX = 20;
let audio: AudioContext | undefined;
const SOUNDED = 'tidemill-chat:sounded';
const SOUND_REST_MS = 2000;

function calls(room: Room, mention: boolean): boolean {
  const level = room.membership?.notify ?? 'mentions';
  if (level === 'none') return false;
  return mention || isDirect(room) || level === 'all';
}

export function notifyOf(room: Room, last: LastMessage, mention: boolean): void {
  if (last.user_id === me.value.id || !room.membership || !calls(room, mention)) return;
  if (presence.value.get(me.value.id) === 'dnd') return;
  const seen = watched() && current.value?.id === room.id;
  if (seen) return;
  if (prefs.value.sound) void sound();
  if (prefs.value.desktop && !watched()) desktop(room, last);
}

function desktop(room: Room, last: LastMessage): void {
  if (!('Notification' in window) || Notification.permission !== 'granted') return;
  const name = userOf(last.user_id).name;
  const heading = isDirect(room) && room.type === 'direct' ? name : `${name} in ${title(room)}`;
  // Tabs with the same tag replace each other's notification instead of adding one.
  const notification = new Notification(heading, { body: plainOf(last.text), tag: `tidemill-${room.id}`, silent: true });
  notification.onclick = () => {
    window.focus();
    go(roomHref(room.id, last.seq));
    notification.close();
  };
  shown.get(room.id)?.close();
  shown.delete(room.id);
  shown.set(room.id, notification);
  if (shown.size > SHOWN_MAX) {
    const [oldest] = shown.keys();
    shown.delete(oldest as string);
  }
}

export function forget(roomId: string): void {
  shown.get(roomId)?.close();
  shown.delete(roomId);
}

/** Two soft tones; made here, so that nothing is loaded. One tab sounds, and not more than once in two seconds. */
export async function sound(): Promise<void> {
  if (Math.abs(Date.now() - Number(shelf.get(SOUNDED))) < SOUND_REST_MS) return;
  shelf.set(SOUNDED, String(Date.now()));
  try {
    audio ??= new AudioContext();
    if (audio.state === 'suspended') await audio.resume();
    const begin = audio.currentTime;
    for (const [tone, delay] of [[660, 0], [880, 0.11]] as const) {
      const voice = audio.createOscillator();
      const volume = audio.createGain();
      voice.frequency.value = tone;
      volume.gain.setValueAtTime(0, begin + delay);
      volume.gain.linearRampToValueAtTime(0.08, begin + delay + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.0001, begin + delay + 0.3);
      voice.connect(volume).connect(audio.destination);
      voice.start(begin + delay);
      voice.stop(begin + delay + 0.32);
    }
  } catch {
    // The browser lets nothing sound before somebody has pressed something.
  }
}

/** Only called from a click: browsers refuse it otherwise, and people rightly so. */
export async function askPermission(): Promise<boolean> {
  if (!('Notification' in window)) return false;
  return (await Notification.requestPermission()) === 'granted';
}

/** The title of the page says how many messages call. */
export function showTotals(titleOfPage: () => string): void {
  effect(() => {
    const { count, unread } = unreadTotals.value;
    const page = titleOfPage();
    document.title = `${count > 0 ? `(${count > 99 ? '99+' : count}) ` : unread ? '• ' : ''}${page}`;
  });
}
