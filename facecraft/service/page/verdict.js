// A verdict in words: what fails first, then what passes; what nothing limits stands apart.

const STATUS = { pass: ['✓', 'passes'], fail: ['✕', 'fails'], unknown: ['?', 'could not be measured'] };
const ORDER = ['fail', 'unknown', 'pass'];
const UNIT = { share: ' %', deg: '°', ratio: '', CIE76: ' ΔE' };
const limited = ({ least, most }) => least !== null || most !== null;

export function summary({ status, rules }) {
  const counted = rules.filter(limited);
  const failed = counted.filter((rule) => rule.status === 'fail').length;
  if (status === 'fail') return `fails ${failed} of ${counted.length} rules`;
  return status === 'pass' ? `passes all ${counted.length} rules` : 'could not be judged by every rule';
}

export function showVerdict(verdict) {
  const rules = verdict?.rules ?? [];
  const judged = rules.filter(limited).sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  const measured = rules.filter((rule) => !limited(rule) && rule.value !== null);
  document.getElementById('verdict').replaceChildren(...judged.map(line));
  document.getElementById('measured').replaceChildren(...measured.map(fact));
  document.getElementById('also').hidden = measured.length === 0;
}

function line(rule) {
  const [mark, word] = STATUS[rule.status];
  const item = element('li', rule.status);
  const sign = element('span', 'mark', mark);
  sign.ariaHidden = 'true';
  const head = element('p', 'rule');
  head.append(element('strong', '', name(rule)), ' ', element('span', 'word', word));
  const text = element('div', 'text');
  text.append(head, element('p', 'hint', sentence(rule.detail)));
  const measure = element('p', 'measure');
  if (rule.value !== null) measure.append(element('b', '', quantity(rule.value, rule)), ' ');
  measure.append(element('span', 'hint', limits(rule)));
  item.append(sign, text, measure);
  return item;
}

function fact(rule) {
  const row = element('div', '');
  const term = element('dt', '', name(rule));
  term.title = sentence(rule.detail);
  row.append(term, element('dd', '', quantity(rule.value, rule)));
  return row;
}

function name({ name: code }) {
  const words = code.replaceAll('_', ' ');
  return words[0].toUpperCase() + words.slice(1);
}

function sentence(text) {
  return text && `${text[0].toUpperCase()}${text.slice(1)}.`;
}

function limits(rule) {
  const { least, most } = rule;
  if (rule.name === 'retouched') return 'not allowed';
  if (least === null) return `at most ${quantity(most, rule)}`;
  if (most === null) return `at least ${quantity(least, rule)}`;
  if (least === most) return `exactly ${quantity(least, rule)}`;
  return `${number(least, rule)} to ${quantity(most, rule)}`;
}

function quantity(value, rule) {
  if (rule.name === 'retouched') return value ? 'yes' : 'no';
  return number(value, rule) + (UNIT[rule.unit] ?? (rule.unit && ` ${rule.unit}`));
}

// As many digits as a reader compares: three, and whole numbers whole.
function number(value, { unit }) {
  const shown = unit === 'share' ? value * 100 : value;
  const maximumFractionDigits = Math.abs(shown) >= 100 ? 0 : Math.abs(shown) >= 1 ? 1 : 3;
  return shown.toLocaleString('en', { maximumFractionDigits, useGrouping: false }).replace(/^-0$/, '0').replace('-', '−');
}

function element(tag, className, text = '') {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
