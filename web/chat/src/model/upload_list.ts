// Files on their way to the server, before a message takes them: so many at once, the others after them; what failed
// waits to be tried again, and what only the network stopped is tried again when that is back.
import type { Attachment } from './types';

export interface Upload {
  id: number;
  file: File;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  /** From 0 to 1. */
  part: number;
  done?: Attachment;
  /** Why it failed, for people. */
  error?: string;
  /** The same may work later. */
  passing?: boolean;
}

export interface Failure {
  message: string;
  passing: boolean;
}

export interface UploadListOptions {
  atOnce: number;
  send: (file: File, progress: (part: number) => void, stop: AbortSignal) => Promise<Attachment>;
  failureOf: (error: unknown) => Failure;
  /** One that is wanted no more, and was uploaded already. */
  takeBack: (attachment: Attachment) => void;
  changed: (list: readonly Upload[]) => void;
}

export class UploadList {
  private list: readonly Upload[] = [];
  private readonly stops = new Map<number, AbortController>();
  private ids = 0;

  constructor(private readonly options: UploadListOptions) {}

  add(file: File): void {
    this.show([...this.list, { id: ++this.ids, file, state: 'waiting', part: 0 }]);
    this.go();
  }

  retry(id: number): void {
    if (this.list.find((each) => each.id === id)?.state !== 'failed') return;
    this.change(id, { state: 'waiting', part: 0, error: undefined });
    this.go();
  }

  /** The network is back. */
  retryPassing(): void {
    for (const { id, state, passing } of this.list) if (state === 'failed' && passing) this.retry(id);
  }

  remove(id: number): void {
    const upload = this.list.find((each) => each.id === id);
    this.show(this.list.filter((each) => each.id !== id));
    this.stops.get(id)?.abort();
    if (upload?.done) this.options.takeBack(upload.done);
    this.go();
  }

  /** A message has taken them. */
  clear(): void {
    this.show([]);
  }

  /** Whoever has added them is gone. */
  stop(): void {
    this.show([]);
    for (const each of this.stops.values()) each.abort();
  }

  private go(): void {
    let free = this.options.atOnce - this.list.filter(({ state }) => state === 'sending').length;
    for (const upload of this.list) if (upload.state === 'waiting' && free-- > 0) void this.send(upload);
  }

  private async send({ id, file }: Upload): Promise<void> {
    const stop = new AbortController();
    this.stops.set(id, stop);
    this.change(id, { state: 'sending' });
    try {
      const done = await this.options.send(file, (part) => this.change(id, { part }), stop.signal);
      // It was taken away while the answer was on its way.
      if (!this.change(id, { state: 'done', done, part: 1 })) this.options.takeBack(done);
    } catch (error) {
      const { message, passing } = this.options.failureOf(error);
      this.change(id, { state: 'failed', error: message, passing });
    }
    this.stops.delete(id);
    this.go();
  }

  private change(id: number, to: Partial<Upload>): boolean {
    const is = this.list.some((each) => each.id === id);
    if (is) this.show(this.list.map((each) => (each.id === id ? { ...each, ...to } : each)));
    return is;
  }

  private show(list: readonly Upload[]): void {
    this.list = list;
    this.options.changed(list);
  }
}
