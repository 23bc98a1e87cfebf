// localStorage, which may be full or forbidden: what is kept there is a convenience, and never the only copy of an answer.
import type { Shelf } from '../model/outbox';

export const shelf: Shelf = {
  keys: () => Object.keys(localStorage),
  get: (key) => localStorage.getItem(key),
  set: (key, value) => {
    try {
      localStorage.setItem(key, value);
    } catch {
      // Full: the page still has it.
    }
  },
  remove: (key) => localStorage.removeItem(key),
};
