// What changes something: a button that opens a dialog with the one call that it is, to be confirmed or copied.
import { signal } from '@preact/signals';
import { type ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, curlOf, type Params } from './api';
import { visible, visibleLines } from './format';
import { pretty } from './json';
import { bodyOf } from './api';
import { changes } from './poll';
import { readOnly } from './session';
import { Code, Problem, say } from './ui';

export interface ActionOf {
  label: string;
  /** Of the button, where `label` alone would not say of what. */
  name?: string;
  method: string;
  params: Params;
  /** What happens then, in a sentence or two. */
  says: ComponentChildren;
  danger?: boolean;
  /** What must be typed before. */
  typed?: string;
  /** What is said when it is done. */
  done?: (result: Record<string, unknown>) => string;
  after?: () => void;
}

const asked = signal<ActionOf | undefined>(undefined);

export function Action(props: ActionOf & { class?: string }) {
  if (readOnly.value) return null;
  return (
    <button
      type="button"
      class={props.class ?? (props.danger ? 'plain danger' : 'plain')}
      aria-haspopup="dialog"
      aria-label={props.name ? visible(props.name) : undefined}
      onClick={() => {
        asked.value = props;
      }}
    >
      {props.label}
    </button>
  );
}

export function ActionDialog() {
  const action = asked.value;
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (action && !dialog.current?.open) dialog.current?.showModal();
  }, [action]);
  const close = () => {
    dialog.current?.close();
    asked.value = undefined;
  };
  return (
    <dialog ref={dialog} class="action" aria-labelledby="action-title" onClose={close}>
      {action && <Question key={`${action.method} ${bodyOf(action.params)}`} action={action} close={close} />}
    </dialog>
  );
}

function Question({ action, close }: { action: ActionOf; close: () => void }) {
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const ready = action.typed === undefined || typed === action.typed;
  const run = async (event: Event) => {
    event.preventDefault();
    if (!ready || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      const result = await call<Record<string, unknown>>(action.method, action.params);
      say(action.done?.(result) ?? `${action.label}: done.`);
      close();
      changes.value++;
      action.after?.();
    } catch (failed) {
      setError(failed as Error);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={run}>
      <h2 id="action-title">{action.name ? visible(action.name) : action.label}</h2>
      <p>{action.says}</p>
      <p class="hint">
        <code>{action.method}</code> with
      </p>
      <pre class="params" tabIndex={0}>{visibleLines(pretty(bodyOf(action.params)))}</pre>
      <Code text={curlOf(action.method, action.params)} label="Copy as curl" />
      {action.typed !== undefined && (
        <label class="field wide">
          <span>
            Type <code>{visible(action.typed)}</code> to go on
          </span>
          <input value={typed} autofocus spellcheck={false} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
      )}
      <Problem error={error} />
      <div class="row end">
        <button type="button" class="plain" onClick={close}>
          Cancel
        </button>
        <button type="submit" class={action.danger ? 'danger full' : ''} disabled={!ready || busy} autofocus={action.typed === undefined}>
          {action.label}
        </button>
      </div>
    </form>
  );
}
