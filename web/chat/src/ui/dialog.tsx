// Dialogs: one at a time, modal. The browser keeps the focus in it, and gives it back afterwards.
import { signal } from '@preact/signals';
import { type ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { IconButton, Problem, useSubmit } from './ui';

interface Shown {
  title: string;
  body: (close: () => void) => ComponentChildren;
  /** `list`: as tall as the window lets it be, with something to choose from. `picture`: all of the window. */
  form: 'plain' | 'wide' | 'list' | 'bare' | 'picture';
}

const shown = signal<Shown | undefined>(undefined);

export function openDialog(title: string, body: Shown['body'], form: Shown['form'] = 'plain'): void {
  shown.value = { title, body, form };
}

export const dialogIsOpen = (): boolean => shown.value !== undefined;

export function closeDialog(): void {
  shown.value = undefined;
}

export function Dialogs() {
  const current = shown.value;
  return current ? <Dialog key={current.title} current={current} /> : null;
}

function Dialog({ current }: { current: Shown }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current as HTMLDialogElement;
    const before = document.activeElement as HTMLElement | null;
    dialog.showModal();
    dialog.querySelector<HTMLElement>('[autofocus], [data-first]')?.focus();
    return () => {
      if (dialog.open) dialog.close();
      if (before?.isConnected && document.activeElement === document.body) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={`dialog ${current.form}`}
      aria-label={current.title}
      onClose={() => {
        // The event comes later: by then another dialog may stand in its place.
        if (shown.peek() === current) closeDialog();
      }}
      onPointerDown={(event) => {
        if (event.target === element.current) closeDialog();
      }}
    >
      <div class="dialog-box">
        {current.form !== 'bare' && current.form !== 'picture' && (
          <header>
            <h2>{current.title}</h2>
            <IconButton icon="close" label="Close" onClick={closeDialog} />
          </header>
        )}
        {current.body(closeDialog)}
      </div>
    </dialog>
  );
}

export function confirm(question: { title: string; text: ComponentChildren; action: string; danger?: boolean; run: () => Promise<unknown> }): void {
  openDialog(question.title, (close) => <Question question={question} close={close} />);
}

function Question({ question, close }: { question: Parameters<typeof confirm>[0]; close: () => void }) {
  const { submit, error, busy } = useSubmit(() => question.run().then(close));
  return (
    <form onSubmit={submit}>
      <div class="dialog-text">{question.text}</div>
      <Problem error={error} />
      <div class="actions">
        <button type="button" class="quiet" onClick={close}>
          Cancel
        </button>
        <button type="submit" class={question.danger ? 'danger' : 'primary'} disabled={busy} data-first>
          {question.action}
        </button>
      </div>
    </form>
  );
}
