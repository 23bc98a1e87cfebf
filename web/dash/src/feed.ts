// The rows of one query, as they are now: from its channel where it is live, otherwise asked again and again.
import { effect, signal, type Signal, untracked } from '@preact/signals';
import { ApiError, ask } from './api';
import { type Entry, follow, type Link, link, linkReason } from './live';
import { channelOf, type Query, type Request, type Row, rowsOf } from './model';
import { config } from './session';

/** How the rows come; 'stale': they do not just now, and are those of before. */
export type State = 'loading' | 'live' | 'polled' | 'stale' | 'failed';

export interface Feed {
  rows: Signal<readonly Row[] | undefined>;
  state: Signal<State>;
  error: Signal<Error | undefined>;
  /** Why they are asked for again and again though the query is live; ''. */
  notLive: Signal<string>;
  /** Milliseconds since 1970: the last time that they were other ones; when they came first. */
  changedAt: Signal<number>;
  firstAt: Signal<number>;
  /** As of when what is stale is right. */
  goodAt: Signal<number>;
  /** Asks at once. */
  again: () => void;
  end: () => void;
}

const POLL_MS = 5_000;
const POLL_MAX_MS = 30_000;
const REFOLLOW_MS = 30_000;
/** A connection that is lost for less is not worth a word. */
const GRACE_MS = 2_000;

/** Not a matter of time: the same request fails again. */
const lasting = (error: Error): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429 && error.status !== 408;

function openFeed(query: Query, request: Request, user: string): Feed {
  const feed = {
    rows: signal<readonly Row[] | undefined>(undefined),
    state: signal<State>('loading'),
    error: signal<Error | undefined>(undefined),
    notLive: signal(''),
    changedAt: signal(0),
    firstAt: signal(0),
    goodAt: signal(0),
  };
  const channel = channelOf(query, request, config.value.live, user);
  const stop = new AbortController();
  let text = '';
  let polling = false;
  let pollTimer: ReturnType<typeof setTimeout> | undefined;
  let followTimer: ReturnType<typeof setTimeout> | undefined;
  let staleTimer: ReturnType<typeof setTimeout> | undefined;
  let unfollow: (() => void) | undefined;
  let failures = 0;

  const take = (rows: readonly Row[], state: State) => {
    const now = Date.now();
    const written = JSON.stringify(rows);
    if (feed.rows.value === undefined) feed.firstAt.value = now;
    if (feed.rows.value === undefined || written !== text) {
      text = written;
      feed.rows.value = rows;
      feed.changedAt.value = now;
    }
    feed.goodAt.value = now;
    feed.error.value = undefined;
    feed.state.value = state;
  };

  const schedulePoll = (ms: number) => {
    clearTimeout(pollTimer);
    pollTimer = setTimeout(() => void poll(), ms);
  };
  const poll = async () => {
    if (!polling) return;
    if (document.hidden) {
      schedulePoll(POLL_MS);
      return;
    }
    try {
      const rows = await ask(query, request, stop.signal);
      if (!polling) return;
      failures = 0;
      take(rows, 'polled');
      schedulePoll(POLL_MS);
    } catch (error) {
      if (stop.signal.aborted || !polling) return;
      failures++;
      feed.error.value = error as Error;
      feed.state.value = feed.rows.value === undefined || lasting(error as Error) ? 'failed' : 'stale';
      // What it may not see any more does not stay on the page.
      if (lasting(error as Error)) feed.rows.value = undefined;
      const retry = error instanceof ApiError ? error.retryAfterMs : 0;
      schedulePoll(Math.min(POLL_MAX_MS, Math.max(retry, POLL_MS * 2 ** Math.min(failures - 1, 3))));
    }
  };
  const startPolling = () => {
    if (polling) return;
    polling = true;
    void poll();
  };
  const stopPolling = () => {
    polling = false;
    clearTimeout(pollTimer);
  };

  const startFollowing = () => {
    if (unfollow || channel === '' || link.value === 'off') return;
    unfollow = follow(channel, !query.everybody, {
      changed: (entries: ReadonlyMap<string, Entry>) => {
        stopPolling();
        feed.notLive.value = '';
        const inOrder = [...entries.values()].sort((a, b) => b.order - a.order);
        take(rowsOf(query, inOrder.map(({ data }) => data)), link.value === 'online' ? 'live' : 'stale');
      },
      subscribed: () => {
        if (feed.state.value === 'stale' && !polling) feed.state.value = 'live';
      },
      waiting: (why) => {
        feed.notLive.value = why;
        startPolling();
      },
      ended: (why) => {
        unfollow?.();
        unfollow = undefined;
        feed.notLive.value = why;
        startPolling();
        followTimer = setTimeout(startFollowing, REFOLLOW_MS);
      },
    });
  };

  // A lost connection: what is shown is of before, and comes right when it is back.
  const onLink = (now: Link) => {
    clearTimeout(staleTimer);
    if (now === 'off') {
      unfollow?.();
      unfollow = undefined;
      feed.notLive.value = linkReason.value;
      startPolling();
    } else if (now === 'offline') {
      feed.goodAt.value = Date.now();
      staleTimer = setTimeout(() => {
        if (feed.state.value === 'live') feed.state.value = 'stale';
      }, GRACE_MS);
    }
  };
  const watchLink = effect(() => {
    const now = link.value;
    if (channel !== '') untracked(() => onLink(now));
  });

  if (channel === '') startPolling();
  else startFollowing();
  return {
    ...feed,
    again: () => {
      failures = 0;
      if (polling) schedulePoll(0);
      else if (!unfollow) startPolling();
    },
    end: () => {
      watchLink();
      unfollow?.();
      stopPolling();
      clearTimeout(followTimer);
      clearTimeout(staleTimer);
      stop.abort();
    },
  };
}

const shared = new WeakMap<Query, Map<string, { feed: Feed; users: number }>>();

/** The feed of a request, which all panels of its query share; it ends when all have given it back. */
export function borrowFeed(query: Query, request: Request, user: string): { feed: Feed; giveBack: () => void } {
  const key = JSON.stringify([request.path, request.query, user]);
  const feeds = shared.get(query) ?? new Map<string, { feed: Feed; users: number }>();
  shared.set(query, feeds);
  const held = feeds.get(key) ?? { feed: openFeed(query, request, user), users: 0 };
  held.users++;
  feeds.set(key, held);
  return {
    feed: held.feed,
    giveBack: () => {
      if (--held.users > 0) return;
      feeds.delete(key);
      held.feed.end();
    },
  };
}
