// What stands around everything: who comes in, the list at the side, and the page that the address names.
import { useEffect } from 'preact/hooks';
import { sections } from './model/rooms';
import { BrowsePage } from './pages/browse';
import { JoinPage, LoginPage, ResetPage, SetupPage } from './pages/entry';
import { LaterPage } from './pages/later';
import { PeoplePage } from './pages/people';
import { ReportsPage } from './pages/reports';
import { SearchPage } from './pages/search';
import { SettingsPage } from './pages/settings';
import { ThreadsPage } from './pages/threads';
import { replace, roomHref, route } from './state/router';
import { begin } from './state/session';
import { failure, isAdmin, me, rooms, stage, users } from './state/store';
import { phone } from './state/screen';
import { shelf } from './state/storage';
import { Banner } from './ui/banner';
import { Dialogs } from './ui/dialog';
import { createRoom, showProfile } from './ui/dialogs';
import { useKeys } from './ui/keys';
import { LAST_ROOM, RoomPage } from './ui/room_page';
import { Sidebar } from './ui/sidebar';
import { Announcer, Empty, Said } from './ui/ui';

const ENTRIES: Record<string, () => preact.JSX.Element> = { setup: SetupPage, join: JoinPage, reset: ResetPage };

export function App() {
  const { page } = route.value;
  const Entry = ENTRIES[page];
  if (Entry) return <Entry />;
  if (stage.value === 'loading') return <main class="entry" aria-busy="true" id="content" />;
  if (stage.value === 'failed') return <Failed />;
  if (stage.value === 'signed-out') return <LoginPage />;
  return <Inside />;
}

function Failed() {
  return (
    <main class="entry" id="content">
      <Empty page icon="info" title="The chat could not be loaded.">
        <p>{failure.value?.message}</p>
        <button type="button" class="primary" onClick={() => void begin()}>
          Try again
        </button>
      </Empty>
    </main>
  );
}

function Home() {
  useEffect(() => {
    const last = rooms.peek().get(shelf.get(LAST_ROOM) ?? '');
    const { starred, channels, direct } = sections(rooms.peek(), users.peek(), me.peek().id);
    const first = last?.membership ? last : [...starred, ...channels, ...direct][0];
    if (first) replace(roomHref(first.id));
  }, []);
  return (
    <section class="room home" id="content" tabIndex={-1} aria-label="Welcome">
      <Empty page icon="thread" title="Welcome.">
        <p>Join a room, or begin one: a room for each thing that people talk about.</p>
        <div class="row center">
          <a class="button primary" href="#/browse">
            Browse rooms
          </a>
          {me.value.role !== 'guest' && (
            <button type="button" class="quiet" onClick={createRoom}>
              New room
            </button>
          )}
        </div>
      </Empty>
    </section>
  );
}

function Profiled() {
  const id = route.value.room || location.hash.split('/')[2] || '';
  useEffect(() => {
    replace('#/');
    if (id) showProfile(decodeURIComponent(id));
  }, []);
  return <Home />;
}

const PAGES: Record<string, () => preact.JSX.Element> = {
  r: RoomPage, threads: ThreadsPage, later: LaterPage, reports: ReportsPage, search: SearchPage, browse: BrowsePage, settings: SettingsPage, u: Profiled,
};

function Inside() {
  useKeys();
  const { page } = route.value;
  const Page = page === 'people' && isAdmin.value ? PeoplePage : (PAGES[page] ?? Home);
  const home = Page === Home;
  return (
    <>
      <a class="skip" href="#content" onClick={toContent}>
        To the content
      </a>
      <Banner />
      {home && phone.value ? (
        <main class="frame" id="content" tabIndex={-1}>
          <h1 class="unseen">Rooms</h1>
          <Sidebar />
        </main>
      ) : (
        <div class="frame">
          {!phone.value && <Sidebar />}
          <main class="main">
            <Page />
          </main>
        </div>
      )}
      <Announcer />
      <Said />
      <Dialogs />
    </>
  );
}

function toContent(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}
