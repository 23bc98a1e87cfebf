// The pieces that all of the page is made of.
import { type ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ago, briefly, dateTimeOf, timeOf } from '../model/times';
import { announced, said } from '../state/announce';
import { ApiError } from '../state/api';
import { prefs } from '../state/prefs';
import { me, now, presenceOf, rooms, userByName, userOf } from '../state/store';
import { Icon, type IconName } from './icons';
import { markWords, type Names, onlyEmoji, rendered } from './markdown';

/** A name that somebody chose: isolated, so that its direction is its own. */
export function Name({ id, own }: { id: string; own?: string }) {
  return <bdi class="name">{own ?? userOf(id).name}</bdi>;
}

const HUES = 8;

function hueOf(id: string): number {
  // FNV-1a; its low bits alone would give neighbours the same colour.
  let hash = 2166136261;
  for (const letter of id) hash = Math.imul(hash ^ (letter.codePointAt(0) as number), 16777619);
  return ((hash >>> 24) ^ (hash >>> 11)) % HUES;
}

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...new Intl.Segmenter().segment(word ?? '?')][0]?.segment ?? '?').join('').toUpperCase();
}

/** Decoration: the name stands beside it. */
export function Avatar({ id, size = 'm', dot = false, own }: { id: string; size?: 's' | 'm' | 'l'; dot?: boolean; own?: string }) {
  return (
    <span class={`avatar ${size} hue-${hueOf(id)}`} aria-hidden="true">
      {initialsOf(own ?? userOf(id).name)}
      {dot && <Dot id={id} />}
    </span>
  );
}

const STATES = { online: 'online', away: 'away', dnd: 'do not disturb', offline: 'offline' } as const;

export const stateOf = (id: string): string => STATES[presenceOf(id)];

export function Dot({ id }: { id: string }) {
  return <span class={`dot ${presenceOf(id)}`} />;
}

export function StatusOf({ id }: { id: string }) {
  const status = userOf(id).status;
  if (!status || (!status.emoji && !status.text) || (status.until !== null && status.until < now.value)) return null;
  return (
    <span class="status" title={status.text}>
      <span aria-hidden={status.text ? 'true' : undefined}>{status.emoji}</span>
      {status.text && <span class="unseen">{status.text}</span>}
    </span>
  );
}

export function Time({ at, form = 'time' }: { at: number; form?: 'time' | 'brief' | 'ago' }) {
  const { clock } = prefs.value;
  const text = form === 'time' ? timeOf(at, clock) : form === 'brief' ? briefly(at, now.value, clock) : ago(at, now.value);
  return (
    <time dateTime={new Date(at).toISOString()} title={dateTimeOf(at, clock)}>
      {text}
    </time>
  );
}

const EVERYBODY = new Set(['room', 'channel', 'all', 'here', 'everyone']);

const NAMES: Names = {
  user: (name) => {
    const user = userByName.value.get(name.toLowerCase());
    if (user) return { id: user.id, name: user.username, self: user.id === me.value.id };
    return EVERYBODY.has(name.toLowerCase()) ? { id: '', name, self: true } : undefined;
  },
  room: (name) => [...rooms.value.values()].find((room) => room.name === name && room.type !== 'direct' && room.type !== 'group'),
};

const NO_WORDS: readonly string[] = [];

export function Markdown({ text, words = NO_WORDS }: { text: string; words?: readonly string[] }) {
  const holder = useRef<HTMLDivElement>(null);
  // Whom names mean is learned later than the text that names them.
  const names = text.includes('@') || text.includes('#') ? [userByName.value, rooms.value.size] : [0, 0];
  const fragment = useMemo(() => {
    const made = rendered(text, NAMES);
    markWords(made, words);
    return made;
  }, [text, words, ...names]);
  useLayoutEffect(() => {
    holder.current?.replaceChildren(fragment.cloneNode(true));
  }, [fragment]);
  return <div ref={holder} class={onlyEmoji(text) ? 'md emoji' : 'md'} dir="auto" />;
}

export function Problem({ error }: { error: Error | undefined }) {
  if (!error) return null;
  return (
    <div class="problem" role="alert">
      {error.message}
    </div>
  );
}

/** Why one field was not taken, from an answer that names it. */
export const fieldError = (error: Error | undefined, field: string): string | undefined =>
  error instanceof ApiError && error.field === field ? error.message : undefined;

