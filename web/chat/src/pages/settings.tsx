// Profile and settings: what others see, what this device does, and where one is signed in.
import { useState } from 'preact/hooks';
import { attempt, say } from '../state/announce';
import { account } from '../state/api';
import { askPermission, sound } from '../state/notify';
import { prefs, setPrefs } from '../state/prefs';
import { config, learnOwn, own, signOut } from '../state/session';
import { me } from '../state/store';
import { confirm } from '../ui/dialog';
import { editStatus, showKeys } from '../ui/dialogs';
import { Page } from '../ui/page';
import { Avatar, Field, fieldError, Problem, Select, StatusOf, Switch, Time, useLoad, useSubmit } from '../ui/ui';

export function SettingsPage() {
  return (
    <Page title="Profile and settings">
      <Profile />
      <Looks />
      <Notifications />
      <Password />
      <Sessions />
      <p class="soft small">
        Tidemill {config.value.version} ·{' '}
        <button type="button" class="link" onClick={showKeys}>
          Keyboard
        </button>
      </p>
    </Page>
  );
}

function Profile() {
  const [name, setName] = useState(me.value.name);
  const [email, setEmail] = useState(own.value?.email ?? '');
  const { submit, error, busy } = useSubmit(async () => {
    await account.profile({ name: name.trim(), ...(email.trim() ? { email: email.trim() } : {}) });
    learnOwn((await account.me()).user);
    say('Saved.');
  });
  return (
    <section class="block" aria-labelledby="profile-title">
      <h2 id="profile-title">Profile</h2>
      <div class="profile-row">
        <Avatar id={me.value.id} size="l" dot />
        <div>
          <p>
            <b>
              <bdi>{me.value.name}</bdi>
            </b>{' '}
            <span class="soft">@{me.value.username}</span>
          </p>
          <p>
            <StatusOf id={me.value.id} /> <bdi>{me.value.status?.text}</bdi>{' '}
            <button type="button" class="link" onClick={editStatus}>
              {me.value.status ? 'Change the status' : 'Set a status'}
            </button>
          </p>
        </div>
      </div>
      <form onSubmit={submit}>
        <Field label="Name" value={name} onInput={setName} required maxLength={80} autocomplete="name" error={fieldError(error, 'name')} />
        <Field label="E-mail" type="email" value={email} onInput={setEmail} autocomplete="email" hint="Only the administrators see it." error={fieldError(error, 'email')} />
        {!fieldError(error, 'name') && !fieldError(error, 'email') && <Problem error={error} />}
        <button type="submit" class="primary" disabled={busy || !name.trim()}>
          Save
        </button>
      </form>
    </section>
  );
}

function Looks() {
  const { theme, density, clock, enterSends } = prefs.value;
  return (
    <section class="block" aria-labelledby="looks-title">
      <h2 id="looks-title">Appearance</h2>
      <div class="columns">
        <Select label="Colours" value={theme} options={[['auto', 'As the system'], ['light', 'Light'], ['dark', 'Dark']]} onChange={(value) => setPrefs({ theme: value })} />
        <Select label="Density" value={density} options={[['comfortable', 'Comfortable'], ['compact', 'Compact']]} onChange={(value) => setPrefs({ density: value })} />
        <Select label="Time" value={clock} options={[['auto', 'As the browser'], ['24', '24 hours'], ['12', '12 hours']]} onChange={(value) => setPrefs({ clock: value })} />
      </div>
      <Switch label="Enter sends" checked={enterSends} onChange={(value) => setPrefs({ enterSends: value })} hint="Otherwise Enter begins a new line, and Ctrl Enter sends." />
    </section>
  );
}

function Notifications() {
  const { sound: sounds, desktop } = prefs.value;
  const denied = 'Notification' in window && Notification.permission === 'denied';
  const setDesktop = async (on: boolean) => {
    if (on && !(await askPermission())) return say('The browser does not allow it. Its settings of this page do.', true);
    setPrefs({ desktop: on });
  };
  return (
    <section class="block" aria-labelledby="notify-title">
      <h2 id="notify-title">Notifications</h2>
      <p class="hint">Of direct messages, mentions, and rooms that you have set to every message. Each room has its own level; “do not disturb” silences all.</p>
      <Switch
        label="Notifications of the browser" checked={desktop && !denied} onChange={(on) => void setDesktop(on)} disabled={!('Notification' in window)}
        hint={denied ? 'Refused in the settings of the browser.' : 'While this page is open in some tab.'}
      />
      <Switch
        label="Sound" checked={sounds}
        onChange={(on) => {
          setPrefs({ sound: on });
          if (on) void sound();
        }}
      />
    </section>
  );
}

function Password() {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const { submit, error, busy } = useSubmit(async () => {
    await account.password(old, fresh);
    setOld('');
    setFresh('');
    say('Changed. Other devices are signed out.');
  });
  return (
    <section class="block" aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <form onSubmit={submit}>
        <input type="text" autocomplete="username" value={me.value.username} hidden readOnly />
        <Field label="Current password" type="password" value={old} onInput={setOld} autocomplete="current-password" required error={fieldError(error, 'old')} />
        <Field label="New password" type="password" value={fresh} onInput={setFresh} autocomplete="new-password" required error={fieldError(error, 'new')} />
        {!fieldError(error, 'old') && !fieldError(error, 'new') && <Problem error={error} />}
        <button type="submit" class="primary" disabled={busy || !old || !fresh}>
          Change it
        </button>
      </form>
    </section>
  );
}

function Sessions() {
  const { data, error, again } = useLoad(async () => {
    const [{ sessions }, { session }] = await Promise.all([account.sessions(), account.me()]);
    return { sessions, here: session.id };
  }, []);
  return (
    <section class="block" aria-labelledby="sessions-title">
      <h2 id="sessions-title">Where you are signed in</h2>
      <Problem error={error} />
      <ul class="rows">
        {data?.sessions.map((session) => (
          <li key={session.id}>
            <div>
              <p>
                <bdi>{session.user_agent || 'A browser'}</bdi> {session.id === data.here && <span class="tag good">this one</span>}
              </p>
              <small>
                since <Time at={session.created_at} form="brief" />
              </small>
            </div>
            {session.id !== data.here && (
              <button type="button" class="quiet" aria-label={`End the session of ${new Date(session.created_at).toLocaleString()}`} onClick={() => void attempt(account.endSession(session.id), 'Ended.').then(again)}>
                End
              </button>
            )}
          </li>
        ))}
      </ul>
      <button
        type="button" class="quiet danger-text"
        onClick={() => confirm({ title: 'Sign out everywhere?', text: <p>On all devices, this one too.</p>, action: 'Sign out', danger: true, run: () => signOut(true) })}
      >
        Sign out everywhere
      </button>
    </section>
  );
}
