// Where one writes: text, files, who else is writing, and why one may not.
import { useEffect, useRef, useState } from 'preact/hooks';
import { withEmoji } from '../model/completion';
import type { Room } from '../model/types';
import { attempt, say } from '../state/announce';
import { api } from '../state/api';
import { draftOf, draftTurn, keepDraft } from '../state/drafts';
import { charOf } from '../state/emoji';
import { editLastOwn } from '../state/message_actions';
import { mutedUntil } from '../state/moderation';
import type { OpenRoom } from '../state/open_rooms';
import { prefs } from '../state/prefs';
import { phone } from '../state/screen';
import { post } from '../state/sending';
import { isDirect, limits, link, mayPost, putRoom, title, userOf } from '../state/store';
import { stopTyping, tellTyping } from '../state/typing';
import { filesOf } from '../state/uploads';
import { runCommand } from './commands';
import { EmojiButton } from './emoji_picker';
import { Icon } from './icons';
import { IconButton } from './ui';
import { MutedHere } from './banned';
import { ScheduledHere, SendLater } from './send_later';
import { TextBox, type TextBoxHandle } from './text_box';
import { Uploads, useDrop } from './uploads';

export function Composer({ open, room, threadId }: { open: OpenRoom; room: Room; threadId: string | null }) {
  const [text, setText] = useState(() => draftOf(room.id, threadId));
  const [marks, setMarks] = useState(false);
  const field = useRef<TextBoxHandle>(null);
  const files = useRef<HTMLInputElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const uploads = filesOf(room.id, threadId);
  const list = uploads.list.value;
  const { may, why } = mayPost(room);
  const turn = draftTurn.value;
  useEffect(() => setText(draftOf(room.id, threadId)), [turn]);
  const canUpload = may && !mutedUntil(room) && limits.value.upload_bytes_max > 0;
  const dropped = useDrop(place, canUpload ? uploads.add : undefined);
  const max = room.settings?.text_max || limits.value.text_max;
  const left = max - [...text].length;

  const write = (next: string) => {
    setText(next);
    keepDraft(room.id, threadId, next);
    if (next.trim() && !next.startsWith('/')) tellTyping(room.id, threadId);
  };
  const send = () => {
    const ready = list.flatMap(({ done }) => done ?? []);
    const wanted = withEmoji(text.trim(), charOf);
    if (list.some(({ state }) => state === 'failed')) return say('A file was not uploaded: try it again, or take it away.', true);
    if (ready.length < list.length) return say('A file is still being uploaded.', true);
    if (wanted === '' && ready.length === 0) return;
    if (left < 0) return say(`Too long by ${-left} characters.`, true);
    const command = threadId === null && ready.length === 0 && runCommand(wanted);
    if (!command) post(room.id, wanted, threadId, ready);
    write('');
    uploads.clear();
    stopTyping();
    if (threadId === null) {
      open.unreadAfter.value = undefined;
      void open.showEnd();
    }
    field.current?.focus();
  };

  const noLater = list.length > 0 ? 'Files cannot be sent later.' : left < 0 ? `Too long by ${-left} characters.` : undefined;

  if (mutedUntil(room)) return <MutedHere room={room} />;
  if (!may) return <Outside room={room} why={why} />;
  const where = threadId ? 'Reply in this thread' : isDirect(room) ? `Message ${title(room)}` : `Message #${room.name}`;
  return (
    <div class="composer" ref={place}>
      {dropped && (
        <div class="drop" aria-hidden="true">
          <Icon name="clip" /> Drop files to add them to your message
        </div>
      )}
      <ScheduledHere roomId={room.id} threadId={threadId} />
      <div class="composer-box">
        <Uploads files={uploads} />
        {marks && <Marks field={field} />}
        <div class="composer-row">
          {canUpload && <IconButton icon="clip" label="Add files" onClick={() => files.current?.click()} />}
          <TextBox
            handle={field}
            label={where}
            placeholder={where}
            text={text}
            roomId={room.id}
            commands={threadId === null}
            autofocus={!phone.peek()}
            onText={write}
            onSend={send}
            onUp={() => void editLastOwn(threadId ? (open.thread.value?.replies ?? []) : open.log.value.messages)}
            onFiles={canUpload ? uploads.add : undefined}
          />
          <div class="composer-tools">
            <IconButton icon="bold" label="Formatting" pressed={marks} class="wide-only" onClick={() => setMarks(!marks)} />
            <EmojiButton label="Emoji" onPick={(char) => field.current?.insert(char)} />
            <button type="button" class="send" aria-label="Send" title="Send" disabled={text.trim() === '' && list.length === 0} onClick={send}>
              <Icon name="send" />
            </button>
            <SendLater draft={{ roomId: room.id, threadId, text: withEmoji(text.trim(), charOf) }} why={noLater} done={() => write('')} />
          </div>
        </div>
      </div>
      <div class="below">
        <Typing open={open} threadId={threadId} />
        {left < 200 ? <span class={left < 0 ? 'bad' : 'soft'}>{left} left</span> : <Hints />}
      </div>
      {canUpload && (
        <input
          ref={files}
          type="file"
          multiple
          hidden
          aria-label="Files to add"
          onChange={(event) => {
            uploads.add([...(event.currentTarget.files ?? [])]);
            field.current?.focus();
            event.currentTarget.value = '';
          }}
        />
      )}
    </div>
  );
}

function Hints() {
  if (link.value === 'offline') return <span class="soft">Offline: what you send waits here.</span>;
  return (
    <span class="hints wide-only">
      <b>**bold**</b> <i>_italic_</i> <code>`code`</code> <span>&gt; quote</span> {prefs.value.enterSends ? 'Shift Enter: new line' : 'Ctrl Enter: send'}
    </span>
  );
}

function Marks({ field }: { field: { current: TextBoxHandle | null } }) {
  const wrap = (mark: string) => () => field.current?.wrap(mark);
  const prefix = (mark: string) => () => field.current?.prefix(mark);
  return (
    <div class="marks" role="toolbar" aria-label="Formatting">
      <IconButton icon="bold" label="Bold" onClick={wrap('**')} />
      <IconButton icon="italic" label="Italic" onClick={wrap('_')} />
      <IconButton icon="strike" label="Strike through" onClick={wrap('~~')} />
      <IconButton icon="code" label="Code" onClick={wrap('`')} />
      <IconButton icon="quote" label="Quote" onClick={prefix('> ')} />
      <IconButton icon="list" label="List" onClick={prefix('- ')} />
    </div>
  );
}

function Typing({ open, threadId }: { open: OpenRoom; threadId: string | null }) {
  const names = [...open.typing.value].filter(([, { thread }]) => thread === threadId).map(([id]) => userOf(id).name);
  const text = names.length === 0 ? '' : names.length > 3 ? 'Several people are writing' : `${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} writing`;
  return (
    <span class="typing" aria-live="off">
      {text && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <bdi>{text}</bdi>
        </>
      )}
    </span>
  );
}

function Outside({ room, why }: { room: Room; why: string }) {
  const join = async () => {
    if (await attempt(api.join(room.id), `You are in #${room.name} now.`)) putRoom((await api.room(room.id)).room);
  };
  return (
    <div class="composer outside">
      <p>{why}</p>
      {!room.membership && !room.archived_at && (
        <button type="button" class="primary" onClick={() => void join()}>
          Join #{room.name}
        </button>
      )}
    </div>
  );
}
