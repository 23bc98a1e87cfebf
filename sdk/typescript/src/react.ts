// The hooks for React 18 and newer.
import { createContext, useContext, useMemo, useSyncExternalStore } from 'react';
import { makeHooks } from './hooks.js';
import type { Tidemill } from './tidemill.js';

const Client = createContext<Tidemill | null>(null);

/** `<TidemillProvider value={rt}>`, around all that uses the hooks. */
export const TidemillProvider = Client.Provider;

export const { useTidemill, useLive, useMessages, useUnread, useTyping, usePresence } = makeHooks({
  useClient: () => useContext(Client),
  useMemo,
  useSyncExternalStore,
});
