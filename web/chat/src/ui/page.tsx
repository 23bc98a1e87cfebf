// A page that is no room: its title above, what it holds below.
import { type ComponentChildren } from 'preact';
import { Icon } from './icons';

export function Page({ title, tools, children }: { title: string; tools?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="room page" aria-label={title} id="content" tabIndex={-1}>
      <header class="room-head">
        <a class="icon-button back narrow-only" href="#/" aria-label="To the rooms" title="To the rooms">
          <Icon name="back" />
        </a>
        <div class="room-title">
          <h1>{title}</h1>
        </div>
        <div class="room-tools">{tools}</div>
      </header>
      <div class="page-scroll" tabIndex={0} role="group" aria-label={title}>
        <div class="page-body">{children}</div>
      </div>
    </section>
  );
}
