// When something shall happen: a moment that is often wanted, or one of one's own.
import { useId } from 'preact/hooks';
import { fieldOf, HOUR_MS, momentIn, momentOf, type Preset } from '../model/moments';
import { prefs } from '../state/prefs';
import { now } from '../state/store';
import { Select } from './ui';

export interface When {
  preset: string;
  field: string;
}

export const PICK = 'pick';
export const pickedAt = (at: number): When => ({ preset: PICK, field: fieldOf(at) });

export const firstOf = (presets: readonly Preset[]): When => ({ preset: presets[0]?.id ?? PICK, field: fieldOf(Date.now() + HOUR_MS) });

/** NaN while it names no moment. */
export function momentOfWhen(when: When, presets: readonly Preset[]): number {
  const preset = presets.find(({ id }) => id === when.preset);
  return preset ? preset.at(Date.now()) : momentIn(when.field);
}

export function WhenFields({ when, set, presets }: { when: When; set: (when: When) => void; presets: readonly Preset[] }) {
  const id = useId();
  const at = momentOfWhen(when, presets);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <>
      {presets.length > 0 && (
        <Select
          label="When"
          value={when.preset}
          options={[...presets.map(({ id: preset, label }) => [preset, label] as const), [PICK, 'At a time of my own…'] as const]}
          onChange={(preset) => set({ ...when, preset })}
        />
      )}
      {when.preset === PICK && (
        <div class="field">
          <label for={id}>Date and time</label>
          <input
            id={id}
            type="datetime-local"
            required
            value={when.field}
            min={fieldOf(Date.now())}
            aria-describedby={`${id}-hint`}
            onInput={(event) => set({ ...when, field: event.currentTarget.value })}
          />
          <p id={`${id}-hint`} class="hint">
            Of your time zone, {zone}.
          </p>
        </div>
      )}
      {when.preset !== PICK && <p class="hint">{Number.isFinite(at) ? `That is ${momentOf(at, now.value, prefs.value.clock)}.` : ''}</p>}
    </>
  );
}
