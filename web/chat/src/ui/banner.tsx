// Says when the server is away, and for a moment when it is back.
import { useEffect, useState } from 'preact/hooks';
import { retryNow } from '../state/live';
import { pending } from '../state/sending';
import { link, wasOnline } from '../state/store';

const CALM_MS = 1500;
const BACK_MS = 2500;

export function Banner() {
  const [told, setTold] = useState<'no' | 'away' | 'back'>('no');
  const state = link.value;
  useEffect(() => {
    // A connection that is back at once need not be told of.
    if (state !== 'online') {
      const timer = setTimeout(() => setTold('away'), CALM_MS);
      return () => clearTimeout(timer);
    }
    if (told !== 'away') return;
    setTold('back');
    const timer = setTimeout(() => setTold('no'), BACK_MS);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    const timer = told === 'back' ? setTimeout(() => setTold('no'), BACK_MS) : undefined;
    return () => clearTimeout(timer);
  }, [told]);
  const waiting = pending.value.filter((entry) => entry.state !== 'failed').length;
  return (
    <div class="banner-place" role="status">
      {told === 'away' && (
        <div class="banner away">
          <span>
            {wasOnline.value ? 'Offline. Trying to connect…' : 'Connecting…'}
            {waiting > 0 && ` ${waiting === 1 ? 'One message waits' : `${waiting} messages wait`} to be sent.`}
          </span>
          <button type="button" class="link" onClick={retryNow}>
            Try now
          </button>
        </div>
      )}
      {told === 'back' && <div class="banner back">Back online.</div>}
    </div>
  );
}
