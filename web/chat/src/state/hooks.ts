// The incoming hooks of a room.
import { chat, id } from './api';

export interface Hook {
  id: string;
  room_id: string;
  name: string;
  created_by: string;
  created_at: number;
}

export const hooks = {
  list: (of: string) => chat<{ hooks: Hook[] }>('GET', `rooms/${id(of)}/hooks`),
  /** `path` is secret, and told this once. */
  make: (of: string, name: string) => chat<{ hook: Hook; path: string }>('POST', `rooms/${id(of)}/hooks`, { name }),
  remove: (of: string, hook: string) => chat('DELETE', `rooms/${id(of)}/hooks/${id(hook)}`),
};
