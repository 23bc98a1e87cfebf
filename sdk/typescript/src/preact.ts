// The hooks for Preact.
import { createContext } from 'preact';
import { useSyncExternalStore } from 'preact/compat';
import { useContext, useMemo } from 'preact/hooks';
import { makeHooks } from './hooks.js';
import type { Tidemill } from './tidemill.js';

const Client = createContext<Tidemill | null>(null);

/** `<TidemillProvider value={rt}>`, around all that uses the hooks. */
export const TidemillProvider = Client.Provider;

export const { useTidemill, useLive, useMessages, useUnread, useTyping, usePresence } = makeHooks({
  useClient: () => useContext(Client),
  useMemo: (make, inputs) => useMemo(make, inputs),
  useSyncExternalStore: (subscribe, getSnapshot) => useSyncExternalStore(subscribe, getSnapshot),
});
