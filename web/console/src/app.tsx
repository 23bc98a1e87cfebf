// What stands around the pages: where one goes, whether it is live, and who signs in.
import { useEffect, useState } from 'preact/hooks';
import { whoAmI } from './accounts';
import { ActionDialog } from './action';
import { scopeOf } from './api';
import { hidden, paused } from './poll';
import { Audit } from './pages/audit';
import { Batches } from './pages/batches';
import { ChannelPage } from './pages/channel';
import { Channels } from './pages/channels';
import { Connections } from './pages/connections';
import { JobPage } from './pages/job';
import { Jobs } from './pages/jobs';
import { MetricsPage } from './pages/metrics';
import { Outbox } from './pages/outbox';
import { Overview } from './pages/overview';
import { People } from './pages/people';
import { Queues } from './pages/queues';
import { Schedules } from './pages/schedules';
import { Server } from './pages/server';
import { leave, SignIn } from './pages/sign_in';
import { Sql } from './pages/sql';
import { Tokens } from './pages/tokens';
import { Workers } from './pages/workers';
import { go, href, route } from './router';
import { at, type Config, config, hides, key, person, readOnly, refusal, role, scope, setReadOnly, signOut } from './session';
import { Name, Problem, Said } from './ui';

interface Page {
  title: string;
  of: string;
  show: () => preact.JSX.Element | null;
  /** About jobs: a key of http_api.jobs_key opens it. */
  jobs?: boolean;
  /** About people: for admins, where there are accounts. */
  people?: boolean;
  /** Not for viewers. */
  operators?: boolean;
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
  people: { title: 'People', of: 'people', show: People, people: true },
  audit: { title: 'Audit log', of: 'people', show: Audit, people: true },
  server: { title: 'Server', of: 'server', show: Server, operators: true },
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
  ['server', 'Server'],
  ['people', 'People'],
  ['metrics', 'Metrics'],
];

function admitted(page: Page | undefined): boolean {
  if (page?.people) return scope.value === 'all' && config.value?.accounts === true && role.value === 'admin';
  if (page?.operators && role.value === 'viewer') return false;
  return scope.value === 'all' || page?.jobs === true;
}

function whyNotAdmitted(page: Page): string {
  if (page.operators && role.value === 'viewer') return 'This page is for operators and admins.';
  if (!page.people) return 'This key opens methods about jobs only.';
  return config.value?.accounts ? 'This page is for admins.' : 'This server has no accounts (accounts.enabled).';
}

/** The settings of the page, and the key of this tab if the server takes it, or else who has signed in in this browser. */
async function begin(): Promise<void> {
  const response = await fetch(at('console/config.json'), { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok) throw new Error(`console/config.json: status ${response.status}`);
  config.value = (await response.json()) as Config;
  if (!config.value.needs_key) {
    scope.value = 'all';
    return;
  }
  if (key() === '') {
    const who = config.value.accounts ? await whoAmI().catch(() => undefined) : undefined;
    person.value = who;
    if (who?.console) scope.value = 'all';
    return;
  }
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
  const title = found?.title ?? 'No such page';
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
          {whyReadOnly()}
        </p>
      )}
      <main id="content" tabIndex={-1}>
        <h1>{title}</h1>
        {Show ? <Show key={identity()} /> : <p>{found ? whyNotAdmitted(found) : 'The menu has what there is.'}</p>}
      </main>
      <Said />
      <ActionDialog />
    </>
  );
}

function whyReadOnly(): string {
  if (config.value?.read_only) return 'This server is shown for demonstration (console.read_only): nothing that acts is offered.';
  if (role.value === 'viewer') return 'You are a viewer: you see all that runs, and change nothing.';
  return 'Read only: what acts is hidden in this tab. That protects nothing: whoever uses it can do all of it.';
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
        {role.value !== 'viewer' && !config.value?.read_only && (
          <label class="check" title="Hides what acts, in this tab. It protects nothing: you can do it all the same.">
            <input type="checkbox" checked={hides.value} onChange={(event) => setReadOnly(event.currentTarget.checked)} />
            Read only
          </label>
        )}
        {person.value && (
          <span class="who" title={`${role.value} in the console`}>
            <Name text={person.value.username} />, {role.value}
          </span>
        )}
        {config.value?.needs_key && (
          <button type="button" class="plain" onClick={leave}>
            Sign out
          </button>
        )}
        <span class="version">{config.value?.version}</span>
      </div>
    </header>
  );
}
