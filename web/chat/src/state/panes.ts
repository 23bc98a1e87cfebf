// What stands beside the room.
import { signal } from '@preact/signals';

export type PaneName = 'members' | 'pins' | 'details' | 'moderation';

export const pane = signal<PaneName | undefined>(undefined);
