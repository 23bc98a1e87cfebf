// Chooses an emoji: those used last, all by groups, and by words. The list is loaded when it is first opened.
import { type ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { folded } from '../model/match';
import { allEmoji, type Emoji, groups, needEmoji, recentEmoji, spoken, usedEmoji } from '../state/emoji';
import { Icon } from './icons';
import { Popover } from './popover';

const FOUND_MAX = 80;

/** Names first, then the further words. */
export function findEmoji(query: string, max: number): Emoji[] {
  const wanted = folded(query).replace(/[\s-]+/g, '_');
  const ranked: [number, Emoji][] = [];
  for (const emoji of allEmoji()) {
    const rank = emoji.names.some((name) => name === wanted) ? 0
      : emoji.names.some((name) => name.startsWith(wanted)) ? 1
        : emoji.names.some((name) => name.includes(wanted)) ? 2
          : emoji.tags.some((tag) => tag.startsWith(wanted)) ? 3 : -1;
    if (rank >= 0) ranked.push([rank, emoji]);
  }
  return ranked.sort(([a], [b]) => a - b).slice(0, max).map(([, emoji]) => emoji);
}

export function EmojiButton(props: {
  label: string;
  onPick: (char: string) => void;
  class?: string;
  children?: ComponentChildren;
  onOpen?: (open: boolean) => void;
}) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const set = (value: boolean) => {
    setOpen(value);
    props.onOpen?.(value);
  };
  return (
    <>
      <button
        ref={button}
        type="button"
        class={props.class ?? 'icon-button'}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={props.label}
        title={props.label}
        onClick={() => set(!open)}
      >
        {props.children ?? <Icon name="smile" />}
      </button>
      {open && button.current && <EmojiPopover anchor={button.current} close={() => set(false)} onPick={props.onPick} />}
    </>
  );
}

export function EmojiPopover({ anchor, close, onPick }: { anchor: HTMLElement; close: () => void; onPick: (char: string) => void }) {
  return (
    <Popover anchor={anchor} close={close} side="above" class="emoji-popover">
      <EmojiPicker
        onPick={(char) => {
          usedEmoji(char);
          close();
          onPick(char);
        }}
      />
    </Popover>
  );
}

function Grid({ list, onPick }: { list: readonly { char: string; name: string }[]; onPick: (char: string) => void }) {
  return (
    <div class="emoji-grid">
      {list.map(({ char, name }) => (
        <button key={char} type="button" tabIndex={-1} title={name} aria-label={name} onClick={() => onPick(char)}>
          {char}
        </button>
      ))}
    </div>
  );
}

const named = (emoji: readonly Emoji[]) => emoji.map(({ char, names }) => ({ char, name: (names[0] ?? char).replaceAll('_', ' ') }));

function EmojiPicker({ onPick }: { onPick: (char: string) => void }) {
  const [query, setQuery] = useState('');
  const box = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    void needEmoji();
    field.current?.focus();
  }, []);
  const found = useMemo(() => (query ? findEmoji(query, FOUND_MAX) : []), [query, groups.value]);
  const recent = useMemo(() => recentEmoji().map((char) => ({ char, name: spoken(char) })), [groups.value]);
  const move = (event: KeyboardEvent) => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('.emoji-grid button') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'Enter' && at < 0 && all[0]) {
      event.preventDefault();
      all[0].click();
      return;
    }
    const inField = document.activeElement === field.current;
    if (inField && event.key !== 'ArrowDown') return;
    const row = all.findIndex((each, index) => index > 0 && each.offsetTop > (all[0] as HTMLElement).offsetTop);
    const columns = row > 0 ? row : 8;
    const step = { ArrowDown: inField ? 1 : columns, ArrowUp: -columns, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = all[at + step];
    if (next) next.focus();
    else if (step < 0) field.current?.focus();
  };
  return (
    <div ref={box} class="emoji-picker" role="dialog" aria-label="Choose an emoji" onKeyDown={move}>
      <input
        ref={field}
        type="search"
        aria-label="Search emoji"
        placeholder="Search emoji"
        value={query}
        autocomplete="off"
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      <div class="emoji-scroll" tabIndex={0} role="group" aria-label="Emoji">
        {query ? (
          <>
            <Grid list={named(found)} onPick={onPick} />
            {found.length === 0 && <p class="picker-empty">None for “{query}”.</p>}
          </>
        ) : (
          <>
            <h3>Used last</h3>
            <Grid list={recent} onPick={onPick} />
            {groups.value.map(({ name, emoji }) => (
              <section key={name} class="emoji-group">
                <h3>{name}</h3>
                <Grid list={named(emoji)} onPick={onPick} />
              </section>
            ))}
          </>
        )}
      </div>
    </div>
  );
}
