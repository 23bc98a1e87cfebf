// Finds what somebody types the beginning of: names by words, and letters in order as a last resort.

export const folded = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** How well `text` fits; 0: not at all. */
export function scoreOf(text: string, query: string): number {
  const name = folded(text);
  const wanted = folded(query.trim());
  if (wanted === '') return 1;
  if (name === wanted) return 100;
  if (name.startsWith(wanted)) return 80;
  const words = name.split(/[^\p{L}\p{N}]+/u);
  if (words.some((word) => word.startsWith(wanted))) return 60;
  if (wanted.split(/\s+/).every((part) => words.some((word) => word.startsWith(part)))) return 50;
  if (name.includes(wanted)) return 40;
  let at = 0;
  for (const letter of wanted) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return 0;
  }
  return wanted.length > 1 ? 10 : 0;
}

export function bestOf<T>(all: readonly T[], query: string, namesOf: (one: T) => string[], max: number, weight: (one: T) => number = () => 0): T[] {
  return all
    .map((one) => ({ one, score: Math.max(...namesOf(one).map((name) => scoreOf(name, query))) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score + weight(b.one) - (a.score + weight(a.one)))
    .slice(0, max)
    .map(({ one }) => one);
}
