// What a text field completes while one types: the list beside it, and the keys that choose from it.
import { useEffect, useId, useState } from 'preact/hooks';
import { type Asked, askedAt, completed } from '../model/completion';
import { bestOf } from '../model/match';
import type { Room, User } from '../model/types';
import { api } from '../state/api';
import { groups, needEmoji } from '../state/emoji';
import { isDirect, learn, rooms, users } from '../state/store';
import { COMMANDS } from './commands';
import { findEmoji } from './emoji_picker';
import { Icon, iconOf } from './icons';
import { UserOption } from './switcher';
import { useLoad, useSlow } from './ui';

const SHOWN_MAX = 8;

type Option =
  | { kind: 'user'; user: User }
  | { kind: 'everybody'; name: string; what: string }
  | { kind: 'emoji'; char: string; name: string }
  | { kind: 'room'; room: Room }
  | { kind: 'command'; name: string; args: string; what: string };

const EVERYBODY: Option[] = [
  { kind: 'everybody', name: 'here', what: 'everybody here who is online' },
  { kind: 'everybody', name: 'room', what: 'everybody in this room' },
];

export function inserted(option: Option): string {
  switch (option.kind) {
    case 'user':
      return `@${option.user.username}`;
    case 'everybody':
      return `@${option.name}`;
    case 'emoji':
      return option.char;
    case 'room':
      return `#${option.room.name}`;
    case 'command':
      return `/${option.name}`;
  }
}

const keyOf = (option: Option): string => `${option.kind} ${inserted(option)}`;

function optionsFor(asked: Asked, roomId: string): Option[] {
  const { kind, query } = asked;
  if (kind === 'emoji') return findEmoji(query, SHOWN_MAX).map(({ char, names }) => ({ kind, char, name: names[0] ?? char }));
  if (kind === 'command') {
    return COMMANDS.filter(({ name }) => name.startsWith(query.toLowerCase())).map((command) => ({ kind, ...command }));
  }
  if (kind === 'room') {
    const named = [...rooms.value.values()].filter((room) => !isDirect(room));
    return bestOf(named, query, (room) => [room.name], SHOWN_MAX).map((room) => ({ kind, room }));
  }
  const room = rooms.value.get(roomId);
  const direct = new Set(room?.user_ids);
  const found = bestOf([...users.value.values()], query, (user) => [user.username, user.name], SHOWN_MAX, ({ id }) => (direct.has(id) ? 15 : 0));
  const all = room && isDirect(room) ? [] : EVERYBODY.filter((each) => each.kind === 'everybody' && each.name.startsWith(query.toLowerCase()));
  return [...found.map((user) => ({ kind: 'user' as const, user })), ...all].slice(0, SHOWN_MAX);
}

export interface Completion {
  /** For the field: what it controls, and which entry is chosen. */
  field: { 'aria-autocomplete': 'list'; 'aria-controls': string | undefined; 'aria-activedescendant': string | undefined };
  list: preact.JSX.Element | null;
  /** Whether the key was for the list. */
  onKey: (event: KeyboardEvent) => boolean;
  close: () => void;
}

export function useCompletion(props: {
  text: string;
  caret: number;
  roomId: string;
  commands: boolean;
  onComplete: (text: string, caret: number) => void;
}): Completion {
  const id = useId();
  const [at, setAt] = useState(0);
  const [closed, setClosed] = useState<string>();
  const found = askedAt(props.text, props.caret);
  const asked = found && (props.commands || found.kind !== 'command') ? found : undefined;
  const word = asked ? `${asked.kind} ${asked.begin}` : undefined;
  useEffect(() => setAt(0), [asked?.query, word]);
  useEffect(() => {
    if (asked?.kind === 'emoji') void needEmoji();
    if (!asked) setClosed(undefined);
  }, [word]);
  const slow = useSlow(asked?.kind === 'user' ? asked.query : '', 150);
  useLoad(async () => {
    if (slow) learn((await api.users(slow, 10)).users);
  }, [slow]);
  const loaded = groups.value.length;
  const options = asked && closed !== word && (asked.kind !== 'emoji' || loaded > 0) ? optionsFor(asked, props.roomId) : [];
  const active = Math.min(at, options.length - 1);

  const choose = (option: Option | undefined) => {
    if (!option || !asked) return;
    const next = completed(props.text, asked, inserted(option));
    props.onComplete(next.text, next.caret);
  };
  const onKey = (event: KeyboardEvent): boolean => {
    if (options.length === 0 || event.isComposing) return false;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      setAt((active + (event.key === 'ArrowDown' ? 1 : options.length - 1)) % options.length);
      return true;
    }
    if (event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey)) {
      const option = options[active];
      // A command that is written out is sent, not completed once more.
      if (event.key === 'Enter' && option && asked && inserted(option) === props.text.slice(asked.begin, asked.end)) return false;
      choose(option);
      return true;
    }
    if (event.key === 'Escape') {
      setClosed(word);
      return true;
    }
    return false;
  };

  const list = (
    <>
      {options.length > 0 && (
        <div id={id} class="completion" role="listbox" aria-label="Suggestions">
          {options.map((option, index) => (
            <div
              key={keyOf(option)}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              class="option"
              onPointerDown={(event) => {
                event.preventDefault();
                choose(option);
              }}
              onPointerMove={() => setAt(index)}
            >
              <OptionBody option={option} />
            </div>
          ))}
        </div>
      )}
      <span class="unseen" role="status">
        {options.length > 0 ? `${options.length} suggestion${options.length > 1 ? 's' : ''}. Arrows choose, Enter takes.` : ''}
      </span>
    </>
  );
  const open = options.length > 0;
  return {
    field: { 'aria-autocomplete': 'list', 'aria-controls': open ? id : undefined, 'aria-activedescendant': open ? `${id}-${active}` : undefined },
    list: asked || closed ? list : <span class="unseen" role="status" />,
    onKey,
    close: () => setClosed(word),
  };
}

function OptionBody({ option }: { option: Option }) {
  switch (option.kind) {
    case 'user':
      return <UserOption user={option.user} />;
    case 'everybody':
      return (
        <>
          <Icon name="megaphone" />
          <span class="option-name">@{option.name}</span>
          <span class="option-more">{option.what}</span>
        </>
      );
    case 'emoji':
      return (
        <>
          <span class="option-emoji" aria-hidden="true">
            {option.char}
          </span>
          <span class="option-name">:{option.name}:</span>
        </>
      );
    case 'room':
      return (
        <>
          <Icon name={iconOf(option.room)} />
          <bdi class="option-name">{option.room.name}</bdi>
          <span class="option-more">{option.room.topic}</span>
        </>
      );
    case 'command':
      return (
        <>
          <span class="option-name">/{option.name}</span> <span class="soft">{option.args}</span>
          <span class="option-more">{option.what}</span>
        </>
      );
  }
}
