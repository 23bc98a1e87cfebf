// People who have an account, and what they may do in the console.
import { useState } from 'preact/hooks';
import { Action } from '../action';
import { call } from '../api';
import { plural } from '../format';
import { usePoll } from '../poll';
import { route, setQuery } from '../router';
import { type Role } from '../session';
import { Card, Choice, Code, CopyCurl, Empty, Link, Name, Search, Shown, Table, Tag, Time } from '../ui';

const LOOK_MS = 5000;

interface Account {
  id: string;
  username: string;
  name: string;
  email?: string;
  role: string;
  disabled: boolean;
  console: Role | '';
  created_at: number;
}

const RIGHTS: [Role | '', string][] = [['', 'none'], ['viewer', 'viewer'], ['operator', 'operator'], ['admin', 'admin']];

export function People() {
  const query = route.value.query;
  const find = query.get('find') ?? '';
  const cursor = query.get('after') ?? '';
  const params = { query: find, ...(cursor && { cursor }), limit: 50 };
  const [link, setLink] = useState<{ username: string; url: string }>();
  const state = usePoll((stop) => call<{ users: Account[]; cursor: string | null }>('accounts_users', params, stop), LOOK_MS, [find, cursor]);
  return (
    <>
      <div class="filters">
        <Search label="User name, name or mail" value={find} placeholder="all" onSearch={(text) => setQuery({ find: text, after: undefined })} />
        <Link to="audit" class="button">
          Audit log
        </Link>
      </div>
      {link && (
        <Card title={<>For <Name text={link.username} />: once, to choose a new password</>}>
          <div class="pad">
            <Code text={link.url} label="Copy" />
          </div>
        </Card>
      )}
      <Shown of={state}>
        {({ users, cursor: next }) => (
          <Card title={plural(users.length, 'account')} side={<CopyCurl method="accounts_users" params={params} />}>
            {users.length === 0 ? (
              <Empty title="Nobody." line={find ? undefined : 'tidemill accounts owner-link'}>
                {!find && 'The first owner comes in by a link:'}
              </Empty>
            ) : (
              <Table label="Accounts" rows={users} keyOf={(user) => user.id} columns={columns((username, url) => setLink({ username, url }))} />
            )}
            <p class="row pad">
              {cursor && <Link to="people" query={{ find }}>First page</Link>}
              {next && <Link to="people" query={{ find, after: next }}>Next page</Link>}
            </p>
          </Card>
        )}
      </Shown>
    </>
  );
}

function columns(onLink: (username: string, url: string) => void) {
  return [
    { name: 'User', cell: (user: Account) => <Name text={user.username} /> },
    { name: 'Name', cell: (user: Account) => <Name text={user.name} /> },
    { name: 'Mail', cell: (user: Account) => <Name text={user.email} of="–" /> },
    { name: 'Chat', cell: (user: Account) => <>{user.role} {user.disabled && <Tag state="disabled" tone="warn" />}</> },
    { name: 'Console', cell: (user: Account) => <Right user={user} /> },
    { name: 'Since', cell: (user: Account) => <Time at={user.created_at} /> },
    {
      name: 'Do',
      cell: (user: Account) => (
        <div class="row">
          <Action
            label={user.disabled ? 'Enable' : 'Disable'}
            name={`${user.disabled ? 'Enable' : 'Disable'} ${user.username}`}
            danger={!user.disabled}
            method="accounts_change"
            params={{ username: user.username, disabled: !user.disabled }}
            says={user.disabled ? 'The account can log in again.' : 'The sessions and connections of the account end on every node, and it can log in no more.'}
            done={() => (user.disabled ? 'Enabled.' : 'Disabled.')}
          />
          <Action
            label="New password"
            name={`New password for ${user.username}`}
            method="accounts_reset"
            params={{ username: user.username }}
            says="A link is made with which its reader chooses a new password for this account, once. Give it to that person only."
            done={(result) => {
              onLink(user.username, String(result.url));
              return 'The link stands above.';
            }}
          />
          <Link to="audit" query={{ actor: user.username }}>Log</Link>
        </div>
      ),
    },
  ];
}

/** Of an owner it cannot be changed: whoever manages the server may see it. */
function Right({ user }: { user: Account }) {
  const [wanted, setWanted] = useState<string>(user.console);
  if (user.role === 'owner') return <>admin, as owner</>;
  return (
    <div class="row">
      <Choice label={`Console role of ${user.username}`} value={wanted} options={RIGHTS} onChoose={setWanted} />
      {wanted !== user.console && (
        <Action
          label="Give"
          name={`Give ${user.username} the role ${wanted || 'none'}`}
          danger={wanted === 'admin'}
          method="accounts_change"
          params={{ username: user.username, console: wanted }}
          typed={wanted === 'admin' ? user.username : undefined}
          says={wanted === 'admin' ? 'An admin can do whatever http_api.key opens, and so also make themselves an owner.' : 'It holds within a second, on every node.'}
          done={() => 'Changed.'}
        />
      )}
    </div>
  );
}
