// The pieces that all pages are made of. Text goes in as text, never as markup.
import { signal } from '@preact/signals';
import { type ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, curlOf, type Params } from './api';
import { absolute, instant, relative, visible, visibleLines } from './format';
import { type Json, pretty, textOf } from './json';
import { href } from './router';

/** A name that somebody else chose: isolated, with what nobody would see written out. */
export function Name({ text, of = 'nameless' }: { text: string | undefined; of?: string }) {
  return text ? <bdi class="name">{visible(text)}</bdi> : <span class="soft">{of}</span>;
}

export function Link(props: { to: string; query?: Record<string, string | undefined>; children: ComponentChildren; class?: string }) {
  return (
    <a href={href(props.to, props.query)} class={props.class}>
      {props.children}
    </a>
  );
}

const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);

/** `at`: as the API gives it. */
export function Time({ at, none = '–' }: { at: unknown; none?: string }) {
  const ms = instant(at);
  if (ms === undefined) return <span class="soft">{none}</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={absolute(ms)}>
      {relative(ms, now.value)}
    </time>
  );
}

const TONES: Record<string, string> = {
  dead: 'bad', failed: 'bad', retry: 'warn', paused: 'warn', halted: 'bad', slow: 'bad', blocked: 'warn', working: 'live', running: 'live',
  done: 'good', succeeded: 'good', terminate: 'bad', quiet: 'warn', expired: 'bad', valid: 'good', enqueued: 'good',
};

export function Tag({ state, tone }: { state: string; tone?: string }) {
  return <span class={`tag ${tone ?? TONES[state] ?? ''}`}>{visible(state)}</span>;
}

export function Card(props: { title?: ComponentChildren; side?: ComponentChildren; children: ComponentChildren; class?: string }) {
  return (
    <section class={`card ${props.class ?? ''}`}>
      {props.title && (
        <div class="head">
          <h2>{props.title}</h2>
          {props.side && <div class="side">{props.side}</div>}
        </div>
      )}
      {props.children}
    </section>
  );
}

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  class?: string;
}

