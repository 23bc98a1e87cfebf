// The incoming hooks of a room: for its owners, among its settings.
import { useState } from 'preact/hooks';
import type { Room } from '../model/types';
import { say } from '../state/announce';
import { at } from '../state/api';
import { hooks, type Hook } from '../state/hooks';
import { confirm } from './dialog';
import { Field, fieldError, Name, Problem, Time, copyText, useLoad, useSubmit } from './ui';

const curlOf = (url: string): string => `curl -s ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d '{"text": "Hello from a *hook*"}'`;

function Copied({ label, text }: { label: string; text: string }) {
  return (
    <button type="button" class="quiet small" onClick={() => void copyText(text).then(() => say('Copied.'))}>
      {label}
    </button>
  );
}

export function HooksPart({ room }: { room: Room }) {
  const [name, setName] = useState('');
  const [made, setMade] = useState<{ hook: Hook; url: string }>();
  const { data, error: failed, again } = useLoad(() => hooks.list(room.id), [room.id]);
  const { submit, error, busy } = useSubmit(async () => {
    const { hook, path } = await hooks.make(room.id, name.trim());
    setMade({ hook, url: at(path) });
    setName('');
    again();
  });
  const revoke = (hook: Hook) =>
    confirm({
      title: `Revoke ${hook.name}?`, text: <p>Whatever posts there is refused from now on. Its messages stay.</p>, action: 'Revoke', danger: true,
      run: async () => {
        await hooks.remove(room.id, hook.id);
        if (made?.hook.id === hook.id) setMade(undefined);
        again();
      },
    });
  return (
    <section class="apart hooks" aria-label="Incoming hooks">
      <h2>Incoming hooks</h2>
      <p class="soft">An address that other programs post messages to, in the form of Slack's incoming webhooks.</p>
      <Problem error={failed} />
      <ul class="hooks">
        {data?.hooks.map((hook) => (
          <li key={hook.id}>
            <div>
              <bdi>{hook.name}</bdi>
              <small>
                by <Name id={hook.created_by} />, <Time at={hook.created_at} form="ago" />
              </small>
            </div>
            <button type="button" class="quiet small danger-text" onClick={() => revoke(hook)}>
              Revoke<span class="unseen"> {hook.name}</span>
            </button>
          </li>
        ))}
      </ul>
      {made && (
        <div class="secret" role="group" aria-label={`The address of ${made.hook.name}`}>
          <p role="status">
            <b>
              <bdi>{made.hook.name}</bdi>
            </b>{' '}
            is made. Its address is secret, and shown this once:
          </p>
          <pre tabIndex={0}>{curlOf(made.url)}</pre>
          <div class="row">
            <Copied label="Copy the address" text={made.url} />
            <Copied label="Copy the example" text={curlOf(made.url)} />
            <button type="button" class="quiet small" onClick={() => setMade(undefined)}>
              Done
            </button>
          </div>
        </div>
      )}
      <form onSubmit={submit}>
        <Field label="Name of a new hook" value={name} onInput={setName} required maxLength={80} placeholder="Builds" error={fieldError(error, 'name')} />
        {!fieldError(error, 'name') && <Problem error={error} />}
        <button type="submit" class="quiet" disabled={busy || name.trim() === ''}>
          Make a hook
        </button>
      </form>
    </section>
  );
}
