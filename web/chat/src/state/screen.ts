// How much room the window gives, as the styles see it (css/narrow.css).
import { type Signal, signal } from '@preact/signals';

function matches(query: string): Signal<boolean> {
  const media = matchMedia(query);
  const state = signal(media.matches);
  media.addEventListener('change', () => {
    state.value = media.matches;
  });
  return state;
}

/** A pane takes the place of the room. */
export const narrow = matches('(max-width: 1000px)');
/** The list of rooms is a page of its own. */
export const phone = matches('(max-width: 760px)');
