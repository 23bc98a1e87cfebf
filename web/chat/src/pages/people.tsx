// People and invites, for the owner and administrators.
import { useEffect, useState } from 'preact/hooks';
import type { Account, Role } from '../model/types';
import { attempt } from '../state/announce';
import { account, type AuditEntry, type Invite } from '../state/api';
import { me } from '../state/store';
import { confirm, openDialog } from '../ui/dialog';
import { Page } from '../ui/page';
import { MenuButton, type MenuItem } from '../ui/popover';
import { Avatar, copyText, Empty, Field, Problem, Select, Time, useLoad, useSlow, useSubmit } from '../ui/ui';
import { copied } from '../state/message_actions';

const TABS = [['people', 'People'], ['invites', 'Invites'], ['audit', 'What happened']] as const;
type Tab = (typeof TABS)[number][0];

export function PeoplePage() {
  const [tab, setTab] = useState<Tab>('people');
  const invite = () => openDialog('Invite people', (close) => <NewInvite close={close} />);
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = TABS[(TABS.findIndex(([name]) => name === tab) + step + TABS.length) % TABS.length] as (typeof TABS)[number];
    setTab(next[0]);
    document.getElementById(`tab-${next[0]}`)?.focus();
  };
  return (
    <Page title="People and invites" tools={<button type="button" class="primary" onClick={invite}>Invite people</button>}>
      <div class="tabs" role="tablist" aria-label="People and invites" onKeyDown={move}>
        {TABS.map(([name, text]) => (
          <button key={name} id={`tab-${name}`} type="button" role="tab" aria-selected={tab === name} aria-controls="tab-panel" tabIndex={tab === name ? 0 : -1} onClick={() => setTab(name)}>
            {text}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {tab === 'people' ? <People /> : tab === 'invites' ? <Invites make={invite} /> : <Audit />}
      </div>
    </Page>
  );
}

const RANK: Record<Role, number> = { guest: 0, member: 1, admin: 2, owner: 3 };
const ROLES: [Role, string][] = [['owner', 'Owner'], ['admin', 'Administrator'], ['member', 'Member'], ['guest', 'Guest']];

/** Absolute, whatever the server gave. */
const linkOf = (url: string): string => new URL(url, location.href).href;

function showLink(title: string, text: string, url: string): void {
  openDialog(title, () => <Link text={text} url={linkOf(url)} />);
}

function Link({ text, url }: { text: string; url: string }) {
  return (
    <div class="one-link">
      <p>{text}</p>
      <div class="row">
        <input type="text" readOnly value={url} aria-label="Link" onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="primary" data-first onClick={() => void copyText(url).then(copied)}>
          Copy
        </button>
      </div>
    </div>
  );
}

function menuOf(user: Account, again: () => void): MenuItem[] {
  const own = RANK[me.value.role];
  const items: MenuItem[] = [];
  if (user.id === me.value.id || RANK[user.role] > own) return items;
  for (const [role, text] of ROLES) {
    if (RANK[role] > own) continue;
    items.push({ label: text, checked: user.role === role, run: () => void attempt(account.change(user.id, { role }), `${user.name}: ${text}.`).then(again) });
  }
  items.push({
    label: 'Link for a new password…', icon: 'link', apart: true,
    run: () => void attempt(account.resetLink(user.id)).then((answer) => answer && showLink(`New password of ${user.name}`, 'Whoever opens this link chooses the password. It works once.', answer.url)),
  });
  items.push(
    user.disabled
      ? { label: 'Let in again', icon: 'check', run: () => void attempt(account.change(user.id, { disabled: false }), 'Let in again.').then(again) }
      : {
          label: 'Shut out…', icon: 'lock', danger: true,
          run: () => confirm({
            title: `Shut ${user.name} out?`, text: <p>They are signed out everywhere and cannot come in. What they wrote stays.</p>, action: 'Shut out', danger: true,
            run: () => account.change(user.id, { disabled: true }).then(again),
          }),
        },
  );
  return items;
}

function People() {
  const [query, setQuery] = useState('');
  const [list, setList] = useState<Account[]>();
  const [cursor, setCursor] = useState<string>();
  const [error, setError] = useState<Error>();
  const asked = useSlow(query.trim(), 250);
  const load = (from: string | undefined, before: Account[]) =>
    account.users(asked, from).then(
      (answer) => {
        setList([...before, ...answer.users]);
        setCursor(answer.cursor || undefined);
        setError(undefined);
      },
      (failed: Error) => setError(failed),
    );
  const again = () => void load(undefined, []);
  useEffect(again, [asked]);
  return (
    <>
      <input class="big-search" type="search" aria-label="Find a person" placeholder="Find a person" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
      <Problem error={error} />
      <ul class="rows">
        {list?.map((user) => {
          const items = menuOf(user, again);
          return (
            <li key={user.id} class={user.disabled ? 'off' : ''}>
              <Avatar id={user.id} own={user.name} />
              <div>
                <p>
                  <b>
                    <bdi>{user.name}</bdi>
                  </b>{' '}
                  <span class="soft">@{user.username}</span> {user.id === me.value.id && <span class="tag">you</span>} {user.disabled && <span class="tag bad">shut out</span>}
                </p>
                <small>
                  {ROLES.find(([role]) => role === user.role)?.[1]} · since <Time at={user.created_at} form="brief" /> {user.email && <bdi>· {user.email}</bdi>}
                </small>
              </div>
              {items.length > 0 && <MenuButton label={`What to do with ${user.name}`} items={() => menuOf(user, again)} />}
            </li>
          );
        })}
      </ul>
      {cursor && (
        <button type="button" class="quiet" onClick={() => void load(cursor, list ?? [])}>
          More
        </button>
      )}
    </>
  );
}

function NewInvite({ close }: { close: () => void }) {
  const [role, setRole] = useState<Role>('member');
  const [uses, setUses] = useState('1');
  const [days, setDays] = useState('7');
  const { submit, error, busy } = useSubmit(async () => {
    const { invite } = await account.invite({ role, uses: Number(uses), expires_in_s: Number(days) * 86_400 });
    invited.run();
    close();
    showLink('Invite', 'Send this link to those whom you invite. It is shown only now.', invite.url ?? '');
  });
  const roles = ROLES.filter(([each]) => each !== 'owner' && RANK[each] <= RANK[me.value.role]);
  return (
    <form onSubmit={submit}>
      <Select label="They come in as" value={role} options={roles} onChange={setRole} hint={role === 'guest' ? 'Guests see only rooms that they were added to.' : undefined} />
      <Field label="How many people may use the link" type="number" value={uses} onInput={setUses} required />
      <Select label="It works for" value={days} options={[['1', 'a day'], ['7', 'a week'], ['30', '30 days']]} onChange={setDays} />
      <Problem error={error} />
      <div class="actions">
        <button type="button" class="quiet" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy || !(Number(uses) > 0)}>
          Make a link
        </button>
      </div>
    </form>
  );
}

/** The list of invites, while it is shown. */
const invited: { run: () => void } = { run: () => {} };

function Invites({ make }: { make: () => void }) {
  const { data, error, again } = useLoad(() => account.invites(), []);
  useEffect(() => {
    invited.run = again;
    return () => {
      invited.run = () => {};
    };
  });
  const invites: Invite[] = data?.invites ?? [];
  return (
    <>
      <Problem error={error} />
      {data && invites.length === 0 && (
        <Empty icon="people" title="No invites are open.">
          <button type="button" class="primary" onClick={make}>
            Invite people
          </button>
        </Empty>
      )}
      <ul class="rows">
        {invites.map((invite) => (
          <li key={invite.id}>
            <div>
              <p>
                As {ROLES.find(([role]) => role === invite.role)?.[1].toLowerCase() ?? invite.role}, for {invite.uses_left} {invite.uses_left === 1 ? 'person' : 'people'}
              </p>
              <small>
                until <Time at={invite.expires_at} form="brief" />
              </small>
            </div>
            <button type="button" class="quiet" aria-label={`Withdraw the invite until ${new Date(invite.expires_at).toLocaleString()}`} onClick={() => void attempt(account.uninvite(invite.id), 'Withdrawn.').then(again)}>
              Withdraw
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Audit() {
  const [entries, setEntries] = useState<AuditEntry[]>();
  const [cursor, setCursor] = useState<string>();
  const [error, setError] = useState<Error>();
  const load = (from: string | undefined, before: AuditEntry[]) =>
    account.audit(from).then(
      (answer) => {
        setEntries([...before, ...answer.entries]);
        setCursor(answer.cursor || undefined);
      },
      (failed: Error) => setError(failed),
    );
  useEffect(() => void load(undefined, []), []);
  return (
    <>
      <Problem error={error} />
      <ul class="rows">
        {entries?.map((entry) => (
          <li key={entry.id}>
            <div>
              <p>
                <b>{entry.action}</b> <bdi>{entry.target}</bdi>
              </p>
              <small>
                <bdi>{entry.actor || 'nobody signed in'}</bdi> · {entry.address} · <Time at={entry.at} form="brief" />
              </small>
            </div>
          </li>
        ))}
      </ul>
      {cursor && (
        <button type="button" class="quiet" onClick={() => void load(cursor, entries ?? [])}>
          More
        </button>
      )}
    </>
  );
}
