// What is followed while somebody listens. Its shape is what useSyncExternalStore of React and Preact takes.
//
// A handle is no more than a name; what is behind it is begun by the first listener, is one for all handles of that
// name, and ends LINGER_MS after the last listener has gone: a component that is taken away and put back, as React's
// StrictMode does, or the next page with the same query, goes on with what is there.

export const LINGER_MS = 1000;

export interface Source<State> {
  readonly state: State;
  start(changed: () => void): void;
  stop(): void;
}

interface Active {
  source: Source<unknown>;
  listeners: Set<() => void>;
  ending: ReturnType<typeof setTimeout> | undefined;
}

export class Registry {
  readonly #active = new Map<string, Active>();

  find<S extends Source<unknown>>(name: string): S | undefined {
    return this.#active.get(name)?.source as S | undefined;
  }

  listen(name: string, make: () => Source<unknown>, listener: () => void): () => void {
    let active = this.#active.get(name);
    if (!active) {
      active = { source: make(), listeners: new Set(), ending: undefined };
      this.#active.set(name, active);
      active.source.start(() => this.#tell(name));
    }
    clearTimeout(active.ending);
    const own = () => listener();
    active.listeners.add(own);
    return () => {
      if (!active.listeners.delete(own) || active.listeners.size > 0) return;
      active.ending = setTimeout(() => this.#end(name, active), LINGER_MS);
    };
  }

  /** Ends all, listeners or not. */
  close(): void {
    for (const [name, active] of this.#active) this.#end(name, active);
  }

  #tell(name: string): void {
    for (const listener of [...(this.#active.get(name)?.listeners ?? [])]) listener();
  }

  #end(name: string, active: Active): void {
    clearTimeout(active.ending);
    if (this.#active.get(name) !== active) return;
    this.#active.delete(name);
    active.source.stop();
  }
}

export class Followed<State, S extends Source<State> = Source<State>> {
  constructor(
    private readonly registry: Registry,
    /** Two with the same name are the same. */
    readonly name: string,
    private readonly make: () => S,
    private readonly before: State,
  ) {}

  /** Follows until the function that it gives is called. */
  readonly subscribe = (listener: () => void): (() => void) => this.registry.listen(this.name, this.make, listener);

  /** The same object until something has changed. */
  readonly getSnapshot = (): State => this.source?.state ?? this.before;

  get source(): S | undefined {
    return this.registry.find<S>(this.name);
  }

  /** The first state that `wanted` accepts. Follows while it waits. */
  until(wanted: (state: State) => boolean): Promise<State> {
    return new Promise((resolve) => {
      const look = () => {
        const state = this.getSnapshot();
        if (!wanted(state)) return;
        resolve(state);
        end();
      };
      const end = this.subscribe(() => look());
      look();
    });
  }
}
