// What came back, in words.

const STATUS = { pass: ['✓', 'passes'], fail: ['✕', 'fails'], unknown: ['?', 'unknown'] };
const EXTENSION = { 'image/jpeg': 'jpg', 'image/png': 'png', 'image/webp': 'webp' };
const FORMAT = { 'image/jpeg': 'JPEG', 'image/png': 'PNG', 'image/webp': 'WebP' };
const digits = new Intl.NumberFormat('en', { maximumFractionDigits: 3 });
const number = { format: (value) => digits.format(value).replace('-', '−') };
const part = (id) => document.getElementById(id);

export function decoded({ base64, media_type: type }) {
  return new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type });
}

export function outputName(photo, preset, type) {
  const stem = photo.replace(/\.[^.]*$/, '') || 'photo';
  return `${stem}-${preset || 'portrait'}.${EXTENSION[type] ?? 'jpg'}`;
}

export function hideResult() {
  part('result').hidden = true;
}

export function showPortrait(answer, blob, name) {
  const { image, faces, restored, restorer } = answer;
  const quality = image.quality === null ? '' : ` at quality ${image.quality}`;
  const by = restored ? `, ${restored} restored by ${restorer}` : ', none restored';
  part('facts').textContent =
    `${image.width} × ${image.height} px, ${kilobytes(blob.size)}, ${FORMAT[image.media_type]}${quality}. ` +
    `${faces.length === 1 ? '1 face' : `${faces.length} faces`}${by}.`;
  const link = part('download');
  if (link.href) URL.revokeObjectURL(link.href);
  Object.assign(link, { href: URL.createObjectURL(blob), download: name, hidden: false });
  fill('The portrait', answer);
}

export function showCheck(answer) {
  const { source, faces } = answer;
  part('facts').textContent =
    `The photo as it is: ${source.width} × ${source.height} px, ` +
    `${faces.length === 1 ? '1 face' : `${faces.length} faces`}.`;
  part('download').hidden = true;
  fill('The check', answer);
}

export function kilobytes(bytes) {
  return `${number.format(Math.max(1, Math.round(bytes / 1000)))} kB`;
}

function fill(title, { verdict, notes = [], timings_ms: timings }) {
  part('result-title').textContent = verdict ? `${title} ${summary(verdict)}` : `${title} is done`;
  part('notes').replaceChildren(...notes.map(({ detail }) => element('li', '', detail)));
  part('verdict').replaceChildren(...(verdict?.rules ?? []).map(line));
  const stages = Object.entries(timings).map(([stage, ms]) => `${stage} ${Math.round(ms)}`);
  part('timings').textContent = stages.length ? `Time in ms: ${stages.join(', ')}.` : '';
  part('result').hidden = false;
  part('result-title').focus({ preventScroll: true });
}

function summary({ status, rules }) {
  const failed = rules.filter((rule) => rule.status === 'fail').length;
  if (status === 'fail') return `fails ${failed} of ${rules.length} rules`;
  return status === 'pass' ? 'passes every rule' : 'could not be judged whole';
}

function line(rule) {
  const limitless = rule.least === null && rule.most === null;
  const [mark, word] = limitless ? ['–', 'no limit'] : STATUS[rule.status];
  const item = element('li', limitless ? 'free' : rule.status);
  const mark_ = element('span', 'mark', mark);
  mark_.setAttribute('aria-hidden', 'true');
  const name = rule.name.replaceAll('_', ' ');
  const head = element('p', 'rule');
  head.append(element('strong', '', name[0].toUpperCase() + name.slice(1)), ' ', element('span', 'word', word));
  const text = element('div', 'text');
  text.append(head);
  if (rule.detail) text.append(element('p', 'hint', rule.detail));
  const measure = element('p', 'measure');
  if (rule.value !== null) measure.append(element('b', '', quantity(rule.value, rule.unit)));
  if (!limitless) measure.append(element('span', 'hint', limits(rule)));
  item.append(mark_, text, measure);
  return item;
}

function limits({ least, most, unit }) {
  if (least === null) return `at most ${quantity(most, unit)}`;
  if (most === null) return `at least ${quantity(least, unit)}`;
  return least === most
    ? `exactly ${quantity(least, unit)}`
    : `${number.format(least)} to ${quantity(most, unit)}`;
}

function quantity(value, unit) {
  const space = ['', '°'].includes(unit) ? '' : ' ';
  return number.format(value) + space + unit;
}

function element(tag, className, text = '') {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
