// What stands around the pages: where one goes, whether it is live, and who signs in.
import { useEffect, useState } from 'preact/hooks';
import { ActionDialog } from './action';
import { scopeOf } from './api';
import { hidden, paused } from './poll';
import { Batches } from './pages/batches';
import { ChannelPage } from './pages/channel';
import { Channels } from './pages/channels';
import { Connections } from './pages/connections';
import { JobPage } from './pages/job';
import { Jobs } from './pages/jobs';
import { MetricsPage } from './pages/metrics';
import { Outbox } from './pages/outbox';
import { Overview } from './pages/overview';
import { Queues } from './pages/queues';
import { Schedules } from './pages/schedules';
import { SignIn } from './pages/sign_in';
import { Sql } from './pages/sql';
import { Tokens } from './pages/tokens';
import { Workers } from './pages/workers';
import { go, href, route } from './router';
import { at, type Config, config, key, readOnly, refusal, scope, setReadOnly, signOut } from './session';
import { Problem, Said } from './ui';

interface Page {
  title: string;
  of: string;
  show: () => preact.JSX.Element | null;
  /** About jobs: a key of http_api.jobs_key opens it. */
  jobs?: boolean;
}

const PAGES: Record<string, Page> = {
  '': { title: 'Overview', of: '', show: Overview },
  channels: { title: 'Channels', of: 'channels', show: Channels },
  channel: { title: 'Channel', of: 'channels', show: ChannelPage },
  connections: { title: 'Connections', of: 'connections', show: Connections },
  jobs: { title: 'Queues', of: 'jobs', show: Queues, jobs: true },
  'jobs/list': { title: 'Jobs', of: 'jobs', show: Jobs, jobs: true },
  'jobs/job': { title: 'Job', of: 'jobs', show: JobPage, jobs: true },
  'jobs/schedules': { title: 'Schedules', of: 'jobs', show: Schedules, jobs: true },
  'jobs/batches': { title: 'Batches and sequences', of: 'jobs', show: Batches, jobs: true },
  'jobs/workers': { title: 'Workers', of: 'jobs', show: Workers, jobs: true },
  sql: { title: 'SQL endpoints', of: 'sql', show: Sql },
  outbox: { title: 'Outbox', of: 'outbox', show: Outbox },
  tokens: { title: 'Tokens', of: 'tokens', show: Tokens, jobs: true },
  metrics: { title: 'Metrics', of: 'metrics', show: MetricsPage, jobs: true },
};

const MENU: [string, string][] = [
  ['', 'Overview'],
  ['channels', 'Channels'],
  ['connections', 'Connections'],
  ['jobs', 'Jobs'],
  ['sql', 'SQL'],
  ['outbox', 'Outbox'],
  ['tokens', 'Tokens'],
  ['metrics', 'Metrics'],
];

const admitted = (page: Page | undefined) => scope.value === 'all' || page?.jobs === true;

/** The settings of the page, and the key of this tab if the server takes it. */
async function begin(): Promise<void> {
  const response = await fetch(at('console/config.json'), { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok) throw new Error(`console/config.json: status ${response.status}`);
  config.value = (await response.json()) as Config;
  if (!config.value.needs_key) {
    scope.value = 'all';
    return;
  }
  if (key() === '') return;
  try {
    scope.value = await scopeOf(key());
  } catch (error) {
    signOut(`The server does not take this key: ${(error as Error).message}`);
  }
}

export function App() {
  const [error, setError] = useState<Error>();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    begin()
      .catch((failed: Error) => setError(failed))
      .finally(() => setReady(true));
  }, []);
  if (error) return <main class="alone"><Problem error={error} hint="Load the page again when the server runs." /></main>;
  if (!ready) return <main class="alone" aria-busy="true" />;
  if (scope.value === 'none') return <SignIn refusal={refusal.value} />;
  return <Frame />;
}

function Frame() {
  const found = PAGES[route.value.page];
  useEffect(() => {
    if (scope.value === 'jobs' && route.value.page === '') go('jobs');
  }, []);
  const page = found && admitted(found) ? found : undefined;
  const title = page?.title ?? 'No such page';
  useEffect(() => {
    document.title = `${title} · Tidemill console`;
  }, [title]);
  const Show = page?.show;
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        To the content
      </a>
      <Bar of={page?.of ?? ''} />
      {readOnly.value && (
        <p class="banner" role="note">
          Read only: what acts is hidden in this tab. That protects nothing: whoever has the key can do all of it.
        </p>
      )}
      <main id="content" tabIndex={-1}>
        <h1>{title}</h1>
        {Show ? <Show key={identity()} /> : <p>{found ? 'This key opens methods about jobs only.' : 'The menu has what there is.'}</p>}
      </main>
      <Said />
      <ActionDialog />
    </>
  );
}

/** Pages about one thing begin anew with another. */
function identity(): string {
  const { page, query } = route.value;
  return `${page} ${query.get('name') ?? ''} ${query.get('jid') ?? ''}`;
}

function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Bar({ of }: { of: string }) {
  useEffect(() => {
    for (const link of document.querySelectorAll('nav [aria-current]')) link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
  const entries = MENU.filter(([page]) => admitted(PAGES[page]));
  return (
    <header class="bar">
      <a class="brand" href={href(scope.value === 'jobs' ? 'jobs' : '')}>
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M4 13q4-5 8 0t8 0 8 0M4 21q4-5 8 0t8 0 8 0" />
        </svg>
        <span>Tidemill</span>
      </a>
      <nav aria-label="Pages">
        {entries.map(([page, text]) => (
          <a key={page} href={href(page)} aria-current={page === of ? 'page' : undefined}>
            {text}
          </a>
        ))}
      </nav>
      <div class="tools">
        <button type="button" class="plain live" aria-pressed={!paused.value} onClick={() => (paused.value = !paused.value)}>
          <span class="dot" aria-hidden="true" data-on={!paused.value && !hidden.value} />
          {paused.value ? 'Paused' : 'Live'}
        </button>
        <label class="check" title="Hides what acts, in this tab. It protects nothing: the key can do it all the same.">
          <input type="checkbox" checked={readOnly.value} onChange={(event) => setReadOnly(event.currentTarget.checked)} />
          Read only
        </label>
        {config.value?.needs_key && (
          <button type="button" class="plain" onClick={() => signOut()}>
            Sign out
          </button>
        )}
        <span class="version">{config.value?.version}</span>
      </div>
    </header>
  );
}
