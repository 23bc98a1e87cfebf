// Tidemill: one connection to a server, and what is followed over it.
import { Centrifuge, type Options as ClientOptions } from 'centrifuge';
import type { LiveEndpoint, ParamsArgument, RowOf } from './api_types.js';
import { Chat } from './chat/chat.js';
import { errorOf, TidemillError } from './errors.js';
import { type LiveQuery, LiveSource, type LiveState, LOADING } from './live.js';
import { channelOf, type Params, targetOf } from './names.js';
import { Followed, Registry } from './shared.js';

export interface Options {
  /** A JSON Web Token, the same as for `fetch`; called when one is needed, and again before it expires. */
  getToken?: () => Promise<string>;
  /** Whom the tokens are of. Read from the first one (its `sub`) unless given. */
  user?: string;
  /** For the centrifuge client: `websocket` in Node before version 22, delays, other transports. */
  client?: Partial<Omit<ClientOptions, 'getToken'>>;
}

export interface LiveOptions {
  /** The endpoint's file says `@auth none`: the rows are everybody's. */
  everybody?: boolean;
}

/** Subscriptions that begin together share a token. */
const TOKEN_SHARED_MS = 1000;

export class Tidemill {
  /** The official client: whatever it can do is yours to use. */
  readonly client: Centrifuge;
  readonly chat: Chat;
  readonly #registry = new Registry();
  readonly #fetchToken: (() => Promise<string>) | undefined;
  #token: { promise: Promise<string>; at: number } | undefined;
  #user: string | undefined;
  #connects = false;

  /** `url`: the server's, as https://rt.example.com; or of its WebSocket, with ws: or wss:. */
  constructor(url: string | URL, options: Options = {}) {
    this.#fetchToken = options.getToken;
    this.#user = options.user;
    const getToken = options.getToken && { getToken: () => this.token() };
    this.client = new Centrifuge(websocketOf(url), { name: 'tidemill-js', ...options.client, ...getToken });
    this.chat = new Chat(this, this.#registry);
  }

  /**
   * A live query. `endpoint`: its path, as `orders/mine` or `orders/{id}`. Nothing is asked before `subscribe`; all that
   * ask for the same share one subscription.
   */
  live<E extends LiveEndpoint>(endpoint: E, ...rest: [...ParamsArgument<E>, options?: LiveOptions]): LiveQuery<RowOf<E>>;
  live<Row>(endpoint: string, params?: Params, options?: LiveOptions): LiveQuery<Row>;
  live<Row>(endpoint: string, params: Params = {}, options: LiveOptions = {}): LiveQuery<Row> {
    const target = targetOf(endpoint, params);
    const isOwn = !options.everybody && (this.#fetchToken !== undefined || this.#user !== undefined);
    const make = () =>
      new LiveSource<Row>({
        client: this.client,
        channel: async () => channelOf(target, isOwn ? await this.user() : undefined),
        getToken: isOwn && this.#fetchToken ? () => this.token() : undefined,
        connect: () => this.connect(),
      });
    return new Followed<LiveState<Row>>(this.#registry, `live:${target}${isOwn ? '#' : ''}`, make, LOADING);
  }

  /**
   * Connects, if nothing has yet; whatever needs the connection does. Where the server has ended it for good, as it does
   * with a token that it does not accept, `client.connect()` tries again.
   */
  connect(): void {
    if (this.#connects) return;
    this.#connects = true;
    this.client.connect();
  }

  /** Ends all that is followed, and the connection. */
  close(): void {
    this.#registry.close();
    this.client.disconnect();
    this.#connects = false;
  }

  /** Calls a method of the server: an rpc. */
  async rpc<Answer>(method: string, data: unknown = {}): Promise<Answer> {
    this.connect();
    try {
      return (await this.client.rpc(method, data)).data as Answer;
    } catch (error) {
      throw errorOf(error);
    }
  }

  token(): Promise<string> {
    if (!this.#fetchToken) return Promise.resolve('');
    const now = Date.now();
    if (!this.#token || now - this.#token.at >= TOKEN_SHARED_MS) this.#token = { promise: this.#fetchToken(), at: now };
    return this.#token.promise;
  }

  /** Whom the token is of. */
  async user(): Promise<string> {
    this.#user ??= userOf(await this.token());
    return this.#user;
  }
}

function websocketOf(url: string | URL): string {
  const at = new URL(url);
  if (at.protocol.startsWith('ws')) return at.href;
  at.protocol = at.protocol.replace('http', 'ws');
  at.pathname = `${at.pathname.replace(/\/$/, '')}/connection/websocket`;
  return at.href;
}

function userOf(token: string): string {
  try {
    const part = (token.split('.')[1] as string).replace(/-/g, '+').replace(/_/g, '/');
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
    if (typeof sub === 'string' && sub) return sub;
  } catch {
    // It is none, as is said below.
  }
  throw new TidemillError('the token names no user: it is a JSON Web Token with `sub`, or the option `user` says who it is', 0);
}
