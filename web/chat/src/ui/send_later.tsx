// Beside the button that sends: to send later, and what waits in this room.
import { SEND_PRESETS } from '../model/moments';
import { attempt, say } from '../state/announce';
import { laterHref, scheduled } from '../state/later';
import { go } from '../state/router';
import { Icon } from './icons';
import { askSchedule, type LaterDraft, momentWords, schedule } from './later_dialogs';
import { MenuButton, type MenuItem } from './popover';

export function SendLater({ draft, why, done }: { draft: LaterDraft; /** Why it cannot be. */ why?: string; done: () => void }) {
  const ready = (run: () => void) => () => {
    if (draft.text.trim() === '') say('Write the message first.', true);
    else if (why) say(why, true);
    else run();
  };
  const sendAt = (at: (now: number) => number) => async () => {
    if (await attempt(schedule(draft, at(Date.now())).then(() => true))) done();
  };
  const items = (): MenuItem[] => [
    ...SEND_PRESETS.map(({ label, at }): MenuItem => ({ label, icon: 'clock', run: ready(() => void sendAt(at)()) })),
    { label: 'At a time of my own…', icon: 'clock', run: ready(() => askSchedule(draft, done)) },
    { label: 'Scheduled messages', icon: 'list', apart: true, run: () => go(laterHref(draft.roomId)) },
  ];
  return (
    <MenuButton label="Send later" class="icon-button send-later" items={items}>
      <Icon name="chevron" />
    </MenuButton>
  );
}

/** What is scheduled here, above the box that one writes in. */
export function ScheduledHere({ roomId, threadId }: { roomId: string; threadId: string | null }) {
  const here = scheduled.value.filter((one) => one.room_id === roomId && one.thread_id === threadId);
  if (here.length === 0) return null;
  const failed = here.filter(({ problem }) => problem !== null).length;
  const next = here.find(({ problem }) => problem === null);
  const text = failed > 0 ? `${failed} scheduled ${failed === 1 ? 'message was' : 'messages were'} not sent` : here.length === 1 ? 'A message is scheduled' : `${here.length} messages are scheduled`;
  return (
    <p class={`scheduled-here ${failed > 0 ? 'bad' : ''}`}>
      <Icon name="clock" /> {text}
      {failed === 0 && next && `, ${here.length > 1 ? 'the next ' : ''}${momentWords(next.at)}`}. <a href={laterHref(roomId)}>Show</a>
    </p>
  );
}
