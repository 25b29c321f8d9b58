// The result: the facts, the download, the notes.

import { showVerdict, summary } from './verdict.js';

const part = (id) => document.getElementById(id);

export function decoded({ base64, media_type: type }) {
  return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type });
}

// The choice of a format that is written, by its media type; it has the suffix and the name for people.
export const written = (type) => document.querySelector(`#format [data-type="${type}"]`);

export function outputName(photo, preset, type) {
  const stem = photo.replace(/\.[^.]*$/, '') || 'photo';
  return `${stem}-${preset || 'portrait'}.${written(type)?.dataset.suffix ?? 'jpg'}`;
}

export function hideResult() {
  part('result').hidden = true;
}

// `rules` is the title of the verdict's preset, or empty for good practice.
export function showPortrait(answer, blob, name, rules) {
  const { image, faces, restored, restorer } = answer;
  const quality = image.quality === null ? '' : ` at quality ${image.quality}`;
  const by = restored ? `${faces.length === 1 ? '' : `${restored} `}restored by ${restorer}` : 'not restored';
  part('facts').textContent =
    `${image.width} × ${image.height} px, ${kilobytes(blob.size)}, ${written(image.media_type).text}${quality}. ` +
    `${counted(faces)}, ${by}.`;
  const link = part('download');
  if (link.href) URL.revokeObjectURL(link.href);
  Object.assign(link, { href: URL.createObjectURL(blob), download: name, hidden: false });
  fill('The portrait', answer, rules);
}

export function showCheck(answer, rules) {
  const { source, faces } = answer;
  part('facts').textContent =
    `${source.width} × ${source.height} px, ${counted(faces)}. It was checked as it is, and not changed.`;
  part('download').hidden = true;
  fill('The photo', answer, rules);
}

export function megabytes(bytes) {
  return `${(bytes / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;
}

export function kilobytes(bytes) {
  return `${Math.max(1, Math.round(bytes / 1000)).toLocaleString('en')} kB`;
}

function counted({ length }) {
  return length === 0 ? 'no face' : length === 1 ? '1 face' : `${length} faces`;
}

function fill(subject, { verdict, notes = [], timings_ms: timings }, rules) {
  part('result-title').textContent = `${subject} is ${subject === 'The photo' ? 'checked' : 'done'}`;
  part('judged').textContent = verdict ? `${rules ?? 'Good practice'}: ${summary(verdict)}` : '';
  part('notes').replaceChildren(
    ...notes.map(({ detail }) => Object.assign(document.createElement('li'), { textContent: detail })),
  );
  showVerdict(verdict);
  const all = Object.values(timings).reduce((sum, ms) => sum + ms, 0);
  const stages = Object.entries(timings).map(([stage, ms]) => `${stage} ${Math.round(ms)}`);
  part('timings').textContent = stages.length ? `${Math.round(all)} ms: ${stages.join(', ')}.` : '';
  part('result').hidden = false;
  part('result-title').focus({ preventScroll: true });
}
