// Before one is in: setting the server up, signing in, joining by an invite, a new password.
import { type ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { say } from '../state/announce';
import { account, type AccountsStatus } from '../state/api';
import { go, replace, route } from '../state/router';
import { begin } from '../state/session';
import { Mark } from '../ui/icons';
import { Field, fieldError, Problem, Said, useLoad, useSubmit } from '../ui/ui';

const PASSWORD_MIN = 8;

function Box({ title, children, text }: { title: string; text?: ComponentChildren; children: ComponentChildren }) {
  useEffect(() => {
    document.title = `${title} · Tidemill`;
  }, [title]);
  return (
    <main class="entry" id="content">
      <div class="entry-box">
        <p class="brand">
          <Mark /> Tidemill
        </p>
        <h1>{title}</h1>
        {text && <p class="soft">{text}</p>}
        {children}
      </div>
      <Said />
    </main>
  );
}

const FIELDS = ['token', 'username', 'name', 'password'];
/** What no field shows. */
const rest = (error: Error | undefined, shown = FIELDS) => (shown.slice(1).some((field) => fieldError(error, field)) ? undefined : error);

async function enter(): Promise<void> {
  // The token of the link has done its work, and need not stay in the address.
  replace('#/');
  await begin();
}

function NewPerson({ token, action, make }: { token: string; action: string; make: typeof account.setup }) {
  const [name, setName] = useState('');
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const { submit, error, busy } = useSubmit(() => make({ token, username: username.trim(), name: name.trim(), password }).then(enter));
  const onName = (value: string) => {
    const proposed = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/[^a-z0-9._-]+/g, '.').replace(/^\.+|\.+$/g, '');
    if (username === proposed(name)) setUsername(proposed(value));
    setName(value);
  };
  return (
    <form onSubmit={submit}>
      <Field label="Your name" value={name} onInput={onName} autocomplete="name" required maxLength={80} autofocus error={fieldError(error, 'name')} />
      <Field label="Username" value={username} onInput={setUsername} autocomplete="username" required maxLength={32} hint="Small letters, digits, dots and dashes. Others mention you by it." error={fieldError(error, 'username')} />
      <Field
        label="Password" type="password" value={password} onInput={setPassword} autocomplete="new-password" required
        hint={`At least ${PASSWORD_MIN} characters; a sentence is easy to remember.`} error={fieldError(error, 'password')}
      />
      <Problem error={rest(error)} />
      <button type="submit" class="primary wide" disabled={busy || !name.trim() || !username.trim() || password.length < PASSWORD_MIN}>
        {action}
      </button>
    </form>
  );
}

export function SetupPage() {
  const token = route.value.query.get('token') ?? '';
  return (
    <Box title="Set up your server" text="You are its first person, and its owner. Afterwards you invite the others.">
      <NewPerson token={token} action="Begin" make={account.setup} />
    </Box>
  );
}

export function JoinPage() {
  const token = route.value.query.get('token') ?? '';
  const { data, error } = useLoad(() => account.checkInvite(token), [token]);
  if (error) {
    return (
      <Box title="This invite is no longer valid" text="It was used up, withdrawn, or is too old. Ask for another one.">
        <a class="button quiet wide" href="#/login">
          Sign in
        </a>
      </Box>
    );
  }
  if (!data) return <main class="entry" aria-busy="true" id="content" />;
  return (
    <Box title="You are invited" text={data.invited_by ? <><bdi>{data.invited_by}</bdi> invites you as {data.role}.</> : `As ${data.role}.`}>
      <NewPerson token={token} action="Join" make={account.join} />
    </Box>
  );
}

export function ResetPage() {
  const token = route.value.query.get('token') ?? '';
  const [password, setPassword] = useState('');
  const { submit, error, busy } = useSubmit(() => account.reset({ token, password }).then(() => {
    replace('#/login');
    say('The new password holds. Sign in with it.');
  }));
  return (
    <Box title="Choose a new password">
      <form onSubmit={submit}>
        <Field
          label="New password" type="password" value={password} onInput={setPassword} autocomplete="new-password" required autofocus
          hint={`At least ${PASSWORD_MIN} characters.`} error={fieldError(error, 'password')}
        />
        <Problem error={rest(error)} />
        <button type="submit" class="primary wide" disabled={busy || password.length < PASSWORD_MIN}>
          Save
        </button>
      </form>
    </Box>
  );
}

function Providers({ status }: { status: AccountsStatus | undefined }) {
  if (!status?.providers.length) return null;
  return (
    <>
      <p class="or">or</p>
      {status.providers.map(({ id, name, url }) => (
        <a key={id} class="button quiet wide" href={url}>
          Continue with {name}
        </a>
      ))}
    </>
  );
}

export function LoginPage() {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const { data: status } = useLoad(() => account.status(), []);
  const { submit, error, busy } = useSubmit(async () => {
    await account.login(username.trim(), password);
    // Where the link led that one came with.
    if (route.value.page === 'login') go('#/');
    await begin();
  });
  const text = status?.setup_needed
    ? 'This server has no owner yet. Whoever started it finds a link in its log that makes one.'
    : status?.signup === 'closed' ? undefined : 'New here? Somebody who is in can send you an invite.';
  return (
    <Box title="Sign in" text={text}>
      <form onSubmit={submit}>
        <Field label="Username" value={username} onInput={setUsername} autocomplete="username" required autofocus />
        <Field label="Password" type="password" value={password} onInput={setPassword} autocomplete="current-password" required />
        <Problem error={error} />
        <button type="submit" class="primary wide" disabled={busy || !username.trim() || !password}>
          Sign in
        </button>
      </form>
      <Providers status={status} />
    </Box>
  );
}
