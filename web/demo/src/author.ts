// How a person looks: the same name has the same colour in every tab.

export function hueOf(name: string): number {
  let hash = 2166136261;
  for (const unit of new TextEncoder().encode(name)) hash = Math.imul(hash ^ unit, 16777619);
  return (hash >>> 0) % 360;
}

export function initialsOf(name: string): string {
  const word = name.split(/[-_. ]/).filter(Boolean).pop() ?? '?';
  return [...word].slice(0, 2).join('').toUpperCase();
}
