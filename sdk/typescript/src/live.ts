// A live query: its rows in the order of the query, kept current.
import type { Centrifuge, MapSubscription, Subscription } from 'centrifuge';
import { errorOf, TidemillError } from './errors.js';
import type { Followed, Source } from './shared.js';

/**
 * loading: no rows yet. live: they are current. stale: they were, and the connection is being made again. error: the
 * server has refused or ended it, `error` says why; the rows are those of before.
 */
export type Status = 'loading' | 'live' | 'stale' | 'error';

export interface LiveState<Row> {
  readonly status: Status;
  /** A row that has not changed is the same object as before, and so is the array if none has. */
  readonly rows: readonly Row[];
  /** With `loading` and `stale`: why it takes long, if that is known. */
  readonly error?: TidemillError;
}

export type LiveQuery<Row> = Followed<LiveState<Row>>;

export const LOADING: LiveState<never> = { status: 'loading', rows: [] };

/** What it needs of the client that it is of. */
export interface LiveSurroundings {
  client: Centrifuge;
  channel: () => Promise<string>;
  getToken: (() => Promise<string>) | undefined;
  connect: () => void;
}

interface Entry<Row> {
  row: Row;
  json: string;
  order: number;
}

/** What comes over the wire of one row. */
interface Update {
  key: string;
  data: unknown;
  tags?: Record<string, string>;
  removed?: boolean;
}

/** The rows of one map channel; a value is replaced only by another one. */
export class Rows<Row> {
  readonly #entries = new Map<string, Entry<Row>>();
  #sorted: readonly Row[] = [];

  reset(updates: readonly Update[]): void {
    const before = new Map(this.#entries);
    this.#entries.clear();
    for (const update of updates) this.#put(update, before.get(update.key));
  }

  apply(update: Update): void {
    if (update.removed) this.#entries.delete(update.key);
    else this.#put(update, this.#entries.get(update.key));
  }

  /** The same array as before, if the same rows are in the same order. */
  inOrder(): readonly Row[] {
    const entries = [...this.#entries.values()].sort((a, b) => b.order - a.order);
    const before = this.#sorted;
    if (entries.length === before.length && entries.every(({ row }, place) => row === before[place])) return before;
    this.#sorted = entries.map(({ row }) => row);
    return this.#sorted;
  }

  #put({ key, data, tags }: Update, before: Entry<Row> | undefined): void {
    const json = JSON.stringify(data);
    const row = before?.json === json ? before.row : (data as Row);
    this.#entries.set(key, { row, json, order: Number(tags?.order ?? 0) });
  }
}

export class LiveSource<Row> implements Source<LiveState<Row>> {
  state: LiveState<Row> = LOADING;
  readonly #rows = new Rows<Row>();
  #subscription: MapSubscription | undefined;
  #changed: () => void = () => {};
  #stopped = false;
  #awaitsTell = false;

  constructor(private readonly at: LiveSurroundings) {}

  start(changed: () => void): void {
    this.#changed = changed;
    this.at.client.on('disconnected', this.#onDisconnected);
    this.#follow().catch((error: unknown) => this.#fail(errorOf(error)));
  }

  stop(): void {
    this.#stopped = true;
    this.at.client.off('disconnected', this.#onDisconnected);
    this.#subscription?.unsubscribe();
    // Its type is that of streams; any subscription is taken.
    if (this.#subscription) this.at.client.removeSubscription(this.#subscription as unknown as Subscription);
  }

  async #follow(): Promise<void> {
    const { client, getToken } = this.at;
    const channel = await this.at.channel();
    if (this.#stopped) return;
    const subscription = client.newMapSubscription(channel, getToken && { getToken });
    this.#subscription = subscription;
    subscription.on('sync', ({ entries }) => {
      this.#rows.reset(entries);
      this.#set('live');
    });
    subscription.on('update', (update) => {
      this.#rows.apply(update);
      this.#later();
    });
    subscription.on('subscribed', () => this.#set('live'));
    subscription.on('subscribing', () => {
      if (this.state.status === 'live' || this.state.status === 'error') this.#set(this.state.status === 'live' ? 'stale' : 'loading');
    });
    subscription.on('error', ({ error }) => {
      if (this.state.status !== 'live') this.#set(this.state.status, errorOf(error));
    });
    subscription.on('unsubscribed', ({ code, reason }) => {
      if (!this.#stopped) this.#fail(new TidemillError(reason, code));
    });
    subscription.subscribe();
    this.at.connect();
  }

  #onDisconnected = ({ code, reason }: { code: number; reason: string }): void => this.#fail(new TidemillError(reason, code));

  #fail(error: TidemillError): void {
    this.#set('error', error);
  }

  /** Of many updates at once one tells. */
  #later(): void {
    if (this.#awaitsTell) return;
    this.#awaitsTell = true;
    queueMicrotask(() => {
      this.#awaitsTell = false;
      if (!this.#stopped) this.#set(this.state.status, this.state.error);
    });
  }

  #set(status: Status, error?: TidemillError): void {
    const rows = this.#rows.inOrder();
    const { state } = this;
    if (state.status === status && state.rows === rows && state.error === error) return;
    this.state = error ? { status, rows, error } : { status, rows };
    this.#changed();
  }
}
