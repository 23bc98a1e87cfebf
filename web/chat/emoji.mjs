// The emoji of the chat, from what GitHub names them: node emoji.mjs FILE. As [group, [[emoji, "names", "further words"]…]]….
import { writeFileSync } from 'node:fs';
import { gemoji } from 'gemoji';

const words = (list) => [...new Set(list.flatMap((text) => text.toLowerCase().split(/[\s_]+/)))];

const groups = new Map();
for (const { emoji, names, tags, category, description } of gemoji) {
  const group = groups.get(category) ?? [];
  groups.set(category, group);
  const known = new Set(words(names));
  const more = words([...tags, description]).filter((word) => /^[\p{L}\p{N}]{2,}$/u.test(word) && !known.has(word));
  group.push([emoji, names.join(' '), more.join(' ')]);
}
writeFileSync(process.argv[2], JSON.stringify([...groups]));
