// Who are you: a person with an account, or whoever has a key, which is kept for this tab if the server takes it.
import { useState } from 'preact/hooks';
import { type ComponentChildren } from 'preact';
import { logIn, logOut } from '../accounts';
import { ApiError, scopeOf } from '../api';
import { config, keep, person, refusal, scope, signOut } from '../session';
import { Name, Problem } from '../ui';

/** Ends the session of a person, or forgets the key. */
export async function leave(): Promise<void> {
  if (person.value) {
    try {
      await logOut();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 401) {
        signOut(`You are still signed in: ${(error as Error).message}`);
        return;
      }
    }
  }
  signOut();
}

export function SignIn({ refusal: before }: { refusal: string }) {
  const [withKey, setWithKey] = useState(!config.value?.accounts);
  return (
    <main class="alone">
      <div class="card sign-in">
        <h1>
          <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" />
            <path d="M4 13q4-5 8 0t8 0 8 0M4 21q4-5 8 0t8 0 8 0" />
          </svg>
          Tidemill console
        </h1>
        {before && (
          <div class="problem" role="alert">
            <p>
              <strong>{before}</strong>
            </p>
            {withKey && (
              <p>
                The keys of <code>serve --dev</code> are new at every start: open the link that it printed.
              </p>
            )}
          </div>
        )}
        {person.value ? <NoRole /> : withKey ? <WithKey /> : <WithAccount />}
        {config.value?.accounts && !person.value && (
          <button type="button" class="link" onClick={() => setWithKey(!withKey)}>
            {withKey ? 'Sign in with an account instead' : 'Use an API key instead'}
          </button>
        )}
      </div>
    </main>
  );
}

/** Signed in, and nobody here: a member of the chat, say. */
function NoRole() {
  return (
    <>
      <div class="problem" role="alert">
        <p>
          <strong>
            <Name text={person.value?.username} /> has no role in the console.
          </strong>
        </p>
        <p>
          An owner gives one on the page People, or whoever runs the server with{' '}
          <code>tidemill accounts console USER viewer</code>.
        </p>
      </div>
      <button type="button" onClick={leave}>
        Sign out
      </button>
    </>
  );
}

/** What both forms do: one thing at a time, and the refusal stays until the next try. */
function useAttempt(run: () => Promise<void>): { error: Error | undefined; busy: boolean; submit: (event: Event) => Promise<void> } {
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    refusal.value = '';
    try {
      await run();
    } catch (failed) {
      setError(failed as Error);
    }
    setBusy(false);
  };
  return { error, busy, submit };
}

function WithAccount() {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const { error, busy, submit } = useAttempt(async () => {
    const who = await logIn(username.trim(), password);
    person.value = who;
    if (who.console) scope.value = 'all';
  });
  return (
    <form class="fields" onSubmit={submit}>
      <label class="field wide">
        <span>User name</span>
        <input name="username" value={username} required autofocus autocomplete="username" autocapitalize="none" spellcheck={false} onInput={(event) => setUsername(event.currentTarget.value)} />
      </label>
      <label class="field wide">
        <span>Password</span>
        <input type="password" name="password" value={password} required autocomplete="current-password" onInput={(event) => setPassword(event.currentTarget.value)} />
      </label>
      <Refused error={error} />
      <button type="submit" disabled={busy || username.trim() === '' || password === ''}>
        Sign in
      </button>
      <p class="hint">The account needs a role in the console: viewer, operator or admin. Being in the chat is none.</p>
    </form>
  );
}

const Refused = ({ error, hint }: { error: Error | undefined; hint?: ComponentChildren }) => (
  <Problem error={error && new Error(error.message)} hint={hint ?? ''} />
);

function WithKey() {
  const [text, setText] = useState('');
  const { error, busy, submit } = useAttempt(async () => {
    const opened = await scopeOf(text.trim());
    keep(text.trim());
    scope.value = opened;
  });
  const wrong = error instanceof ApiError && error.code === 401;
  return (
    <form class="fields" onSubmit={submit}>
      <p>The page has no rights of its own: it calls the HTTP API with the key that you give it, and can do what the key can.</p>
      <label class="field wide">
        <span>API key</span>
        <input type="password" name="key" value={text} required autofocus autocomplete="off" spellcheck={false} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <Refused
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
  );
}
