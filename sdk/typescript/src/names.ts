// The channel of a live query: live:/orders/mine?status=open#42 is GET /orders/mine?status=open, as user 42 gets it.
// One spelling, which is the server's: who asks for the same is in the same channel.

export type Value = string | number | boolean;
/** Of a query. A list is one name several times, in its order; what is null or undefined is left out. */
export type Params = Readonly<Record<string, Value | readonly Value[] | null | undefined>>;

/** Path and parameters. Parameters whose names stand in the path, as in `orders/{id}`, are put there. */
export function targetOf(endpoint: string, params: Params = {}): string {
  const rest = new Map(Object.entries(params));
  const path = endpoint.replace(/^\/?/, '/').replace(/\{([^}]*)\}/g, (_, name: string) => {
    const value = rest.get(name);
    if (value === undefined || value === null || Array.isArray(value)) throw new TypeError(`${endpoint}: ${name} needs one value`);
    rest.delete(name);
    return encodeURIComponent(String(value));
  });
  const query = new URLSearchParams();
  for (const [name, value] of rest) {
    if (value === undefined || value === null) continue;
    for (const each of Array.isArray(value) ? (value as readonly Value[]) : [value as Value]) query.append(name, String(each));
  }
  query.sort();
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** `user`: whose rows they are; undefined: an endpoint with `@auth none`, which is everybody's. */
export const channelOf = (target: string, user?: string): string => `live:${target}${user === undefined ? '' : `#${user}`}`;
