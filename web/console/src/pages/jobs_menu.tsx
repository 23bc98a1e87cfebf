// The way between the pages about jobs, and what stands there when jobs are off.
import { type ComponentChildren } from 'preact';
import { href, route } from '../router';
import { config } from '../session';
import { Off } from '../ui';

const PAGES: [string, string][] = [
  ['jobs', 'Queues'],
  ['jobs/list', 'Jobs'],
  ['jobs/schedules', 'Schedules'],
  ['jobs/batches', 'Batches'],
  ['jobs/workers', 'Workers'],
];

export function JobsFrame({ children }: { children: () => ComponentChildren }) {
  if (!config.value?.jobs) {
    return (
      <Off what="Background jobs" lines={'[jobs]\nenabled = true\n\n[storage.sqlite]\npath = "tidemill.db"'}>
        They are kept in a database, SQLite or <code>storage.postgres.url</code>.
      </Off>
    );
  }
  const current = route.value.page === 'jobs/job' ? 'jobs/list' : route.value.page;
  return (
    <>
      <nav class="tabs" aria-label="Jobs">
        {PAGES.map(([page, text]) => (
          <a key={page} href={href(page)} aria-current={page === current ? 'page' : undefined}>
            {text}
          </a>
        ))}
      </nav>
      {children()}
    </>
  );
}
