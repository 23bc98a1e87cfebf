// What stands around the dashboards: which there are, whether the page is connected, and who looks.
import { useEffect, useState } from 'preact/hooks';
import { visible } from '../../console/src/format';
import { href, route } from '../../console/src/router';
import { ApiError, listing } from './api';
import { DashboardPage } from './dashboard';
import { hangUp, link } from './live';
import { type Dashboard, type Listing, titleOf, titleOfChart } from './model';
import { dropToken, identify, loadConfig, lost, signOut, who } from './session';
import { SignIn } from './sign_in';
import { Empty, Mark, Problem } from './ui';

const LOOK_MS = 10_000;
const TOO_OFTEN_MS = 2_000;

/** The listing, looked at again while the page is open: files come, change and go. */
function useListing(): { listed: Listing | undefined; error: Error | undefined; again: () => void } {
  const [state, setState] = useState<{ listed?: Listing; error?: Error; text: string }>({ text: '' });
  const [round, setRound] = useState(0);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    const look = async () => {
      if (document.hidden) return;
      setAsked(Date.now());
      try {
        const listed = await listing(stop.signal);
        const text = JSON.stringify(listed);
        // What is the same stays the same object, so that nothing begins anew.
        setState((before) => (before.text === text && !before.error ? before : { listed: before.text === text ? before.listed : listed, text }));
      } catch (error) {
        if (stop.signal.aborted) return;
        if (error instanceof ApiError && error.status === 401 && who.value === 'token') {
          dropToken(`The server does not take the token: ${error.message}`);
          hangUp();
          setRound((before) => before + 1);
          return;
        }
        setState((before) => ({ ...before, error: error as Error }));
      }
    };
    void look();
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [round]);
  return {
    listed: state.listed,
    error: state.error,
    again: () => {
      if (Date.now() - asked > TOO_OFTEN_MS) setRound((before) => before + 1);
    },
  };
}

const LINKS: Record<string, [string, boolean]> = {
  online: ['Live', true],
  connecting: ['Connecting…', false],
  offline: ['Reconnecting…', false],
  off: ['Not live', false],
};

function Bar({ ask, leave }: { ask: () => void; leave: () => void }) {
  const [text, on] = LINKS[link.value] ?? ['', false];
  return (
    <header class="bar">
      <a class="brand" href={href('')}>
        <Mark />
        <span>Dashboards</span>
      </a>
      <div class="side">
        {text && (
          <span class="status" role="status">
            <i class="dot" data-on={on} />
            {text}
          </span>
        )}
        {who.value === 'nobody' ? (
          <button type="button" class="plain" onClick={ask}>
            Sign in
          </button>
        ) : (
          <button type="button" class="plain" onClick={leave}>
            {who.value === 'token' ? 'Drop the token' : 'Sign out'}
          </button>
        )}
      </div>
    </header>
  );
}

function Broken({ broken }: { broken: Listing['broken'] }) {
  if (broken.length === 0) return null;
  return (
    <details class="card broken" open>
      <summary>{broken.length === 1 ? 'One file is not served' : `${broken.length} files are not served`}</summary>
      {broken.map(({ file, reason }) => (
        <pre key={file + reason} tabIndex={0}>
          {reason}
        </pre>
      ))}
    </details>
  );
}

const EXAMPLE = `-- Orders by hour.
-- @auth none
-- @live key=hour
-- @chart line x=hour y=orders
select date_trunc('hour', created_at) as hour, count(*) as orders from orders group by 1`;

function Index({ dashboards }: { dashboards: Dashboard[] }) {
  return (
    <>
      <h1>Dashboards</h1>
      {dashboards.length === 0 && (
        <div class="card">
          <Empty title={who.value === 'nobody' ? 'Nothing that everybody may see' : 'No dashboard that you may see'}>
            <p>
              A line <code>@chart</code> in a <code>.sql</code> file makes a panel; each folder with such files is a dashboard.
              {who.value === 'nobody' ? ' Those that need a caller show up once you sign in.' : ''}
            </p>
            <pre tabIndex={0}>{EXAMPLE}</pre>
          </Empty>
        </div>
      )}
      <ul class="index">
        {dashboards.map(({ folder, queries }) => (
          <li key={folder}>
            <a class="card" href={href(folder === '' ? 'd' : `d/${folder}`)}>
              <h2>{titleOf(folder)}</h2>
              <p class="soft">{queries.flatMap((query) => query.charts.map((chart) => visible(titleOfChart(query, chart)))).join(' · ')}</p>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function Content({ listed, again }: { listed: Listing; again: () => void }) {
  const { page } = route.value;
  const { dashboards, database, user } = listed;
  const folder = page === '' && dashboards.length === 1 ? dashboards[0]?.folder : page === 'd' ? '' : page.startsWith('d/') ? page.slice(2) : undefined;
  const found = dashboards.find((each) => each.folder === folder);
  const title = found ? titleOf(found.folder) : 'Dashboards';
  useEffect(() => {
    document.title = `${title} · Tidemill`;
  }, [title]);
  if (found) return <DashboardPage key={found.folder} dashboard={found} database={database} user={user} gone={again} />;
  if (page === '') return <Index dashboards={dashboards} />;
  return (
    <>
      <h1>{titleOf(folder ?? '')}</h1>
      <Empty title="There is no such dashboard, or it is not for you">
        <p>
          {who.value === 'nobody' ? 'Sign in to see it, if it is there. ' : ''}
          <a href={href('')}>Those that you may see</a>
        </p>
      </Empty>
    </>
  );
}

function Frame() {
  const { listed, error, again } = useListing();
  const [asks, setAsks] = useState(lost.value !== '');
  const changed = async () => {
    hangUp();
    location.reload();
  };
  const leave = async () => {
    await signOut().catch(() => undefined);
    await changed();
  };
  useEffect(() => {
    if (lost.value !== '') setAsks(true);
  }, [lost.value]);
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        To the content
      </a>
      <Bar ask={() => setAsks(true)} leave={() => void leave()} />
      <main id="content" tabIndex={-1} aria-busy={!listed && !error}>
        {error && <Problem error={error} />}
        {listed && <Broken broken={listed.broken} />}
        {listed && <Content listed={listed} again={again} />}
        {!listed && !error && <p class="loading">Loading…</p>}
      </main>
      {asks && (
        <SignIn
          close={(is) => {
            setAsks(false);
            lost.value = '';
            if (is) void changed();
          }}
        />
      )}
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

export function App() {
  const [error, setError] = useState<Error>();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    loadConfig()
      .then(identify)
      .then(() => setReady(true), setError);
  }, []);
  if (error) return <main>{<Problem error={new ApiError(0, error.message)} />}</main>;
  return ready ? <Frame /> : <main aria-busy="true" />;
}
