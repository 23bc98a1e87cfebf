// A job by hand: a new one, or one like another with other arguments.
import { useState } from 'preact/hooks';
import { call, type Params } from '../api';
import { type Json, parse, pretty, Raw, textOf } from '../json';
import { changes } from '../poll';
import { go } from '../router';
import { readOnly } from '../session';
import type { Job } from '../types';
import { CopyCurl, Problem, say } from '../ui';

/** Members that a copy has as well. */
const COPIED = ['priority', 'retry', 'reserve_for'] as const;

function copied(like: Job | undefined): Params {
  return Object.fromEntries(COPIED.map((name) => [name, like?.[name]]));
}

export function PushJob({ like }: { like?: Job }) {
  const [jobtype, setJobtype] = useState(like?.jobtype ?? '');
  const [queue, setQueue] = useState(like?.queue ?? 'default');
  const [args, setArgs] = useState(pretty(textOf((like?.args as Json | undefined) ?? [])));
  const [error, setError] = useState<Error>();
  if (readOnly.value) return null;
  let broken = '';
  try {
    if (!Array.isArray(parse(args))) broken = 'arguments are an array: […]';
  } catch (failed) {
    broken = (failed as Error).message;
  }
  const params = (): Params => ({ jobtype, queue, args: new Raw(args.trim()), ...copied(like) });
  const push = async (event: Event) => {
    event.preventDefault();
    setError(undefined);
    try {
      const { jid } = await call<{ jid: string }>('jobs_push', params());
      say(`Pushed as ${jid}.`);
      changes.value++;
      go('jobs/job', { jid });
    } catch (failed) {
      setError(failed as Error);
    }
  };
  return (
    <details class="card">
      <summary>{like ? 'Push a copy' : 'Push a job'}</summary>
      <form class="publish" onSubmit={push}>
        {like && <p class="hint">A new job with its own id: the arguments can be changed; custom, and so its batch and its uniqueness, stay behind.</p>}
        <div class="filters">
          <label class="field">
            <span>Job type</span>
            <input value={jobtype} spellcheck={false} autocomplete="off" onInput={(event) => setJobtype(event.currentTarget.value)} />
          </label>
          <label class="field">
            <span>Into queue</span>
            <input value={queue} spellcheck={false} autocomplete="off" onInput={(event) => setQueue(event.currentTarget.value)} />
          </label>
        </div>
        <label class="field wide">
          <span>Arguments, a JSON array</span>
          <textarea rows={4} value={args} spellcheck={false} aria-invalid={broken !== ''} onInput={(event) => setArgs(event.currentTarget.value)} />
        </label>
        {broken && <p class="hint bad">{broken}</p>}
        <Problem error={error} />
        <div class="row">
          <button type="submit" disabled={broken !== '' || jobtype === ''}>
            Push
          </button>
          {broken === '' && <CopyCurl method="jobs_push" params={params()} />}
        </div>
      </form>
    </details>
  );
}