/** On a narrow screen each row is a card of its own. */
export function Table<T>(props: { label: string; columns: Column<T>[]; rows: T[]; keyOf: (row: T) => string }) {
  return (
    <div class="scroll" role="region" aria-label={props.label} tabIndex={0}>
      <table role="table">
        <thead role="rowgroup">
          <tr role="row">
            {props.columns.map(({ name, class: of }) => (
              <th key={name} role="columnheader" scope="col" class={of}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {props.rows.map((row) => (
            <tr key={props.keyOf(row)} role="row">
              {props.columns.map(({ name, cell, class: of }) => (
                <td key={name} role="cell" data-label={name} class={of}>
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Nothing is there: what it would be, and the line that makes one. */
export function Empty({ title, children, line }: { title: string; children?: ComponentChildren; line?: string }) {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children && <p>{children}</p>}
      {line && <Code text={line} label="Copy" />}
    </div>
  );
}

const HINTS: Record<number, string> = {
  0: '',
  100: 'The server could not do it; its log says why.',
  102: 'No namespace of the configuration has this name.',
  103: 'This key may not: it opens methods about jobs only, or what it is about stands in the configuration.',
  106: 'A limit was met; the message names it.',
  115: 'Not served now: the store is away, or the server starts. It is tried again.',
};

export function Problem({ error, hint }: { error: Error | undefined; hint?: ComponentChildren }) {
  if (!error) return null;
  const code = error instanceof ApiError ? error.code : -1;
  const text = hint ?? HINTS[code];
  return (
    <div class="problem" role="alert">
      <p>
        <strong>
          {error instanceof ApiError && code > 0 ? `${error.method}, ${code}: ` : ''}
          {visible(error.message)}
        </strong>
      </p>
      {text && <p>{text}</p>}
    </div>
  );
}

export function Loading() {
  return <p class="loading">Loading…</p>;
}

/** What stands there until the first answer, and what went wrong beside the last one. */
export function Shown<T>(props: {
  of: { data: T | undefined; error: Error | undefined };
  hint?: (error: Error) => ComponentChildren | undefined;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error } = props.of;
  return (
    <>
      <Problem error={error} hint={error && props.hint?.(error)} />
      {data === undefined ? !error && <Loading /> : props.children(data)}
    </>
  );
}

/** A pillar that is off, and the lines that switch it on. */
export function Off({ what, lines, children }: { what: string; lines: string; children?: ComponentChildren }) {
  return (
    <Card>
      <Empty title={`${what} ${what.endsWith('s') ? 'are' : 'is'} off on this server.`} line={lines}>
        {children} Put this into its configuration and restart it; <code>tidemill serve --dev</code> has all of it on.
      </Empty>
    </Card>
  );
}

const said = signal('');

export function say(text: string): void {
  said.value = text;
  setTimeout(() => {
    if (said.value === text) said.value = '';
  }, 6000);
}

export function Said() {
  return (
    <div class="said" role="status" data-shown={said.value !== ''}>
      {said.value}
    </div>
  );
}

export async function copy(text: string, around: HTMLElement | null = document.body): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not on a page of localhost or of TLS.
    const area = document.createElement('textarea');
    area.value = text;
    (around ?? document.body).append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}

export function CopyButton({ text, label = 'Copy', class: of = 'plain' }: { text: string | (() => string); label?: string; class?: string }) {
  const [done, setDone] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  const run = async () => {
    await copy(typeof text === 'string' ? text : text(), button.current?.parentElement);
    button.current?.focus();
    setDone(true);
  };
  return (
    <button ref={button} type="button" class={of} onClick={run}>
      {done ? 'Copied' : label}
    </button>
  );
}

export function CopyCurl({ method, params }: { method: string; params: Params }) {
  return <CopyButton text={() => curlOf(method, params)} label="Copy as curl" />;
}

export function Code({ text, label }: { text: string; label: string }) {
  return (
    <div class="code">
      <pre tabIndex={0}>{visibleLines(text)}</pre>
      <CopyButton text={text} label={label} />
    </div>
  );
}

const HIGHLIGHTED_MAX = 100_000;
const PIECES = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;

function highlighted(text: string): ComponentChildren[] {
  const pieces: ComponentChildren[] = [];
  let at = 0;
  for (const found of text.matchAll(PIECES)) {
    pieces.push(visibleLines(text.slice(at, found.index)));
    const [whole, string, colon, number] = found;
    const of = string ? (colon ? 'key' : 'string') : number ? 'number' : 'word';
    pieces.push(<span class={of}>{visibleLines(string ?? whole)}</span>, colon ?? '');
    at = found.index + whole.length;
  }
  pieces.push(visibleLines(text.slice(at)));
  return pieces;
}

/** JSON over several lines, to the letter. */
export function JsonText({ value, label }: { value: Json | undefined; label: string }) {
  const text = pretty(textOf(value));
  return (
    <div class="code json" role="group" aria-label={label}>
      <pre tabIndex={0}>{text.length > HIGHLIGHTED_MAX ? visibleLines(text) : highlighted(text)}</pre>
      <CopyButton text={textOf(value)} />
    </div>
  );
}

/** On one line, cut. */
export function JsonLine({ value, max = 120 }: { value: Json | undefined; max?: number }) {
  const text = textOf(value);
  return <code class="line">{visible(text.length > max ? `${text.slice(0, max)}…` : text)}</code>;
}

export function Facts({ rows }: { rows: [string, ComponentChildren | undefined][] }) {
  return (
    <dl class="facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Sends what is typed a moment after the last key. */
export function Search(props: { label: string; value: string; placeholder?: string; onSearch: (text: string) => void }) {
  const [text, setText] = useState(props.value);
  useEffect(() => setText(props.value), [props.value]);
  useEffect(() => {
    if (text === props.value) return;
    const timer = setTimeout(() => props.onSearch(text), 300);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="field">
      <span>{props.label}</span>
      <input type="search" value={text} placeholder={props.placeholder} spellcheck={false} autocomplete="off" onInput={(event) => setText(event.currentTarget.value)} />
    </label>
  );
}

export function Choice(props: { label: string; value: string; options: [string, string][]; onChoose: (value: string) => void }) {
  return (
    <label class="field">
      <span>{props.label}</span>
      <select value={props.value} onChange={(event) => props.onChoose(event.currentTarget.value)}>
        {props.options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
