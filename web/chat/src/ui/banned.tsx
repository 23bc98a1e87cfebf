// What stands in the place of the composer, or of the room, for somebody who may not write, or not come in.
import { untilWords } from '../model/moments';
import type { Room } from '../model/types';
import { bans, mutedUntil } from '../state/moderation';
import { prefs } from '../state/prefs';
import { now } from '../state/store';
import { Icon } from './icons';
import { Empty } from './ui';

export function MutedHere({ room }: { room: Room }) {
  return (
    <div class="composer outside" role="status">
      <p class="muted-note">
        <Icon name="mute" />
        <span>A moderator has muted you in this room, {untilWords(mutedUntil(room), now.value, prefs.value.clock)}. You can go on reading.</span>
      </p>
    </div>
  );
}

export function BannedFrom({ id, again }: { id: string; again: () => void }) {
  const ban = bans.value.get(id);
  return (
    <section class="room" id="content" tabIndex={-1}>
      <Empty page icon="ban" title="You are banned from this room.">
        <p>The ban holds {untilWords(ban?.until, now.value, prefs.value.clock)}.</p>
        {ban?.reason && (
          <p>
            The reason: <bdi>{ban.reason}</bdi>
          </p>
        )}
        <div class="row center">
          <button type="button" class="quiet" onClick={again}>
            Try again
          </button>
          <a class="button primary" href="#/browse">
            Browse rooms
          </a>
        </div>
      </Empty>
    </section>
  );
}
