// The files of each composer, which go on while one looks at another room.
import { effect, type Signal, signal } from '@preact/signals';
import { bytesOf } from '../model/times';
import { type Upload, UploadList } from '../model/upload_list';
import { say } from './announce';
import { api, ApiError, upload } from './api';
import { limits, link, me } from './store';

/** Fewer than the server lets one user have. */
const AT_ONCE = 3;
const MOST = 10;

export interface Files {
  list: Signal<readonly Upload[]>;
  add: (files: readonly File[]) => void;
  retry: (id: number) => void;
  remove: (id: number) => void;
  clear: () => void;
}

const known = new Map<string, { files: Files; uploads: UploadList }>();

export function filesOf(roomId: string, threadId: string | null): Files {
  const key = `${me.peek().id} ${roomId} ${threadId ?? ''}`;
  const found = known.get(key);
  if (found) return found.files;
  const list = signal<readonly Upload[]>([]);
  const uploads = new UploadList({
    atOnce: AT_ONCE,
    send: (file, progress, stop) => upload(roomId, file, progress, stop),
    failureOf: (error) => ({ message: (error as Error).message, passing: error instanceof ApiError && error.passing }),
    // If it stays, the server removes it after a day.
    takeBack: ({ id }) => void api.takeBack(id).catch(() => {}),
    changed: (next) => {
      list.value = next;
    },
  });
  const add = (wanted: readonly File[]) => {
    const max = limits.value.upload_bytes_max;
    for (const file of wanted) {
      if (file.size > max) say(`${file.name} is larger than ${bytesOf(max)}.`, true);
      else if (file.size === 0) say(`${file.name} is empty.`, true);
      else if (list.value.length >= MOST) return say(`A message has at most ${MOST} files.`, true);
      else uploads.add(file);
    }
  };
  const files: Files = {
    list, add, retry: (id) => uploads.retry(id), remove: (id) => uploads.remove(id), clear: () => uploads.clear(),
  };
  known.set(key, { files, uploads });
  return files;
}

/** Nothing goes on in the name of whoever comes next. */
export function stopUploads(): void {
  for (const { uploads } of known.values()) uploads.stop();
  known.clear();
}

effect(() => {
  if (link.value === 'online') for (const { uploads } of known.values()) uploads.retryPassing();
});
