// The page: a photo, the options, one call at a time, and its result.

import { Cancelled, Problem, send } from './call.js';
import { command } from './command.js';
import { show, showBoth, showNothing, showPhoto } from './compare.js';
import { chosen, offerPresets, offerRestorers, preset, reset, settle, touch } from './options.js';
import { takePhotos } from './photo.js';
import { decoded, hideResult, kilobytes, megabytes, outputName, showCheck, showPortrait, written } from './result.js';
import { askForKey, keyOf, onKey, ready } from './service.js';

const FRAMING = ['preset', 'head', 'margin', 'eye_line', 'align', 'layout'];
const SHOWN = /^image\/(jpeg|png|webp|avif|gif|bmp)$/; // by every browser
const REFUSED = [400, 413, 415]; // the file is at fault
const part = (id) => document.getElementById(id);
const form = part('options');
let photo = null; // { file, size } where size is null if the browser cannot show it
let known = false; // whether presets and models are loaded
let call = null; // the AbortController of the one in flight
let again = load; // what to try again once there is a key

async function load() {
  try {
    const [presets, models] = await Promise.all(['presets', 'models'].map((path) => send(path, { key: keyOf() })));
    offerPresets(presets.presets);
    offerRestorers(models.models);
    known = true;
    refresh();
  } catch (problem) {
    tell(problem, load);
  }
}

async function take(file) {
  call?.abort();
  tell(null);
  hideResult();
  const taken = { file, size: null };
  photo = taken;
  part('another').hidden = false;
  part('photo-facts').textContent = `${file.name}, ${kilobytes(file.size)}`;
  showPhoto();
  refresh();
  if (!fits(file)) return;
  try {
    if (!SHOWN.test(file.type)) throw new Error('not for browsers');
    taken.size = await show('before', file);
  } catch {
    await preview(taken);
  }
  if (photo === taken && taken.size) {
    part('photo-facts').textContent =
      `${file.name}, ${taken.size.width} × ${taken.size.height} px, ${kilobytes(file.size)}`;
  }
}

function fits(file) {
  const most = Number(part('file').dataset.mostBytes);
  if (file.size <= most) return true;
  leave();
  tell(
    new Problem({
      detail: `${file.name} has ${megabytes(file.size)}; at most ${megabytes(most)} are accepted.`,
      hint: 'Choose a smaller file, or save it again with less quality or fewer pixels.',
    }),
  );
  return false;
}

// Made by the service, which also tells whether it takes this kind of file.
async function preview(taken) {
  part('before').hidden = true;
  const answer = await run('preview', {}, 'Making a preview…', {
    retry: () => take(taken.file),
    failed: ({ status }) => photo === taken && REFUSED.includes(status) && leave(),
  });
  if (photo !== taken) return;
  part('photo-facts').textContent = `${taken.file.name}: this browser cannot show it, but the service may read it.`;
  if (!answer) return;
  await show('before', decoded(answer.image));
  const { width, height } = answer.source;
  taken.size = { width, height };
}

function leave() {
  photo = null;
  part('another').hidden = true;
  part('photo-facts').replaceChildren();
  showNothing();
  refresh();
}

async function run(path, options, doing, { asFile = false, retry = null, failed = null } = {}) {
  if (!photo) {
    tell(new Problem({ detail: 'There is no photo yet.', hint: 'Choose one, drop it here, or paste it.' }));
    part('file').focus();
    return null;
  }
  const body = new FormData();
  body.append('file', photo.file);
  for (const [name, value] of Object.entries(options)) body.append(name, value);
  tell(null);
  const own = new AbortController();
  call = own;
  const stop = busy(doing);
  try {
    return await send(path, { body, key: keyOf(), signal: own.signal, asFile, ...stop });
  } catch (problem) {
    if (problem instanceof Cancelled) return null;
    tell(problem, retry ?? (() => form.querySelector(`#${path}`).click()));
    failed?.(problem);
    return null;
  } finally {
    stop.end(call !== own); // another one may have taken its place
    if (call === own) call = null;
  }
}

