// What stands beside a room; over it on a narrow screen.
import { type ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { narrow } from '../state/screen';
import { IconButton } from './ui';

export function Pane({ title, sub, close, children, focus = true }: { title: string; sub?: ComponentChildren; close: () => void; children: ComponentChildren; focus?: boolean }) {
  const pane = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    if (focus) pane.current?.focus({ preventScroll: true });
    return () => {
      if (document.activeElement === document.body && before?.isConnected) before.focus();
    };
  }, []);
  return (
    <aside
      ref={pane}
      class="pane"
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || event.defaultPrevented) return;
        event.preventDefault();
        event.stopPropagation();
        close();
      }}
    >
      <header class="pane-head">
        <div>
          {narrow.value ? <h1>{title}</h1> : <h2>{title}</h2>}
          {sub && <p class="soft">{sub}</p>}
        </div>
        <IconButton icon="close" label="Close" onClick={close} />
      </header>
      {children}
    </aside>
  );
}
