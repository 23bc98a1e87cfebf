// Chooses people: for a direct message, or to bring them into a room.
import { useState } from 'preact/hooks';
import { bestOf } from '../model/match';
import type { User } from '../model/types';
import { api } from '../state/api';
import { learn, me, userOf, users } from '../state/store';
import { Picker } from './picker';
import { UserOption } from './switcher';
import { Problem, useLoad, useSlow, useSubmit } from './ui';

export function PeoplePicker(props: {
  action: string;
  max: number;
  without?: ReadonlySet<string>;
  run: (ids: string[]) => Promise<unknown>;
}) {
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const asked = useSlow(query.trim());
  const { error: failed } = useLoad(async () => learn((await api.users(asked, 20)).users), [asked]);
  const { submit, error, busy } = useSubmit(() => props.run(chosen));
  const may = (user: User) => user.id !== me.value.id && !chosen.includes(user.id) && !props.without?.has(user.id);
  const found = bestOf([...users.value.values()].filter(may), query, (user) => [user.name, user.username], 30);
  const add = (id: string) => {
    if (chosen.length < props.max) setChosen([...chosen, id]);
    setQuery('');
  };
  return (
    <form onSubmit={submit} class="people-picker">
      <Picker
        label="Find people"
        placeholder={chosen.length === 0 ? 'Names…' : ''}
        query={query}
        onQuery={setQuery}
        onBack={() => setChosen(chosen.slice(0, -1))}
        before={chosen.map((id) => (
          <span key={id} class="chip">
            <bdi>{userOf(id).name}</bdi>
            <button type="button" aria-label={`Without ${userOf(id).name}`} onClick={() => setChosen(chosen.filter((each) => each !== id))}>
              ×
            </button>
          </span>
        ))}
        choices={chosen.length < props.max ? found.map((user) => ({ id: user.id, body: <UserOption user={user} /> })) : []}
        onChoose={add}
        empty={<p>{chosen.length >= props.max ? `No more than ${props.max} people.` : 'Nobody of that name.'}</p>}
      />
      <Problem error={error ?? failed} />
      <div class="actions">
        <button type="submit" class="primary" disabled={busy || chosen.length === 0}>
          {props.action}
        </button>
      </div>
    </form>
  );
}
