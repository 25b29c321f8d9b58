// The form: the set options, the options decided by a preset, and the useful controls.

import { choices, placeholders, told } from './preset.js';

const form = document.getElementById('options');
const about = document.getElementById('about');
const presetless = [...about.childNodes];
const field = (name) => form.elements[name];
let presets = [];
let takes = {}; // the options that only some restorers have, by the name of the restorer

export const preset = () => presets.find(({ name }) => name === field('preset').value);

// The set options as text, with the names of POST /process. A preset or the service decides the rest.
export function chosen() {
  const options = {};
  for (const control of form.elements) {
    const { name, type, value } = control;
    if (!name || control.disabled || value === '') continue;
    if (type === 'radio' && !control.checked) continue;
    if (type === 'range' && !('touched' in control.dataset)) continue;
    options[name] = 'percent' in control.dataset ? share(value) : value;
  }
  if (options.background === 'colour') options.background = field('colour').value;
  if (options.background === 'gradient') {
    options.background = `${field('gradient').value}(${field('from').value}, ${field('to').value})`;
  }
  return options;
}

// Shows the useful controls, the meaning of unset ones, and the number of set ones in each group.
export function settle() {
  const decided = preset() ? choices(preset()) : {};
  for (const duplicate of form.querySelectorAll('[data-explicit]')) {
    duplicate.hidden = !preset();
    if (!preset()) clear(duplicate);
  }
  for (const unset of form.querySelectorAll('[data-unset]')) {
    const word = decided[unset.closest('.field, .chips').querySelector('[name]').name];
    unset.textContent = word ? `as preset: ${word}` : unset.dataset.unset;
  }
  const restorer = field('restorer').value || decided.restorer;
  for (const id of ['when-field', 'area-field', 'strength-field', 'drift-field', 'faces-field']) {
    offer(id, restorer !== 'none');
  }
  offer('fidelity-field', takes[restorer]?.includes('fidelity'));
  offer('colour-field', field('background').value === 'colour');
  offer('gradient-field', field('background').value === 'gradient');
  offer('feather-field', !['', 'none'].includes(field('mask').value));
  offer('gap-field', field('layout').value !== '');
  offer('quality-field', (field('format').value || preset()?.format) !== 'png');
  field('margin').disabled = field('head').value !== '';
  field('head').disabled = field('margin').value !== '';
  field('face').disabled = field('each').value !== '';
  for (const range of form.querySelectorAll('input[type=range]')) {
    range.labels[0].querySelector('.now').textContent = range.value;
  }
  count();
}

function count() {
  const options = chosen();
  for (const group of form.querySelectorAll('.group')) {
    const names = new Set([...group.querySelectorAll('[name]')].map((control) => control.name));
    const set = [...names].filter((name) => name in options).length;
    group.querySelector('[data-set]').textContent = set ? `${set} set` : '';
  }
  document.getElementById('clear').hidden = Object.keys(options).length === 0;
}

function share(percent) {
  return String(Number((Number(percent) / 100).toFixed(6)));
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
  if (control.name === 'preset') describe();
}

export function reset() {
  form.reset();
  for (const range of form.querySelectorAll('[data-touched]')) delete range.dataset.touched;
  describe();
}

export function offerRestorers(models) {
  const restorers = models.filter(({ task, loaded }) => task === 'restoration' && loaded);
  for (const { name } of restorers) add(field('restorer'), name, name);
  takes = Object.fromEntries(restorers.map((model) => [model.name, model.takes]));
}

export function offerPresets(known) {
  presets = known;
  for (const { name, title } of known) add(field('preset'), title, name);
}

function add(select, text, value) {
  if (![...select.options].some((option) => option.value === value)) select.add(new Option(text, value));
}

function describe() {
  for (const [name, text] of Object.entries(placeholders(preset()))) field(name).placeholder = text;
  about.replaceChildren(...(preset() ? told(preset()) : presetless));
}
