// What is looked at again and again while somebody sees it: not in a hidden tab, not while paused.
import { effect, signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';

export const paused = signal(false);
export const hidden = signal(document.hidden);
/** Counts what this page has done, so that all that is shown is asked for anew. */
export const changes = signal(0);

document.addEventListener('visibilitychange', () => {
  hidden.value = document.hidden;
});

export interface Polled<T> {
  data: T | undefined;
  error: Error | undefined;
  refresh(): void;
}

const idle = (ms: number, stop: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    stop.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });

/** Resolves when the tab is seen and nobody has paused it. */
const watched = (stop: AbortSignal) =>
  new Promise<void>((resolve) => {
    let end: () => void = () => {};
    let done = false;
    const finish = () => {
      done = true;
      end();
      resolve();
    };
    end = effect(() => {
      if (!done && (stop.aborted || !(hidden.value || paused.value))) queueMicrotask(finish);
    });
    stop.addEventListener('abort', finish, { once: true });
  });

/** Calls `load` at once and then each `everyMs`, one at a time; `deps`: what it depends on. */
export function usePoll<T>(load: (stop: AbortSignal) => Promise<T>, everyMs: number, deps: unknown[]): Polled<T> {
  const [state, setState] = useState<{ data?: T; error?: Error }>({});
  const [turn, setTurn] = useState(0);
  const seen = changes.value;
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const stop = new AbortController();
    const run = async () => {
      for (let first = true; !stop.signal.aborted; first = false) {
        if (!first) await watched(stop.signal);
        if (stop.signal.aborted) return;
        try {
          const data = await latest.current(stop.signal);
          if (!stop.signal.aborted) setState({ data });
        } catch (error) {
          if (!stop.signal.aborted) setState((before) => ({ data: before.data, error: error as Error }));
        }
        if (everyMs === 0) return;
        await idle(everyMs, stop.signal);
      }
    };
    void run();
    return () => stop.abort();
  }, [...deps, turn, seen]);
  return { data: state.data, error: state.error, refresh: () => setTurn((before) => before + 1) };
}
