// Asks for the key, and keeps it for this tab if the server takes it.
import { useState } from 'preact/hooks';
import { ApiError, scopeOf } from '../api';
import { keep, refusal, scope } from '../session';
import { Problem } from '../ui';

export function SignIn({ refusal: before }: { refusal: string }) {
  const [text, setText] = useState('');
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const run = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    refusal.value = '';
    try {
      const opened = await scopeOf(text.trim());
      keep(text.trim());
      scope.value = opened;
    } catch (failed) {
      setError(failed as Error);
      setBusy(false);
    }
  };
  const wrong = error instanceof ApiError && error.code === 401;
  return (
    <main class="alone">
      <form class="card sign-in" onSubmit={run}>
        <h1>
          <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path d="M4 13q4-5 8 0t8 0 8 0M4 21q4-5 8 0t8 0 8 0" />
          </svg>
          Tidemill console
        </h1>
        <p>
          The page has no rights of its own: it calls the HTTP API with the key that you give it, and can do what the key can.
        </p>
        {before && !error && (
          <div class="problem" role="alert">
            <p>
              <strong>{before}</strong>
            </p>
            <p>
              The keys of <code>serve --dev</code> are new at every start: open the link that it printed.
            </p>
          </div>
        )}
        <label class="field wide">
          <span>API key</span>
          <input type="password" name="key" value={text} required autofocus autocomplete="off" spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        <Problem
          error={wrong ? new Error('The server does not take this key.') : error}
          hint={
            wrong ? (
              <>
                It is one of <code>http_api.key</code> in the server's configuration, to the letter. One of <code>http_api.jobs_key</code> opens the pages about jobs.
              </>
            ) : undefined
          }
        />
        <button type="submit" disabled={busy || text.trim() === ''}>
          Sign in
        </button>
        <p class="hint">
          It stays in this tab until the tab is closed. <code>tidemill serve --dev</code> prints a link that needs no typing.
        </p>
      </form>
    </main>
  );
}
