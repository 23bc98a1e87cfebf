// A message that is edited in its place.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Message, Room } from '../model/types';
import { say } from '../state/announce';
import { editing, saveEdit } from '../state/message_actions';
import { limits } from '../state/store';
import { askDelete } from './message';
import { TextBox, type TextBoxHandle } from './text_box';

export function EditBox({ message, room }: { message: Message; room: Room }) {
  const [text, setText] = useState(message.text);
  const [busy, setBusy] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const field = useRef<TextBoxHandle>(null);
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), []);
  const end = () => {
    // Back to the message, or to where one writes.
    const row = box.current?.closest<HTMLElement>('li');
    editing.value = undefined;
    (row?.closest('.pane, .room')?.querySelector<HTMLElement>('.composer textarea') ?? row)?.focus();
  };
  const save = async () => {
    const wanted = text.trim();
    if (wanted === '') return askDelete(message);
    if (wanted === message.text) return end();
    if (wanted.length > (room.settings?.text_max || limits.value.text_max)) return say('Too long.', true);
    setBusy(true);
    try {
      await saveEdit(message, wanted);
      end();
    } catch (error) {
      say((error as Error).message, true);
      setBusy(false);
    }
  };
  return (
    <div ref={box} class="edit-box">
      <TextBox
        handle={field}
        label="Edit the message"
        placeholder=""
        text={text}
        roomId={room.id}
        commands={false}
        autofocus
        onText={setText}
        onSend={() => void save()}
        onEscape={end}
      />
      <div class="row">
        <button type="button" class="primary small" disabled={busy} onClick={() => void save()}>
          Save
        </button>
        <button type="button" class="quiet small" onClick={end}>
          Cancel
        </button>
        <span class="hint">Enter saves, Esc leaves it as it was.</span>
      </div>
    </div>
  );
}
