// From opening the page to being in the chat: who one is, everything of one's rooms, and the connection.
import { signal } from '@preact/signals';
import type { Account, Event, Message, Sync } from '../model/types';
import { account, api, ApiError, at, onSignedOut } from './api';
import { onDraft } from './drafts';
import { connect, disconnect, followMyself, type LiveHooks, reconnect } from './live';
import { forget, notifyOf } from './notify';
import { announce } from './announce';
import { closeAllRooms, closeRoom, current, setRoomHooks } from './open_rooms';
import { loadLater, onLater, reminders, scheduled } from './later';
import { bans, flags, loadFlags, onModeration } from './moderation';
import { arrived, startSending, stopSending } from './sending';
import { lookForThreads, onThread } from './threads';
import { stopUploads } from './uploads';
import {
  clockSkew, failure, learn, limits, me, presence, rooms, stage, users,
} from './store';

interface Config {
  version: string;
  websocket: string;
}

export const config = signal<Config>({ version: '', websocket: '/connection/websocket' });
export const own = signal<Account | undefined>(undefined);

function take(sync: Sync): void {
  if (stage.value === 'ready' && sync.me.id !== me.value.id) {
    startOver();
    return;
  }
  me.value = sync.me;
  users.value = new Map([...users.value, ...[...sync.users, sync.me].map((user) => [user.id, user] as const)]);
  const looked = [...rooms.value.values()].filter((room) => !room.membership);
  rooms.value = new Map([...looked, ...sync.rooms].map((room) => [room.id, room]));
  presence.value = new Map(Object.entries(sync.presence));
  limits.value = sync.limits;
  clockSkew.value = sync.server_time - Date.now();
}

/** What no sync brings. */
function lookAround(): void {
  loadLater();
  loadFlags();
}

let resyncing: Promise<void> | undefined;

/** Everything anew, after something was missed. */
function resync(): Promise<void> {
  resyncing ??= api
    .sync()
    .then(take)
    .then(lookAround)
    .catch((error: Error) => {
      // The connection will come back, and ask again.
      if (error instanceof ApiError && !error.passing) failure.value = error;
    })
    .finally(() => {
      resyncing = undefined;
    });
  return resyncing;
}

function onPersonal(event: Event): void {
  const id = event.room_id || (event.data.room_id as string);
  onModeration(event);
  onLater(event);
  switch (event.type) {
    case 'resync':
      void resync();
      return;
    case 'unread.updated':
      if (!((event.data.unread as number) > 0)) forget(id);
      return;
    case 'draft.updated':
      onDraft(id);
      return;
    case 'thread.updated':
      onThread(event);
      return;
    case 'member.removed':
    case 'room.deleted':
      closeRoom(id);
      return;
    default:
  }
}

const AGAIN_MS = 1000;

/** The connection was refused: out, if the session has ended; otherwise with a new token, which has the role of now. */
async function again(): Promise<void> {
  try {
    const user = (await account.me()).user;
    if (user.id !== me.value.id) {
      startOver();
      return;
    }
    own.value = user;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    reconnect();
    await resync();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) leave();
    else setTimeout(() => void again(), AGAIN_MS * 5);
  }
}

const hooks: LiveHooks = {
  lost: () => void resync(),
  refused: () => void again(),
  activity: notifyOf,
  personal: onPersonal,
};

function onCreated(message: Message): void {
  if (message.user_id === me.value.id) arrived(message.client_msg_id);
  else if (current.value?.id === message.room_id) announce(message);
}

async function enter(): Promise<void> {
  const user = (await account.me()).user;
  if (stage.value === 'ready' && user.id !== me.value.id) leave();
  own.value = user;
  const sync = await api.sync();
  take(sync);
  setRoomHooks({ created: onCreated });
  connect(config.value.websocket, hooks);
  followMyself(sync.streams, hooks);
  startSending();
  stage.value = 'ready';
  tellOtherTabs(SIGNED_IN + user.id);
  lookForThreads();
  lookAround();
}

async function loadConfig(): Promise<void> {
  const response = await fetch(at('chat/config.json'), { cache: 'no-store', credentials: 'same-origin' });
  if (!response.ok) throw new ApiError(response.status, 'unknown', `chat/config.json: status ${response.status}`);
  config.value = (await response.json()) as Config;
}

const NO_ACCOUNTS = 'People sign in with accounts, which this server has switched off. accounts.enabled = true switches them on.';

/** To the rooms, or to the page that asks who one is. */
export async function begin(): Promise<void> {
  failure.value = undefined;
  try {
    if (config.value.version === '') await loadConfig();
    await enter();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      stage.value = 'signed-out';
      return;
    }
    const without = error instanceof ApiError && error.status === 404 && own.value === undefined;
    failure.value = without ? new Error(NO_ACCOUNTS) : (error as Error);
    stage.value = 'failed';
  }
}

const OTHER_TABS = 'tidemill-chat';
const SIGNED_IN = 'signed in as ';

function tellOtherTabs(what: string): void {
  const tabs = new BroadcastChannel(OTHER_TABS);
  tabs.postMessage(what);
  tabs.close();
}

function leave(): void {
  stopUploads();
  stopSending();
  disconnect();
  closeAllRooms();
  rooms.value = new Map();
  users.value = new Map();
  scheduled.value = [];
  reminders.value = [];
  flags.value = [];
  bans.value = new Map();
  own.value = undefined;
  stage.value = 'signed-out';
}

/** The session is somebody else's now: nothing of who was here before stays on the page. */
function startOver(): void {
  leave();
  void begin();
}

onSignedOut.run = () => {
  if (stage.value === 'ready') leave();
};

export async function signOut(everywhere = false): Promise<void> {
  try {
    await (everywhere ? account.logoutEverywhere() : account.logout());
  } catch (error) {
    // The session was over already.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  // Drafts and what was not sent stay under one's own id; nobody else's page reads them.
  leave();
  tellOtherTabs('signed out');
}

export function watchOtherTabs(): void {
  new BroadcastChannel(OTHER_TABS).onmessage = ({ data }) => {
    if (stage.value !== 'ready' || typeof data !== 'string') return;
    if (data === 'signed out') leave();
    else if (data.startsWith(SIGNED_IN) && data !== SIGNED_IN + me.value.id) startOver();
  };
}

export const learnOwn = (account: Account): void => {
  own.value = account;
  learn([{ ...me.value, name: account.name, role: account.role }]);
};
