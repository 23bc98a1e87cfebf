// What opens beside a button: menus, and pickers. In the top layer, within the window, closed by Escape or a press elsewhere;
// the focus goes back to where it was.
import { type ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons';

const EDGE = 8;

function place(box: HTMLElement, anchor: DOMRect, side: 'below' | 'above'): void {
  const { offsetWidth: width, offsetHeight: height } = box;
  const rtl = getComputedStyle(document.documentElement).direction === 'rtl';
  const left = rtl ? anchor.left : anchor.right - width;
  const below = anchor.bottom + 4;
  const above = anchor.top - 4 - height;
  const fitsBelow = below + height <= innerHeight - EDGE;
  const top = side === 'above' ? (above >= EDGE ? above : below) : fitsBelow || above < EDGE ? below : above;
  box.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  box.style.top = `${Math.max(EDGE, Math.min(top, innerHeight - height - EDGE))}px`;
}

export function Popover(props: { anchor: HTMLElement; side?: 'below' | 'above'; close: () => void; class?: string; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement;
    element.showPopover();
    const settle = () => place(element, props.anchor.getBoundingClientRect(), props.side ?? 'below');
    settle();
    const watcher = new ResizeObserver(settle);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const onPress = ({ target }: PointerEvent) => {
      if (!box.current?.contains(target as Node) && !props.anchor.contains(target as Node)) props.close();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      props.close();
    };
    addEventListener('pointerdown', onPress, true);
    addEventListener('keydown', onKey, true);
    addEventListener('resize', props.close);
    return () => {
      removeEventListener('pointerdown', onPress, true);
      removeEventListener('keydown', onKey, true);
      removeEventListener('resize', props.close);
      const lost = document.activeElement === document.body || document.activeElement === null;
      if (lost) (before?.isConnected ? before : props.anchor).focus();
    };
  }, []);
  return (
    <div ref={box} popover="manual" class={`popover ${props.class ?? ''}`}>
      {props.children}
    </div>
  );
}

export interface MenuItem {
  label: string;
  run: () => void;
  icon?: IconName;
  danger?: boolean;
  /** One of several, of which one holds. */
  checked?: boolean;
  /** A line above it. */
  apart?: boolean;
}

function Menu({ items, label, close }: { items: MenuItem[]; label: string; close: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const entries = () => [...(list.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
  useEffect(() => {
    (entries().find((entry) => entry.ariaChecked === 'true') ?? entries()[0])?.focus();
  }, []);
  const onKeyDown = (event: KeyboardEvent) => {
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Tab') close();
    if (to !== undefined) {
      event.preventDefault();
      all[to % all.length]?.focus();
    } else if (event.key.length === 1 && event.key !== ' ') {
      const letter = event.key.toLowerCase();
      [...all.slice(at + 1), ...all.slice(0, at + 1)].find((entry) => entry.innerText.trim().toLowerCase().startsWith(letter))?.focus();
    }
  };
  return (
    <div ref={list} role="menu" aria-label={label} class="menu" onKeyDown={onKeyDown}>
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
          aria-checked={item.checked}
          tabIndex={-1}
          class={`${item.danger ? 'risky' : ''} ${item.apart ? 'apart' : ''}`}
          onClick={() => {
            close();
            item.run();
          }}
        >
          {item.checked !== undefined ? <span class="tick">{item.checked && <Icon name="check" />}</span> : item.icon && <Icon name={item.icon} />}
          <span>{item.label}</span>
        </button>
      ))}
    </div>
  );
}

export function MenuButton(props: {
  label: string;
  items: () => MenuItem[];
  icon?: IconName;
  children?: ComponentChildren;
  class?: string;
  /** What it shows is its name. */
  named?: boolean;
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
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={props.named ? undefined : props.label}
        title={props.named ? undefined : props.label}
        onClick={() => set(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' || open) return;
          event.preventDefault();
          set(true);
        }}
      >
        {props.children ?? <Icon name={props.icon ?? 'more'} />}
      </button>
      {open && button.current && (
        <Popover anchor={button.current} close={() => set(false)}>
          <Menu items={props.items()} label={props.label} close={() => set(false)} />
        </Popover>
      )}
    </>
  );
}
