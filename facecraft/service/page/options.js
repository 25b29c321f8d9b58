// The form: which options were set, what a preset fills in, and which controls make sense.

const form = document.getElementById('options');
const about = document.getElementById('about');
const plain = about.innerHTML;
const field = (name) => form.elements[name];

// Only what was set, as text, by the names of POST /process. The preset, or the service, fills in the rest.
export function chosen() {
  const options = {};
  for (const control of form.elements) {
    const { name, type, value } = control;
    if (!name || control.disabled || value === '') continue;
    if (type === 'radio' && !control.checked) continue;
    if (type === 'range' && !('touched' in control.dataset)) continue;
    options[name] = 'percent' in control.dataset ? String(Number(value) / 100) : value;
  }
  if (options.background === 'colour') options.background = field('colour').value;
  if (options.background === 'gradient') {
    options.background = `${field('gradient').value}(${field('from').value}, ${field('to').value})`;
  }
  return options;
}

// Shows what was set in each group's heading, and only controls that have a meaning.
export function settle() {
  const presetless = field('preset').value === '';
  for (const duplicate of form.querySelectorAll('[data-explicit]')) {
    duplicate.hidden = presetless;
    if (presetless) clear(duplicate);
  }
  for (const unset of form.querySelectorAll('[data-unset]')) {
    unset.textContent = presetless ? unset.dataset.unset : 'as preset';
  }
  const restorer = field('restorer').value;
  offer('strength-field', restorer !== 'none');
  offer('fidelity-field', restorer === 'codeformer');
  offer('colour-field', field('background').value === 'colour');
  offer('gradient-field', field('background').value === 'gradient');
  const mask = field('mask').value;
  offer('feather-field', mask !== 'none' && !(mask === '' && presetless));
  offer('quality-field', field('format').value !== 'png');
  for (const range of form.querySelectorAll('input[type=range]')) {
    const untouched = !presetless && !('touched' in range.dataset);
    const words = untouched ? 'as preset' : range.value;
    range.labels[0].querySelector('.now').textContent = words;
    range.setAttribute('aria-valuetext', words);
  }
  const options = chosen();
  for (const group of form.querySelectorAll('.group')) {
    const names = new Set([...group.querySelectorAll('[name]')].map((control) => control.name));
    const count = [...names].filter((name) => name in options).length;
    group.querySelector('[data-set]').textContent = count ? `${count} set` : '';
  }
  document.getElementById('clear').hidden = Object.keys(options).length === 0;
}

function clear(duplicate) {
  const radio = duplicate.querySelector('input');
  if (radio?.checked) form.querySelector('input[name=background][value=""]').checked = true;
  if (duplicate.selected) duplicate.parentElement.value = '';
}

function offer(id, sensible) {
  const part = document.getElementById(id);
  part.hidden = !sensible;
  for (const control of part.querySelectorAll('input, select')) control.disabled = !sensible;
}

export function touch(control) {
  if (control.type === 'range') control.dataset.touched = '';
}

export function reset(presets) {
  form.reset();
  for (const range of form.querySelectorAll('[data-touched]')) delete range.dataset.touched;
  describe(presets);
  settle();
}

export function offerRestorers(models) {
  const select = field('restorer');
  for (const model of models.filter(({ task, loaded }) => task === 'restoration' && loaded)) {
    if (![...select.options].some(({ value }) => value === model.name)) select.add(new Option(model.name, model.name));
  }
}

export function offerPresets(presets) {
  const select = field('preset');
  for (const { name, title } of presets) {
    if (![...select.options].some(({ value }) => value === name)) select.add(new Option(title, name));
  }
}

// What the chosen preset asks for: in words below it, and as what stands in the empty fields.
export function describe(presets) {
  const preset = presets.find(({ name }) => name === field('preset').value);
  const filled = {
    width: preset?.width,
    height: preset?.height,
    head: preset?.head && span(preset.head),
    eye_line: preset?.eye_line && span(preset.eye_line),
    max_kb: preset?.max_kb,
    dpi: preset?.dpi,
    quality: preset ? null : 90,
  };
  for (const [name, value] of Object.entries(filled)) field(name).placeholder = value ?? '';
  if (!preset) {
    about.innerHTML = plain;
    return;
  }
  about.replaceChildren(...sentences(preset).map(paragraph), ...source(preset));
}

function sentences(preset) {
  const size = preset.width_mm && preset.height_mm ? `${preset.width_mm} × ${preset.height_mm} mm: ` : '';
  const facts = [`${size}${preset.width} × ${preset.height} px at ${preset.dpi} dpi.`];
  if (preset.head) facts.push(`Head ${span(preset.head)} % of the height.`);
  if (preset.eye_line) facts.push(`Eyes ${span(preset.eye_line)} % above the lower edge.`);
  if (preset.background.length) facts.push(`Background ${preset.background.join(' or ')}.`);
  if (preset.max_kb) facts.push(`At most ${preset.max_kb} kB.`);
  const rules = [facts.join(' ')];
  if (!preset.retouching) rules.push('Its rules forbid retouching.');
  if (!preset.replace_background) rules.push('The background stays as it is.');
  if (preset.note) rules.push(preset.note);
  return rules;
}

function source({ source: address, date }) {
  if (!/^https?:/.test(address ?? '')) return [];
  const link = Object.assign(document.createElement('a'), {
    href: address,
    target: '_blank',
    rel: 'noopener noreferrer',
    textContent: `Source: ${new URL(address).hostname}`,
  });
  const line = paragraph('');
  line.append(link, date ? `, ${date}` : '');
  return [line];
}

function paragraph(text) {
  return Object.assign(document.createElement('p'), { textContent: text });
}

function span(shares) {
  return shares.map((share) => Math.round(share * 1000) / 10).join('–');
}
