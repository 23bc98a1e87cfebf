// Where one writes: text, files, who else is writing, and why one may not.
import { useEffect, useRef, useState } from 'preact/hooks';
import { withEmoji } from '../model/completion';
import { bytesOf } from '../model/times';
import type { Attachment, Room } from '../model/types';
import { attempt, say } from '../state/announce';
import { api, upload } from '../state/api';
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
import { runCommand } from './commands';
import { EmojiButton } from './emoji_picker';
import { Icon } from './icons';
import { IconButton } from './ui';
import { MutedHere } from './banned';
import { ScheduledHere, SendLater } from './send_later';
import { TextBox, type TextBoxHandle } from './text_box';

interface Upload {
  id: number;
  file: File;
  part: number;
  done?: Attachment;
  error?: string;
  stop: AbortController;
}

let uploads = 0;

function useUploads(roomId: string) {
  const [list, setList] = useState<Upload[]>([]);
  const change = (id: number, to: Partial<Upload>) => setList((all) => all.map((each) => (each.id === id ? { ...each, ...to } : each)));
  const add = (files: File[]) => {
    const max = limits.value.upload_bytes_max;
    for (const file of files) {
      if (file.size > max) {
        say(`${file.name} is larger than ${bytesOf(max)}.`, true);
        continue;
      }
      const one: Upload = { id: ++uploads, file, part: 0, stop: new AbortController() };
      setList((all) => [...all, one]);
      upload(roomId, file, (part) => change(one.id, { part }), one.stop.signal).then(
        (done) => change(one.id, { done, part: 1 }),
        (error: Error) => change(one.id, { error: error.message }),
      );
    }
  };
  const remove = (id: number) => {
    list.find((each) => each.id === id)?.stop.abort();
    setList((all) => all.filter((each) => each.id !== id));
  };
  return { list, add, remove, clear: () => setList([]) };
}

export function Composer({ open, room, threadId }: { open: OpenRoom; room: Room; threadId: string | null }) {
  const [text, setText] = useState(() => draftOf(room.id, threadId));
  const [marks, setMarks] = useState(false);
  const field = useRef<TextBoxHandle>(null);
  const files = useRef<HTMLInputElement>(null);
  const { list, add, remove, clear } = useUploads(room.id);
  const { may, why } = mayPost(room);
  const turn = draftTurn.value;
  useEffect(() => setText(draftOf(room.id, threadId)), [turn]);
  const canUpload = limits.value.upload_bytes_max > 0;
  const max = room.settings?.text_max || limits.value.text_max;
  const left = max - [...text].length;

  const write = (next: string) => {
    setText(next);
    keepDraft(room.id, threadId, next);
    if (next.trim() && !next.startsWith('/')) tellTyping(room.id, threadId);
  };
  const send = () => {
    const ready = list.flatMap(({ done }) => (done ? [done.id] : []));
    const wanted = withEmoji(text.trim(), charOf);
    if (list.some(({ done, error }) => !done && !error)) return say('A file is still being uploaded.', true);
    if (wanted === '' && ready.length === 0) return;
    if (left < 0) return say(`Too long by ${-left} characters.`, true);
    if (threadId !== null || !runCommand(wanted)) post(room.id, wanted, threadId, ready);
    write('');
    clear();
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
    <div
      class="composer"
      onDragOver={(event) => canUpload && event.preventDefault()}
      onDrop={(event) => {
        if (!canUpload || !event.dataTransfer?.files.length) return;
        event.preventDefault();
        add([...event.dataTransfer.files]);
      }}
    >
      <ScheduledHere roomId={room.id} threadId={threadId} />
      <div class="composer-box">
        {list.length > 0 && <Uploads list={list} remove={remove} />}
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
            onFiles={canUpload ? add : undefined}
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
          onChange={(event) => {
            add([...(event.currentTarget.files ?? [])]);
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

function Uploads({ list, remove }: { list: Upload[]; remove: (id: number) => void }) {
  return (
    <ul class="uploads" aria-label="Files to send">
      {list.map(({ id, file, part, done, error }) => (
        <li key={id} class={error ? 'bad' : ''}>
          <Icon name="file" />
          <span>
            <bdi>{file.name}</bdi>
            <small>{error ?? (done ? bytesOf(file.size) : `${Math.round(part * 100)} %`)}</small>
          </span>
          <IconButton icon="close" class="small" label={`Without ${file.name}`} onClick={() => remove(id)} />
        </li>
      ))}
    </ul>
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
