// The realtime connection of the page: one for all live queries, which are map channels.
import { signal } from '@preact/signals';
import { Centrifuge, UnauthorizedError } from 'centrifuge';
import { at, bearer, config, who } from './session';

/** 'off': the server takes no connection of this caller; then pages ask again and again. */
export type Link = 'none' | 'connecting' | 'online' | 'offline' | 'off';
export const link = signal<Link>('none');
/** Why it is off. */
export const linkReason = signal('');

let client: Centrifuge | undefined;

async function tokenNow(): Promise<string> {
  const token = await bearer();
  if (token === '') throw new UnauthorizedError('there is no token any more');
  return token;
}

function connection(): Centrifuge {
  if (client) return client;
  const address = at(config.value.websocket).replace(/^http/, 'ws');
  client = new Centrifuge(address, {
    ...(who.value === 'nobody' ? {} : { getToken: tokenNow }),
    minReconnectDelay: 300,
    maxReconnectDelay: 5_000,
  });
  client.on('connecting', () => {
    link.value = link.value === 'online' || link.value === 'offline' ? 'offline' : 'connecting';
  });
  client.on('connected', () => {
    link.value = 'online';
  });
  client.on('disconnected', ({ code, reason }) => {
    if (code === 0) return;
    linkReason.value = reason;
    link.value = 'off';
  });
  link.value = 'connecting';
  client.connect();
  return client;
}

/** After one is somebody else: nothing of who one was goes on. */
export function hangUp(): void {
  client?.disconnect();
  client = undefined;
  link.value = 'none';
}

export interface Entry {
  data: unknown;
  /** The higher, the further up in the result. */
  order: number;
}

interface MapEntry {
  key: string;
  data: unknown;
  tags?: Record<string, string>;
  removed?: boolean;
}

export interface Follower {
  /** All entries there are now, by their keys; called after each change, and many at once are one. */
  changed: (entries: ReadonlyMap<string, Entry>) => void;
  /** It follows, from now on or again; what was missed comes as a change. */
  subscribed: () => void;
  /** Not followed just now; the client tries again by itself. */
  waiting: (why: string) => void;
  /** Not followed any more. */
  ended: (why: string) => void;
}

const TOGETHER_MS = 50;
const entryOf = ({ data, tags }: MapEntry): Entry => ({ data, order: Number(tags?.order ?? 0) });

/** Follows a live query until what it returns is called. */
export function follow(channel: string, withToken: boolean, on: Follower): () => void {
  const of = connection();
  const before = of.getMapSubscription(channel);
  if (before) {
    before.unsubscribe();
    of.removeMapSubscription(before);
  }
  const subscription = of.newMapSubscription(channel, withToken ? { getToken: tokenNow } : {});
  const entries = new Map<string, Entry>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      on.changed(entries);
    }, TOGETHER_MS);
  };
  subscription.on('sync', ({ entries: all }: { entries: MapEntry[] }) => {
    entries.clear();
    for (const entry of all) entries.set(entry.key, entryOf(entry));
    tell();
  });
  subscription.on('update', (entry: MapEntry) => {
    if (entry.removed) entries.delete(entry.key);
    else entries.set(entry.key, entryOf(entry));
    tell();
  });
  subscription.on('subscribed', () => on.subscribed());
  subscription.on('error', ({ error }: { error: { message: string } }) => on.waiting(error.message));
  subscription.on('unsubscribed', ({ code, reason }: { code: number; reason: string }) => {
    if (code !== 0) on.ended(reason);
  });
  subscription.subscribe();
  return () => {
    clearTimeout(timer);
    subscription.removeAllListeners();
    subscription.unsubscribe();
    // Another may have taken the channel over.
    if (of.getMapSubscription(channel) === subscription) of.removeMapSubscription(subscription);
  };
}
