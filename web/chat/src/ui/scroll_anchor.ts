// Keeps what is shown in its place while the list above and below it changes: Safari does not do it by itself, and the
// browsers that do disagree about lists that lose rows at one end and gain some at the other.
export class Anchor {
  /** At the end, the end stays in view instead. */
  atEnd = true;
  private row: HTMLElement | undefined;
  private top = 0;

  keep(box: HTMLElement | null): void {
    this.row = undefined;
    if (!box || this.atEnd) return;
    const edge = box.getBoundingClientRect().top;
    for (const row of box.querySelectorAll<HTMLElement>('li[data-key]')) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom <= edge) continue;
      this.row = row;
      this.top = top - edge;
      return;
    }
  }

  restore(box: HTMLElement): void {
    if (this.atEnd) box.scrollTop = box.scrollHeight;
    if (this.atEnd || !this.row?.isConnected) return;
    const moved = this.row.getBoundingClientRect().top - box.getBoundingClientRect().top - this.top;
    if (Math.abs(moved) >= 1) box.scrollTop += moved;
  }
}
