// What the composer completes: @somebody, :emoji:, #room and, at the very beginning, /command.

export type Kind = 'user' | 'emoji' | 'room' | 'command';

export interface Asked {
  kind: Kind;
  query: string;
  /** Where the word with its sign begins. */
  begin: number;
  end: number;
}

const SIGNS: Record<string, Kind> = { '@': 'user', ':': 'emoji', '#': 'room' };
// No completion within code: what is typed there is meant to the letter.
const inCode = (before: string): boolean => {
  const fences = before.match(/```/g)?.length ?? 0;
  if (fences % 2 === 1) return true;
  const line = before.slice(before.lastIndexOf('\n') + 1);
  return ((line.match(/`/g)?.length ?? 0) - 3 * (line.match(/```/g)?.length ?? 0)) % 2 === 1;
};

/** What the word before the caret asks for. */
export function askedAt(text: string, caret: number): Asked | undefined {
  const before = text.slice(0, caret);
  const command = /^\/([a-z]*)$/i.exec(before);
  if (command) return { kind: 'command', query: command[1] as string, begin: 0, end: caret };
  const found = /(^|[\s([{"'*_~])([@:#])([\p{L}\p{N}_.+-]*)$/u.exec(before);
  if (!found || inCode(before)) return undefined;
  const [, , sign, query] = found as unknown as [string, string, string, string];
  // ":" alone, or before one letter, ends sentences and begins smileys.
  if (sign === ':' && query.length < 2) return undefined;
  return { kind: SIGNS[sign] as Kind, query, begin: caret - query.length - 1, end: caret };
}

/** The text with what was chosen, and where the caret then stands. */
export function completed(text: string, asked: Asked, chosen: string): { text: string; caret: number } {
  const after = text.slice(asked.end);
  const space = /^\s/.test(after) ? '' : ' ';
  const caret = asked.begin + chosen.length + 1;
  return { text: text.slice(0, asked.begin) + chosen + space + after, caret };
}

/** `:name:` of emoji that are known, outside of code. */
export function withEmoji(text: string, charOf: (name: string) => string | undefined): string {
  return text.replace(/(```[\s\S]*?(?:```|$)|`[^`\n]*`)|:([a-z0-9_+-]+):/g, (whole, code: string | undefined, name: string) =>
    code !== undefined ? whole : (charOf(name) ?? whole),
  );
}

export interface Wrapped {
  text: string;
  begin: number;
  end: number;
}

/** The selection with marks around it, or without them if it had them. */
export function wrapped(text: string, begin: number, end: number, mark: string): Wrapped {
  const inside = text.slice(begin, end);
  const before = text.slice(Math.max(0, begin - mark.length), begin);
  const after = text.slice(end, end + mark.length);
  if (before === mark && after === mark) {
    return { text: text.slice(0, begin - mark.length) + inside + text.slice(end + mark.length), begin: begin - mark.length, end: end - mark.length };
  }
  return { text: text.slice(0, begin) + mark + inside + mark + text.slice(end), begin: begin + mark.length, end: end + mark.length };
}

/** Each line of the selection behind a prefix, as quotes and lists have it. */
export function prefixed(text: string, begin: number, end: number, prefix: string): Wrapped {
  const first = text.lastIndexOf('\n', begin - 1) + 1;
  const lines = text.slice(first, end).split('\n');
  const all = lines.every((line) => line.startsWith(prefix));
  const changed = lines.map((line) => (all ? line.slice(prefix.length) : prefix + line)).join('\n');
  return { text: text.slice(0, first) + changed + text.slice(end), begin: first, end: first + changed.length };
}