export function Field(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  type?: 'text' | 'password' | 'email' | 'number';
  hint?: ComponentChildren;
  error?: string;
  autocomplete?: string;
  autofocus?: boolean;
  required?: boolean;
  maxLength?: number;
  placeholder?: string;
  rows?: number;
}) {
  const id = useId();
  const described = [props.hint && `${id}-hint`, props.error && `${id}-error`].filter(Boolean).join(' ') || undefined;
  const common = {
    id, value: props.value, placeholder: props.placeholder, maxLength: props.maxLength, required: props.required, 'aria-describedby': described,
    'aria-invalid': props.error ? true : undefined, dir: 'auto' as const,
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.rows ? (
        <textarea {...common} rows={props.rows} onInput={(event) => props.onInput(event.currentTarget.value)} />
      ) : (
        <input
          {...common}
          type={(props.type ?? 'text') as 'text'}
          autocomplete={props.autocomplete ?? 'off'}
          autofocus={props.autofocus}
          spellcheck={false}
          onInput={(event) => props.onInput(event.currentTarget.value)}
        />
      )}
      {props.hint && (
        <p id={`${id}-hint`} class="hint">
          {props.hint}
        </p>
      )}
      {props.error && (
        <p id={`${id}-error`} class="field-error" role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}

export function Select<T extends string>(props: { label: string; value: T; options: readonly (readonly [T, string])[]; onChange: (value: T) => void; hint?: string }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value as T)}>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {props.hint && <p class="hint">{props.hint}</p>}
    </div>
  );
}

export function Switch(props: { label: string; checked: boolean; onChange: (checked: boolean) => void; hint?: string; disabled?: boolean }) {
  const id = useId();
  return (
    <div class="switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={props.checked}
        disabled={props.disabled}
        aria-describedby={props.hint ? `${id}-hint` : undefined}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <div>
        <label for={id}>{props.label}</label>
        {props.hint && (
          <p id={`${id}-hint`} class="hint">
            {props.hint}
          </p>
        )}
      </div>
    </div>
  );
}

export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: (event: MouseEvent) => void;
  pressed?: boolean;
  filled?: boolean;
  class?: string;
  keys?: string;
  disabled?: boolean;
}) {
  return (
    <button
      type="button"
      class={`icon-button ${props.class ?? ''}`}
      aria-label={props.label}
      aria-pressed={props.pressed}
      aria-keyshortcuts={props.keys}
      title={props.label}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      <Icon name={props.icon} filled={props.filled} />
    </button>
  );
}

/** Nothing is there, and what could be. `page`: it is all that the page says. */
export function Empty({ icon, title, page = false, children }: { icon: IconName; title: string; page?: boolean; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      {page ? <h1 class="empty-title">{title}</h1> : <p class="empty-title">{title}</p>}
      {children}
    </div>
  );
}

/** New messages for those who hear the page; nothing that was loaded comes in here. */
export function Announcer() {
  return (
    <div class="unseen" role="log" aria-label="New messages" aria-live="polite">
      {announced.value.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}

export function Said() {
  const { text, bad } = said.value;
  return (
    <div class={`said ${bad ? 'bad' : ''}`} role="status" data-shown={text !== ''}>
      {text}
    </div>
  );
}

/** Asks for what is typed a moment after the last key. */
export function useSlow<T>(value: T, ms = 200): T {
  const [slow, setSlow] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return slow;
}

export interface Loaded<T> {
  data: T | undefined;
  error: Error | undefined;
  again: () => void;
}

/** What a call answers, asked for again when `deps` change. */
export function useLoad<T>(load: () => Promise<T>, deps: unknown[]): Loaded<T> {
  const [state, setState] = useState<{ data?: T; error?: Error }>({});
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    let stopped = false;
    load().then(
      (data) => !stopped && setState({ data }),
      (error: Error) => !stopped && setState((before) => ({ data: before.data, error })),
    );
    return () => {
      stopped = true;
    };
  }, [...deps, turn]);
  return { data: state.data, error: state.error, again: () => setTurn((before) => before + 1) };
}

/** A form that sends one thing: what went wrong, and whether it is on its way. */
export function useSubmit(work: () => Promise<unknown>): { submit: (event: Event) => void; error: Error | undefined; busy: boolean } {
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(undefined);
    work()
      .catch((failed: Error) => setError(failed))
      .finally(() => setBusy(false));
  };
  return { submit, error, busy };
}

export async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not on a page of localhost or of TLS.
    const area = document.createElement('textarea');
    area.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
