// The emoji: loaded when somebody first wants one, from beside the page.
import { signal } from '@preact/signals';
import { at } from './api';
import { shelf } from './storage';

/** `names`: as they are typed between colons; `tags`: further words that find it. */
export interface Emoji {
  char: string;
  names: string[];
  tags: string[];
}

export interface EmojiGroup {
  name: string;
  emoji: Emoji[];
}

type Packed = [string, [string, string, string][]][];

export const groups = signal<readonly EmojiGroup[]>([]);
const RECENT = 'tidemill-chat:emoji';
const USUAL = ['👍', '❤️', '😂', '🎉', '😮', '🙏'];
const RECENT_MAX = 18;

let loading: Promise<void> | undefined;
let byName = new Map<string, string>();
let nameOfChar = new Map<string, string>();

async function load(): Promise<void> {
  const response = await fetch(at('chat/emoji.json'), { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`emoji.json: status ${response.status}`);
  const words = (text: string) => (text === '' ? [] : text.split(' '));
  groups.value = ((await response.json()) as Packed).map(([name, emoji]) => ({
    name,
    emoji: emoji.map(([char, names, tags]) => ({ char, names: words(names), tags: words(tags) })),
  }));
  const all = groups.value.flatMap(({ emoji }) => emoji);
  byName = new Map(all.flatMap(({ char, names }) => names.map((name) => [name, char] as const)));
  nameOfChar = new Map(all.map(({ char, names }) => [char, names[0] ?? ''] as const));
}

export function needEmoji(): Promise<void> {
  loading ??= load().catch(() => {
    loading = undefined;
  });
  return loading;
}

export const charOf = (name: string): string | undefined => byName.get(name);
/** In words, for those who hear it. */
export const spoken = (char: string): string => nameOfChar.get(char)?.replaceAll('_', ' ') || char;
export const allEmoji = (): Emoji[] => groups.value.flatMap(({ emoji }) => emoji);

export function recentEmoji(): string[] {
  try {
    const kept = JSON.parse(shelf.get(RECENT) ?? '[]') as string[];
    return [...new Set([...kept, ...USUAL])].slice(0, RECENT_MAX);
  } catch {
    return USUAL;
  }
}

export function usedEmoji(char: string): void {
  shelf.set(RECENT, JSON.stringify([char, ...recentEmoji().filter((each) => each !== char)].slice(0, RECENT_MAX)));
}
