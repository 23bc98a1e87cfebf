// To be reminded of a message, and to send one at a time of one's own.
import { useState } from 'preact/hooks';
import { momentOf, REMIND_PRESETS, SEND_PRESETS } from '../model/moments';
import type { Message } from '../model/types';
import { say } from '../state/announce';
import { keepScheduled, later, type Scheduled } from '../state/later';
import { prefs } from '../state/prefs';
import { now } from '../state/store';
import { openDialog } from './dialog';
import { Field, fieldError, Problem, useSubmit } from './ui';
import { firstOf, momentOfWhen, PICK, pickedAt, WhenFields } from './when';

export const momentWords = (at: number): string => momentOf(at, now.value, prefs.value.clock);

export function askRemind(message: Message): void {
  openDialog('Remind me of this message', (close) => <Remind message={message} close={close} />);
}

function Remind({ message, close }: { message: Message; close: () => void }) {
  const [when, setWhen] = useState(() => firstOf(REMIND_PRESETS));
  const [note, setNote] = useState('');
  const { submit, error, busy } = useSubmit(async () => {
    const at = momentOfWhen(when, REMIND_PRESETS);
    await later.remind(message.id, { at, note: note.trim() || undefined });
    close();
    say(`You will be reminded ${momentWords(at)}.`);
  });
  return (
    <form onSubmit={submit}>
      <WhenFields when={when} set={setWhen} presets={REMIND_PRESETS} />
      <Field label="Note for yourself" value={note} onInput={setNote} maxLength={250} />
      <Problem error={error} />
      <Actions close={close} action="Remind me" disabled={busy || Number.isNaN(momentOfWhen(when, REMIND_PRESETS))} />
    </form>
  );
}

export function Actions({ close, action, disabled, danger = false }: { close: () => void; action: string; disabled: boolean; danger?: boolean }) {
  return (
    <div class="actions">
      <button type="button" class="quiet" onClick={close}>
        Cancel
      </button>
      <button type="submit" class={danger ? 'danger' : 'primary'} disabled={disabled}>
        {action}
      </button>
    </div>
  );
}

export interface LaterDraft {
  roomId: string;
  threadId: string | null;
  text: string;
}

/** Throws what the server refuses. */
export async function schedule({ roomId, threadId, text }: LaterDraft, at: number): Promise<void> {
  const answer = await later.schedule(roomId, { text, at, thread_id: threadId ?? undefined });
  keepScheduled(answer.scheduled);
  say(`It is sent ${momentWords(at)}.`);
}

export function askSchedule(draft: LaterDraft, done: () => void): void {
  openDialog('Send later', (close) => <Schedule draft={draft} close={close} done={done} />);
}

function Schedule({ draft, close, done }: { draft: LaterDraft; close: () => void; done: () => void }) {
  const [when, setWhen] = useState(() => ({ ...firstOf(SEND_PRESETS), preset: PICK }));
  const { submit, error, busy } = useSubmit(async () => {
    await schedule(draft, momentOfWhen(when, SEND_PRESETS));
    close();
    done();
  });
  return (
    <form onSubmit={submit}>
      <WhenFields when={when} set={setWhen} presets={SEND_PRESETS} />
      <Problem error={error} />
      <Actions close={close} action="Schedule" disabled={busy || Number.isNaN(momentOfWhen(when, SEND_PRESETS))} />
    </form>
  );
}

export function editScheduled(one: Scheduled): void {
  openDialog('Scheduled message', (close) => <EditScheduled one={one} close={close} />);
}

function EditScheduled({ one, close }: { one: Scheduled; close: () => void }) {
  const [text, setText] = useState(one.text);
  const [when, setWhen] = useState(() => (one.problem === null ? pickedAt(one.at) : firstOf(SEND_PRESETS)));
  const presets = one.problem === null ? [] : SEND_PRESETS;
  const { submit, error, busy } = useSubmit(async () => {
    const at = momentOfWhen(when, presets);
    // A field for minutes has no seconds: what was not touched stays as it is.
    const sameTime = one.problem === null && when.field === pickedAt(one.at).field;
    const answer = await later.change(one.id, { text: text.trim() === one.text ? undefined : text.trim(), at: sameTime ? undefined : at });
    keepScheduled(answer.scheduled);
    close();
    say(`It is sent ${momentWords(answer.scheduled.at)}.`);
  });
  return (
    <form onSubmit={submit}>
      <Field label="Message" value={text} onInput={setText} rows={5} required autofocus error={fieldError(error, 'text')} />
      <WhenFields when={when} set={setWhen} presets={presets} />
      {!fieldError(error, 'text') && <Problem error={error} />}
      <Actions close={close} action="Save" disabled={busy || text.trim() === '' || Number.isNaN(momentOfWhen(when, presets))} />
    </form>
  );
}
