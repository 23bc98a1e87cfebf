// What one reports, and what moderators do with people.
import { useState } from 'preact/hooks';
import { DAY_MS, HOUR_MS } from '../model/moments';
import type { Message, Room } from '../model/types';
import { say } from '../state/announce';
import { memberTurn, moderation } from '../state/moderation';
import { clockSkew, title, userOf } from '../state/store';
import { openDialog } from './dialog';
import { Actions } from './later_dialogs';
import { Field, Problem, Select, useSubmit } from './ui';

const LENGTHS = [['hour', '1 hour'], ['day', '1 day'], ['week', 'A week'], ['ever', 'For good']] as const;
type Length = (typeof LENGTHS)[number][0];
const MS: Record<Length, number | undefined> = { hour: HOUR_MS, day: DAY_MS, week: 7 * DAY_MS, ever: undefined };

function untilOf(length: Length): number | undefined {
  const ms = MS[length];
  return ms === undefined ? undefined : Date.now() + clockSkew.value + ms;
}

/** The server takes reasons by their bytes. */
const REASON_MAX = 250;

export function askReport(message: Message): void {
  openDialog('Report this message', (close) => <Report message={message} close={close} />);
}

function Report({ message, close }: { message: Message; close: () => void }) {
  const [reason, setReason] = useState('');
  const { submit, error, busy } = useSubmit(async () => {
    await moderation.report(message.id, reason.trim());
    close();
    say('Reported to the moderators of the room.');
  });
  return (
    <form onSubmit={submit}>
      <Field label="Reason" value={reason} onInput={setReason} rows={3} maxLength={REASON_MAX} required autofocus hint="Only the moderators of the room read it." />
      <Problem error={error} />
      <Actions close={close} action="Report" disabled={busy || reason.trim() === ''} />
    </form>
  );
}

export function askMute(room: Room, user: string): void {
  openDialog(`Mute ${userOf(user).name}`, (close) => <Mute room={room} user={user} close={close} />);
}

function Mute({ room, user, close }: { room: Room; user: string; close: () => void }) {
  const [length, setLength] = useState<Length>('hour');
  const { submit, error, busy } = useSubmit(async () => {
    await moderation.mute(room.id, user, untilOf(length));
    memberTurn.value++;
    close();
    say(`${userOf(user).name} is muted.`);
  });
  return (
    <form onSubmit={submit}>
      <p>
        <bdi>{userOf(user).name}</bdi> goes on reading <bdi>{title(room)}</bdi>, and cannot write there.
      </p>
      <Select label="How long" value={length} options={LENGTHS} onChange={setLength} />
      <Problem error={error} />
      <Actions close={close} action="Mute" disabled={busy} danger />
    </form>
  );
}

export function askBan(room: Room, user: string): void {
  openDialog(`Ban ${userOf(user).name} from the room`, (close) => <Banning room={room} user={user} close={close} />);
}

function Banning({ room, user, close }: { room: Room; user: string; close: () => void }) {
  const [length, setLength] = useState<Length>('ever');
  const [reason, setReason] = useState('');
  const { submit, error, busy } = useSubmit(async () => {
    await moderation.ban(room.id, user, { until: untilOf(length), reason: reason.trim() || undefined });
    memberTurn.value++;
    close();
    say(`${userOf(user).name} is banned from the room.`);
  });
  return (
    <form onSubmit={submit}>
      <p>
        <bdi>{userOf(user).name}</bdi> is removed from <bdi>{title(room)}</bdi>, and can neither read it nor come back.
      </p>
      <Select label="How long" value={length} options={LENGTHS} onChange={setLength} />
      <Field label="Reason" value={reason} onInput={setReason} maxLength={REASON_MAX} hint="They are told it." />
      <Problem error={error} />
      <Actions close={close} action="Ban" disabled={busy} danger />
    </form>
  );
}
