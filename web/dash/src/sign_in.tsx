// Who looks: with an account of this server, or with a token.
import { useEffect, useRef, useState } from 'preact/hooks';
import { config, lost, signIn, useToken } from './session';

function ByAccount({ done }: { done: () => void }) {
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const run = async (event: Event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError('');
    try {
      await signIn(String(form.get('username')), String(form.get('password')));
      done();
    } catch (failed) {
      setError((failed as Error).message);
      setBusy(false);
    }
  };
  return (
    <form onSubmit={run}>
      <h3>With an account</h3>
      <label class="field">
        User name
        <input name="username" required autocomplete="username" autocapitalize="none" spellcheck={false} />
      </label>
      <label class="field">
        Password
        <input name="password" type="password" required autocomplete="current-password" />
      </label>
      {error && (
        <p class="bad" role="alert">
          {error}
        </p>
      )}
      <button type="submit" disabled={busy}>
        Sign in
      </button>
    </form>
  );
}

function ByToken({ done }: { done: () => void }) {
  const [text, setText] = useState('');
  const run = (event: Event) => {
    event.preventDefault();
    useToken(text.trim());
    done();
  };
  return (
    <form onSubmit={run}>
      <h3>With a token</h3>
      <label class="field">
        JSON Web Token
        <input name="token" type="password" required autocomplete="off" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <p class="hint">
        One that clients connect with; it stays in this tab. A link that ends in <code>#token=…</code> brings it along.
      </p>
      <button type="submit" disabled={text.trim() === ''}>
        Use it
      </button>
    </form>
  );
}

/** A dialog; `close` once one is somebody else, or not. */
export function SignIn({ close }: { close: (changed: boolean) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const done = () => close(true);
  return (
    <dialog ref={dialog} aria-labelledby="sign-in-title" onClose={() => close(false)}>
      <h2 id="sign-in-title">Sign in</h2>
      {lost.value && <p class="bad">{lost.value}</p>}
      {config.value.accounts && <ByAccount done={done} />}
      <ByToken done={done} />
      <form method="dialog">
        <button type="submit" class="plain">
          Cancel
        </button>
      </form>
    </dialog>
  );
}
