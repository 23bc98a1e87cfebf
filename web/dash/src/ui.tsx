// The pieces that all of the page is made of. Text goes in as text, never as markup.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { relative, visible } from '../../console/src/format';
import { ApiError } from './api';
import { showTime } from './values';

/** Milliseconds since 1970, each second, while somebody looks. */
export const now = signal(Date.now());
setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1000);

export function Ago({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={showTime(at)}>
      {relative(Math.min(at, now.value), now.value)}
    </time>
  );
}

const HINTS: Record<number, string> = {
  0: 'It is tried again. Is the server running, and is this device on its network?',
  401: 'Sign in, or use a token, to see it.',
  403: 'Whoever looks after this server can give you the right to see it.',
  404: 'It is not there any more. The list of dashboards is looked at again.',
  405: 'The query wants to write; a dashboard only reads.',
  429: 'It is tried again a little later.',
  503: 'It is tried again. The log of the server says more.',
  504: 'The query takes too long. Ask for less, or raise its @timeout.',
};

/** What went wrong, and what to do. */
export function Problem({ error }: { error: Error }) {
  const status = error instanceof ApiError ? error.status : -1;
  const hint = HINTS[status] ?? (status >= 500 ? HINTS[503] : status === 400 ? 'Change what stands in the fields above.' : '');
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{visible(error.message)}</strong>
      </p>
      {hint && <p>{hint}</p>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
    </div>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M4 13q4-5 8 0t8 0 8 0M4 21q4-5 8 0t8 0 8 0" />
    </svg>
  );
}
