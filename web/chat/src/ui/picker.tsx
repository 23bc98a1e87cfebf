// Chooses from a list that typing narrows: a combobox, of which each dialog to choose with is made.
import { type ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

export interface Choice {
  id: string;
  /** Above it, where another group begins. */
  group?: string;
  body: ComponentChildren;
}

export function Picker(props: {
  label: string;
  placeholder: string;
  query: string;
  onQuery: (query: string) => void;
  choices: Choice[];
  onChoose: (id: string) => void;
  empty: ComponentChildren;
  /** Backspace in an empty field. */
  onBack?: () => void;
  before?: ComponentChildren;
  busy?: boolean;
}) {
  const id = useId();
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const active = Math.min(at, props.choices.length - 1);
  useEffect(() => setAt(0), [props.query]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const count = props.choices.length;
    if (event.key === 'Backspace' && props.query === '') props.onBack?.();
    if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && count > 0) {
      event.preventDefault();
      setAt((active + (event.key === 'ArrowDown' ? 1 : count - 1)) % count);
    }
    const chosen = props.choices[active];
    if (event.key === 'Enter') {
      event.preventDefault();
      if (chosen) props.onChoose(chosen.id);
    }
  };
  return (
    <div class="picker">
      <div class="picker-field">
        {props.before}
        <input
          type="text"
          role="combobox"
          aria-label={props.label}
          aria-expanded={props.choices.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          placeholder={props.placeholder}
          value={props.query}
          autocomplete="off"
          spellcheck={false}
          data-first
          onInput={(event) => props.onQuery(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} id={`${id}-list`} class="picker-list" role="listbox" aria-label={props.label} aria-busy={props.busy}>
        {props.choices.map((choice, index) => (
          <div key={choice.id} class="picker-row">
            {choice.group && choice.group !== props.choices[index - 1]?.group && (
              <div class="picker-group" aria-hidden="true">
                {choice.group}
              </div>
            )}
            <div
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              class="option"
              onPointerMove={() => setAt(index)}
              onClick={() => props.onChoose(choice.id)}
            >
              {choice.body}
            </div>
          </div>
        ))}
      </div>
      {props.choices.length === 0 && <div class="picker-empty">{props.empty}</div>}
    </div>
  );
}
