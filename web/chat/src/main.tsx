// The chat: rooms, direct messages, threads and search, for the people of a Tidemill server.
import { render } from 'preact';
import { App } from './app';
import { showTotals } from './state/notify';
import { applyPrefs } from './state/prefs';
import { followAddress, route } from './state/router';
import { begin, watchOtherTabs } from './state/session';
import { rooms, stage, title } from './state/store';

const NAMES: Record<string, string> = { threads: 'Threads', search: 'Search', browse: 'Browse rooms', settings: 'Settings', people: 'People' };

function titleOfPage(): string {
  if (stage.value !== 'ready') return document.title.replace(/^(\(\d+\+?\)|•) /, '');
  const room = rooms.value.get(route.value.room);
  const name = room ? title(room) : NAMES[route.value.page];
  return name ? `${name} · Tidemill` : 'Tidemill';
}

applyPrefs();
followAddress();
watchOtherTabs();
showTotals(titleOfPage);
void begin();
const app = document.getElementById('app');
if (app) render(<App />, app);
