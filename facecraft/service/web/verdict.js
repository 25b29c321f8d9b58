// A verdict in words: the rules that fail, then a fold with those that pass, then values without limits.

const STATUS = { pass: ['✓', 'passes'], fail: ['✕', 'fails'], unknown: ['?', 'could not be measured'] };
const UNIT = { share: ' %', deg: '°', ratio: '', CIE76: ' ΔE' };
const part = (id) => document.getElementById(id);
const limited = ({ least, most }) => least !== null || most !== null;

export function summary({ status, rules }) {
  const counted = rules.filter(limited);
  const failed = counted.filter((rule) => rule.status === 'fail').length;
  if (status === 'fail') return `fails ${failed} of ${counted.length} rules`;
  return status === 'pass' ? `passes all ${counted.length} rules` : 'not every rule could be measured';
}

export function showVerdict(verdict) {
  const rules = verdict?.rules ?? [];
  const having = (...statuses) => rules.filter((rule) => limited(rule) && statuses.includes(rule.status));
  const failing = [...having('fail'), ...having('unknown')];
  const passing = having('pass');
  const measured = rules.filter((rule) => !limited(rule) && rule.value !== null);
  part('failing').replaceChildren(...failing.map(line));
  part('passing').replaceChildren(...passing.map(line));
  part('passes-title').textContent = passing.length === 1 ? '1 rule passes' : `${passing.length} rules pass`;
  part('passes').hidden = passing.length === 0;
  part('passes').open = failing.length === 0;
  part('measured').replaceChildren(...measured.map(fact));
  part('also').hidden = measured.length === 0;
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
  if (rule.advice) text.append(element('p', 'advice', rule.advice));
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

// At most three digits; whole numbers without decimals.
function number(value, { unit }) {
  const shown = unit === 'share' ? value * 100 : value;
  const fine = Math.abs(shown) < 1 && !['share', 'deg'].includes(unit);
  const maximumFractionDigits = fine ? 3 : Math.abs(shown) < 100 ? 1 : 0;
  const text = shown.toLocaleString('en', { maximumFractionDigits, useGrouping: 'min2', signDisplay: 'negative' });
  return text.replace('-', '−');
}

function element(tag, className, text = '') {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
