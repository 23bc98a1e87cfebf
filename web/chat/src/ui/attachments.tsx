// What is attached to a message: pictures in a box of their size, files by name; a picture opens large.
import { useEffect, useState } from 'preact/hooks';
import { bytesOf } from '../model/times';
import type { Attachment } from '../model/types';
import { at } from '../state/api';
import { openDialog } from './dialog';
import { Icon } from './icons';
import { IconButton } from './ui';

const SHOWN_WIDTH = 420;
const SHOWN_HEIGHT = 320;
const PICTURES = /^image\/(png|jpeg|gif|webp)$/;

// A picture without a size is one that no page should unpack.
const isPicture = ({ type, width, height }: Attachment) => PICTURES.test(type) && Boolean(width && height);

function FileRow({ attachment }: { attachment: Attachment }) {
  return (
    <a class="file" href={at(attachment.url)} download={attachment.name} rel="noopener noreferrer">
      <Icon name="file" />
      <span>
        <bdi>{attachment.name}</bdi>
        <small>{bytesOf(attachment.size)}</small>
      </span>
    </a>
  );
}

function Picture({ attachment, open }: { attachment: Attachment; open: () => void }) {
  const [broken, setBroken] = useState(false);
  const { name, width = 1, height = 1 } = attachment;
  const scale = Math.min(1, SHOWN_WIDTH / width, SHOWN_HEIGHT / height);
  if (broken) return <FileRow attachment={attachment} />;
  // The room it takes is known before it is loaded, so that nothing jumps.
  return (
    <button type="button" class="picture" aria-label={`Picture ${name}: open it large`} onClick={open}>
      <img
        src={at(attachment.url)}
        alt=""
        loading="lazy"
        decoding="async"
        width={Math.max(24, Math.round(width * scale))}
        height={Math.max(24, Math.round(height * scale))}
        onError={() => setBroken(true)}
      />
    </button>
  );
}

function Large({ pictures, first, close }: { pictures: readonly Attachment[]; first: number; close: () => void }) {
  const [index, setIndex] = useState(first);
  const picture = pictures[index] as Attachment;
  const go = (by: number) => setIndex((now) => Math.min(pictures.length - 1, Math.max(0, now + by)));
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent) => {
      const ahead = document.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
      if (key === 'ArrowLeft' || key === 'ArrowRight') go(key === ahead ? 1 : -1);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <div class="large">
      <header>
        <span class="large-name" aria-live="polite">
          <bdi>{picture.name}</bdi>
          <small>
            {picture.width} × {picture.height}, {bytesOf(picture.size)}
            {pictures.length > 1 && `, ${index + 1} of ${pictures.length}`}
          </small>
        </span>
        {pictures.length > 1 && (
          <>
            <IconButton icon="back" class="before" label="The picture before" disabled={index === 0} onClick={() => go(-1)} />
            <IconButton icon="back" class="next" label="The next picture" disabled={index === pictures.length - 1} onClick={() => go(1)} />
          </>
        )}
        <a class="icon-button" href={at(picture.url)} download={picture.name} aria-label="Download" title="Download">
          <Icon name="down" />
        </a>
        <IconButton icon="close" label="Close" onClick={close} />
      </header>
      <img key={picture.id} src={at(picture.url)} alt={picture.name} width={picture.width} height={picture.height} />
    </div>
  );
}

export function Attachments({ list }: { list: readonly Attachment[] }) {
  if (list.length === 0) return null;
  const pictures = list.filter(isPicture);
  const show = (picture: Attachment) =>
    openDialog('Picture', (close) => <Large pictures={pictures} first={pictures.indexOf(picture)} close={close} />, 'picture');
  return (
    <div class="attachments">
      {list.map((each) => (isPicture(each) ? <Picture key={each.id} attachment={each} open={() => show(each)} /> : <FileRow key={each.id} attachment={each} />))}
    </div>
  );
}
