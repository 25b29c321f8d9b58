// The state of the service, its restorers, and the API key.

import { Problem, send } from './call.js';

const RETRY_MS = 2000;
const state = document.getElementById('state');
const form = document.getElementById('key');
const input = document.getElementById('key-value');
let key = ''; // in memory only

export const keyOf = () => key;

export function askForKey() {
  form.hidden = false;
  input.focus();
}

export function onKey(use) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    key = input.value.trim();
    form.hidden = true;
    use();
  });
}

// Resolves when the service is ready; until then shows why it is not.
export async function ready() {
  for (;;) {
    try {
      const { device, models } = await send('ready', {});
      const names = models.filter(({ task }) => task === 'restoration').map(({ name }) => name);
      tell('ready', ['Ready', `on ${device}`, ...names].join(' · ').replace(' · on', ' on'));
      return;
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      tell('waiting', problem.message);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function tell(how, words) {
  state.dataset.state = how;
  state.textContent = words;
}
