// The field that messages are written and edited in: it grows, completes, and formats by keys.
import { type Ref } from 'preact';
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { prefixed, type Wrapped, wrapped } from '../model/completion';
import { prefs } from '../state/prefs';
import { useCompletion } from './completion';

export interface TextBoxHandle {
  insert: (text: string) => void;
  focus: () => void;
  wrap: (mark: string) => void;
  prefix: (mark: string) => void;
}

const MARKS: Record<string, string> = { b: '**', i: '_', e: '`' };

export function TextBox(props: {
  handle: Ref<TextBoxHandle>;
  label: string;
  placeholder: string;
  text: string;
  roomId: string;
  commands: boolean;
  autofocus?: boolean;
  disabled?: boolean;
  onText: (text: string) => void;
  onSend: () => void;
  /** ↑ in an empty field. */
  onUp?: () => void;
  onEscape?: () => void;
  onFiles?: (files: File[]) => void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [caret, setCaret] = useState(props.text.length);
  const wantedCaret = useRef<[number, number] | undefined>(undefined);

  const put = (text: string, begin: number, end = begin) => {
    wantedCaret.current = [begin, end];
    props.onText(text);
    setCaret(end);
    field.current?.focus();
  };
  const completion = useCompletion({ text: props.text, caret, roomId: props.roomId, commands: props.commands, onComplete: put });

  useLayoutEffect(() => {
    const box = field.current as HTMLTextAreaElement;
    box.style.height = 'auto';
    box.style.height = `${box.scrollHeight}px`;
    if (!wantedCaret.current) return;
    box.setSelectionRange(...wantedCaret.current);
    wantedCaret.current = undefined;
  }, [props.text]);
  useEffect(() => {
    if (!props.autofocus) return;
    field.current?.focus();
    field.current?.setSelectionRange(props.text.length, props.text.length);
  }, []);

  const change = (of: (text: string, begin: number, end: number) => Wrapped) => {
    const box = field.current as HTMLTextAreaElement;
    const next = of(props.text, box.selectionStart, box.selectionEnd);
    put(next.text, next.begin, next.end);
  };
  const wrap = (mark: string) => change((text, begin, end) => wrapped(text, begin, end, mark));
  useImperativeHandle(props.handle, () => ({
    insert: (piece) => {
      const box = field.current as HTMLTextAreaElement;
      put(props.text.slice(0, box.selectionStart) + piece + props.text.slice(box.selectionEnd), box.selectionStart + piece.length);
    },
    focus: () => field.current?.focus(),
    wrap,
    prefix: (mark) => change((text, begin, end) => prefixed(text, begin, end, mark)),
  }));

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (completion.onKey(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const mod = event.ctrlKey || event.metaKey;
    const mark = mod && !event.altKey ? (event.shiftKey ? { x: '~~' }[event.key.toLowerCase()] : MARKS[event.key.toLowerCase()]) : undefined;
    if (mark) {
      event.preventDefault();
      wrap(mark);
    } else if (event.key === 'Enter' && (prefs.value.enterSends ? !event.shiftKey && !event.altKey : mod)) {
      event.preventDefault();
      props.onSend();
    } else if (event.key === 'ArrowUp' && props.text === '' && props.onUp) {
      event.preventDefault();
      props.onUp();
    } else if (event.key === 'Escape' && props.onEscape) {
      event.preventDefault();
      event.stopPropagation();
      props.onEscape();
    }
  };

  return (
    <>
      {completion.list}
      <textarea
        ref={field}
        class="text-box"
        rows={1}
        aria-label={props.label}
        placeholder={props.placeholder}
        value={props.text}
        disabled={props.disabled}
        dir="auto"
        spellcheck
        enterkeyhint={prefs.value.enterSends ? 'send' : 'enter'}
        {...completion.field}
        onInput={(event) => {
          setCaret(event.currentTarget.selectionStart);
          props.onText(event.currentTarget.value);
        }}
        onKeyUp={(event) => setCaret(event.currentTarget.selectionStart)}
        onClick={(event) => setCaret(event.currentTarget.selectionStart)}
        onBlur={completion.close}
        onKeyDown={onKeyDown}
        onPaste={(event) => {
          const files = [...(event.clipboardData?.files ?? [])];
          if (files.length === 0 || !props.onFiles) return;
          event.preventDefault();
          props.onFiles(files);
        }}
      />
    </>
  );
}
