// Markdown as a line of text: for previews and notifications.
export function plainOf(text: string, max = 160): string {
  const plain = text
    .replace(/```[\w-]*\n?([\s\S]*?)(```|$)/g, '$1')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(^|\s)(?:>+|#{1,6}|[-*+]|\d+\.)\s+/g, '$1')
    .replace(/(\*\*|__|~~|`)(?=\S)([\s\S]*?\S)\1/g, '$2')
    .replace(/(^|[\s(])[*_](?=\S)([^*_]*\S)[*_](?=$|[\s.,!?)])/g, '$1$2')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.length > max ? `${plain.slice(0, max - 1).trimEnd()}…` : plain;
}
