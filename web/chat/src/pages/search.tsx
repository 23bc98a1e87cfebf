// Finds messages: words and filters in one line, which stands in the address.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { parseQuery, withFilter, withoutFilter } from '../model/search_query';
import type { Hit } from '../model/types';
import { api } from '../state/api';
import { replace, route } from '../state/router';
import { isDirect, learn, me, rooms, title, users } from '../state/store';
import { Page } from '../ui/page';
import { MessageCard } from '../ui/pins_pane';
import { Empty, Problem } from '../ui/ui';

const dayOf = (at: number): string => {
  const date = new Date(at);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;
};

function Filters({ text, set }: { text: string; set: (text: string) => void }) {
  const { filters } = parseQuery(text);
  const valueOf = (name: string) => filters.find((filter) => filter.name === name)?.value ?? '';
  const people = [...users.value.values()].sort((a, b) => a.name.localeCompare(b.name)).slice(0, 200);
  const named = [...rooms.value.values()].filter((room) => room.membership && !isDirect(room)).sort((a, b) => a.name.localeCompare(b.name));
  const day = 86_400_000;
  const whens: [string, string][] = [['', 'Any time'], [dayOf(Date.now() - day), 'Since yesterday'], [dayOf(Date.now() - 7 * day), 'Last week'], [dayOf(Date.now() - 30 * day), 'Last month'], [dayOf(Date.now() - 365 * day), 'Last year']];
  const choices: [string, string, [string, string][]][] = [
    ['from', 'From', [['', 'Anybody'], [me.value.username, 'You'], ...people.filter(({ id }) => id !== me.value.id).map(({ username, name }) => [username, name] as [string, string])]],
    ['in', 'In', [['', 'All rooms'], ...named.map(({ name }) => [name, `#${name}`] as [string, string])]],
    ['after', 'When', whens],
    ['has', 'With', [['', 'Anything'], ['link', 'A link'], ['file', 'A file']]],
  ];
  return (
    <div class="filters">
      {choices.map(([name, label, options]) => {
        const value = valueOf(name);
        const known = options.some(([each]) => each === value);
        return (
          <label key={name} class="filter">
            <span>{label}</span>
            <select value={value} onChange={(event) => set(withFilter(text, name as 'from', event.currentTarget.value))}>
              {(known ? options : [...options, [value, value] as [string, string]]).map(([each, shown]) => (
                <option key={each} value={each}>
                  {shown}
                </option>
              ))}
            </select>
          </label>
        );
      })}
    </div>
  );
}

function Chips({ text, set }: { text: string; set: (text: string) => void }) {
  const { filters } = parseQuery(text);
  if (filters.length === 0) return null;
  return (
    <div class="chips">
      {filters.map((filter) => (
        <span key={`${filter.name} ${filter.value}`} class="chip">
          <bdi>
            {filter.name}: {filter.value}
          </bdi>
          <button type="button" aria-label={`Without ${filter.name}: ${filter.value}`} onClick={() => set(withoutFilter(text, filter))}>
            ×
          </button>
        </span>
      ))}
    </div>
  );
}

export function SearchPage() {
  const asked = route.value.query.get('q') ?? '';
  const [text, setText] = useState(asked);
  const [hits, setHits] = useState<Hit[]>();
  const [cursor, setCursor] = useState<string>();
  const [error, setError] = useState<Error>();
  const [busy, setBusy] = useState(false);
  const words = useMemo(() => parseQuery(asked).words, [asked]);
  useEffect(() => setText(asked), [asked]);
  const run = (query: string) => replace(query.trim() ? `#/search?q=${encodeURIComponent(query.trim())}` : '#/search');
  const load = async (from: string | undefined, before: Hit[]) => {
    setBusy(true);
    try {
      const answer = await api.search(asked, from);
      learn(answer.users);
      setHits([...before, ...answer.hits]);
      setCursor(answer.cursor || undefined);
      setError(undefined);
    } catch (failed) {
      setError(failed as Error);
      setHits(undefined);
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    setHits(undefined);
    setCursor(undefined);
    setError(undefined);
    if (asked) void load(undefined, []);
  }, [asked]);
  const where = (id: string) => {
    const room = rooms.value.get(id);
    return room && (isDirect(room) ? `with ${title(room)}` : `in #${room.name}`);
  };
  return (
    <Page title="Search">
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          run(text);
        }}
      >
        <input
          class="big-search" type="search" aria-label="Search messages" placeholder='Words, "a phrase", from:ada in:general' value={text} autofocus spellcheck={false}
          autocomplete="off" onInput={(event) => setText(event.currentTarget.value)}
        />
      </form>
      <Filters text={text} set={run} />
      <Chips text={text} set={run} />
      <Problem error={error} />
      {!asked && (
        <Empty icon="search" title="Everything in your rooms can be found.">
          <p>
            Words must all be there; quotes hold them together. Filters are words too: <code>from:</code> <code>in:</code> <code>before:</code> <code>after:</code> <code>has:link</code>
          </p>
        </Empty>
      )}
      {hits?.length === 0 && !cursor && (
        <Empty icon="search" title="Nothing was found.">
          <p>Try fewer words, or take a filter away.</p>
        </Empty>
      )}
      <p class="unseen" role="status">
        {hits && asked ? `${hits.length}${cursor ? ' or more' : ''} found` : ''}
      </p>
      <ul class="cards" aria-busy={busy}>
        {hits?.map(({ message, room_id }) => (
          <MessageCard key={message.id} message={message} words={words} where={where(room_id)} />
        ))}
      </ul>
      {cursor && (
        <button type="button" class="quiet" disabled={busy} onClick={() => void load(cursor, hits ?? [])}>
          Older ones
        </button>
      )}
    </Page>
  );
}
