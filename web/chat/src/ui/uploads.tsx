// Files before they are sent: chosen, dropped or pasted; how far they are; what went wrong.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { bytesOf } from '../model/times';
import type { Upload } from '../model/upload_list';
import type { Files } from '../state/uploads';
import { Icon } from './icons';
import { IconButton } from './ui';

const SHOWN = /^image\/(png|jpeg|gif|webp)$/;

/** A picture of the file itself: nothing is asked of the server for it. */
function useOwnPicture(file: File): string | undefined {
  const url = useMemo(() => (SHOWN.test(file.type) ? URL.createObjectURL(file) : undefined), [file]);
  useEffect(() => () => void (url && URL.revokeObjectURL(url)), [url]);
  return url;
}

function One({ upload, files }: { upload: Upload; files: Files }) {
  const { id, file, state, part, error } = upload;
  const picture = useOwnPicture(file);
  return (
    <li class={state}>
      {picture ? <img src={picture} alt="" /> : <Icon name="file" />}
      <span class="upload-what">
        <bdi title={file.name}>{file.name}</bdi>
        {state === 'sending' || state === 'waiting' ? (
          <progress max={1} value={part} aria-label={`Upload of ${file.name}`} />
        ) : (
          <small role={error ? 'alert' : undefined}>{error ?? bytesOf(file.size)}</small>
        )}
        {error && (
          <button type="button" class="link" onClick={() => files.retry(id)}>
            Try again<span class="unseen"> to upload {file.name}</span>
          </button>
        )}
      </span>
      <IconButton icon="close" class="small" label={state === 'sending' ? `Stop the upload of ${file.name}` : `Take away ${file.name}`} onClick={() => files.remove(id)} />
    </li>
  );
}

export function Uploads({ files }: { files: Files }) {
  const list = files.list.value;
  if (list.length === 0) return null;
  return (
    <ul class="uploads" aria-label="Files to send">
      {list.map((upload) => (
        <One key={upload.id} upload={upload} files={files} />
      ))}
    </ul>
  );
}

const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;

/** Files may be dropped anywhere in the room, or the pane, that the composer is of; elsewhere they open no page. */
export function useDrop(composer: { current: HTMLElement | null }, add: ((files: File[]) => void) | undefined): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const place = composer.current?.closest<HTMLElement>('.room, .pane');
    if (!place) return;
    const ended = new AbortController();
    const on = (target: EventTarget, type: string, run: (event: DragEvent) => void) =>
      target.addEventListener(type, (event) => hasFiles(event as DragEvent) && run(event as DragEvent), { signal: ended.signal });
    on(window, 'dragover', (event) => event.preventDefault());
    on(window, 'drop', (event) => event.preventDefault());
    on(place, 'dragover', () => setOver(add !== undefined));
    on(place, 'dragleave', (event) => !place.contains(event.relatedTarget as Node | null) && setOver(false));
    on(place, 'drop', (event) => {
      setOver(false);
      add?.([...(event.dataTransfer?.files ?? [])]);
    });
    return () => ended.abort();
  }, [add]);
  return over;
}
