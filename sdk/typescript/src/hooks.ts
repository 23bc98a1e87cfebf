// The hooks, for whatever has useSyncExternalStore: react.ts and preact.ts give theirs.
import type { LiveEndpoint, ParamsArgument, RowOf } from './api_types.js';
import type { Unread } from './chat/inbox.js';
import type { Room, RoomState } from './chat/room.js';
import type { Presence } from './chat/types.js';
import type { LiveState } from './live.js';
import type { Params } from './names.js';
import type { Followed } from './shared.js';
import type { LiveOptions, Tidemill } from './tidemill.js';

export interface Ui {
  /** The client that a provider above has. */
  useClient: () => Tidemill | null;
  useMemo: <T>(make: () => T, inputs: readonly unknown[]) => T;
  useSyncExternalStore: <T>(subscribe: (listener: () => void) => () => void, getSnapshot: () => T, getServerSnapshot: () => T) => T;
}

export interface UseLive {
  <E extends LiveEndpoint>(endpoint: E, ...rest: [...ParamsArgument<E>, options?: LiveOptions]): LiveState<RowOf<E>>;
  <Row>(endpoint: string, params?: Params, options?: LiveOptions): LiveState<Row>;
}

export interface Messages extends RoomState {
  readonly send: Room['send'];
  readonly loadOlder: Room['loadOlder'];
  readonly room: Room;
}

const NONE: Unread = { unread: 0, mentions: 0 };

export function makeHooks({ useClient, useMemo, useSyncExternalStore }: Ui) {
  function useTidemill(): Tidemill {
    const rt = useClient();
    if (!rt) throw new Error('there is no <TidemillProvider value={rt}> around this component');
    return rt;
  }

  function useFollowed<State>(followed: Followed<State>): State {
    return useSyncExternalStore(followed.subscribe, followed.getSnapshot, followed.getSnapshot);
  }

  const useLive: UseLive = <Row,>(endpoint: string, params?: Params, options?: LiveOptions): LiveState<Row> => {
    const rt = useTidemill();
    const fresh = rt.live<Row>(endpoint, params, options);
    return useFollowed(useMemo(() => fresh, [rt, fresh.name]));
  };

  function useRoom(id: string): Room {
    const rt = useTidemill();
    return useMemo(() => rt.chat.room(id), [rt, id]);
  }

  /** The room's newest messages, and what to do there. */
  function useMessages(roomId: string): Messages {
    const room = useRoom(roomId);
    const state = useFollowed(room.messages);
    return useMemo(
      () => ({ ...state, room, send: (text, options) => room.send(text, options), loadOlder: () => room.loadOlder() }),
      [room, state],
    );
  }

  /** Of one room, or of all. */
  function useUnread(roomId?: string): Unread {
    const inbox = useFollowed(useTidemill().chat.inbox);
    if (roomId === undefined) return inbox;
    return inbox.rooms.get(roomId)?.membership ?? NONE;
  }

  /** Ids of those who write in the room just now. */
  function useTyping(roomId: string): readonly string[] {
    return useFollowed(useRoom(roomId).typing);
  }

  /** By user id; who is not in it is offline. */
  function usePresence(): ReadonlyMap<string, Presence> {
    return useFollowed(useTidemill().chat.inbox).presence;
  }

  return { useTidemill, useLive, useMessages, useUnread, useTyping, usePresence };
}