// Shows the progress of a call: bytes of the upload, then seconds, because the total is unknown.
function busy(doing) {
  const progress = part('progress');
  const from = document.activeElement;
  let timer;
  part('busy').hidden = false;
  for (const id of ['process', 'check']) part(id).disabled = true;
  say('Uploading…');
  part('elapsed').textContent = '';
  progress.value = 0;
  part('cancel').focus({ preventScroll: true });
  part('stage').scrollIntoView({ block: 'nearest' });
  return {
    onUpload: (share) => {
      progress.value = share;
    },
    onWork: () => {
      const start = performance.now();
      say(doing);
      progress.removeAttribute('value');
      const tick = () => {
        part('elapsed').textContent = `${Math.floor((performance.now() - start) / 1000)} s`;
      };
      tick();
      timer = setInterval(tick, 250);
    },
    end: (replaced) => {
      clearInterval(timer);
      if (replaced) return;
      say('');
      for (const id of ['process', 'check']) part(id).disabled = false;
      if (part('busy').contains(document.activeElement)) from.focus({ preventScroll: true });
      part('busy').hidden = true;
    },
  };
}

// For the page and for screen readers. Screen readers should read it once, not every second.
function say(words) {
  for (const id of ['doing', 'said']) part(id).textContent = words;
}

async function process() {
  const options = chosen();
  const asked = preset();
  const sent = photo;
  const doing = options.restorer === 'none' ? 'Working…' : 'Restoring…';
  const answer = await run('process', options, doing, { asFile: 'each' in options });
  if (!answer) return;
  if ('each' in options) {
    save(answer, 'portraits.zip');
    return;
  }
  const blob = decoded(answer.image);
  showPortrait(answer, blob, outputName(sent.file.name, options.preset, blob.type), asked?.title);
  showBoth(sent.size, await show('after', blob), FRAMING.some((name) => name in options));
}

function save(blob, name) {
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still read it
}

async function check() {
  const against = preset();
  const answer = await run('check', against ? { preset: against.name } : {}, 'Checking…');
  if (!answer) return;
  showPhoto();
  showCheck(answer, against?.title);
}

function tell(problem, retry = null) {
  const error = part('error');
  error.replaceChildren();
  if (!problem) return;
  if (!(problem instanceof Problem)) throw problem;
  const locked = problem.status === 401; // then the field for the key is the hint
  const lines = locked ? [keyOf() && problem.message] : [problem.message, problem.hint];
  for (const text of lines.filter(Boolean)) {
    error.append(Object.assign(document.createElement('p'), { textContent: text }));
  }
  error.scrollIntoView({ block: 'nearest' });
  if (!locked) return;
  again = retry ?? again;
  askForKey();
}

function refresh() {
  settle();
  const name = photo?.file.name ?? 'photo.jpg';
  const options = chosen();
  part('command').textContent = command({
    address: new URL('process', document.baseURI).href,
    photo: name,
    options,
    output: 'each' in options ? 'portraits.zip' : outputName(name, options.preset, outputType(options)),
    keyed: keyOf() !== '',
  });
}

// The same choice as in the service: JPEG where the photo's format is not written; a JPEG cannot be transparent.
function outputType({ format = preset()?.format ?? 'auto', background, mask, layout }) {
  if (format !== 'auto') return `image/${format}`;
  const clear = !layout && (background === 'transparent' || mask);
  const type = written(photo?.file.type) ? photo.file.type : 'image/jpeg';
  return clear && type === 'image/jpeg' ? 'image/png' : type;
}

async function copy() {
  const text = part('command');
  getSelection().selectAllChildren(text);
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    document.execCommand('copy'); // there is no clipboard over plain http, except on localhost
  }
  part('copied').textContent = 'Copied';
  setTimeout(() => part('copied').replaceChildren(), 2000);
}

form.addEventListener('input', (event) => {
  touch(event.target);
  refresh();
});
// A value out of its range may be in a closed group, and the browser cannot point at it there.
form.addEventListener('invalid', (event) => event.target.closest('details')?.setAttribute('open', ''), true);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!call) process();
});
part('check').addEventListener('click', check);
part('clear').addEventListener('click', () => {
  reset();
  refresh();
  part('preset').focus();
});
part('cancel').addEventListener('click', () => call?.abort());
part('copy').addEventListener('click', copy);
onKey(async () => {
  tell(null);
  refresh();
  if (!known && again !== load) await load();
  again();
});
takePhotos(take);
refresh();
await ready();
await load();
