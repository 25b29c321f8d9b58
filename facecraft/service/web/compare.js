// Before and after on one stage: one over the other with a divider, or side by side.

const stage = document.getElementById('stage');
const split = document.getElementById('split');
const view = document.getElementById('view');
const layers = { before: document.getElementById('before'), after: document.getElementById('after') };

// Resolves when the picture is shown; rejects if the browser cannot show it.
export async function show(which, blob) {
  const image = layers[which].querySelector('img');
  if (image.src) URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(blob);
  layers[which].hidden = false;
  await image.decode();
  // The element gets the picture's shape, so that the checkerboard is behind the picture only.
  layers[which].style.setProperty('--shape', image.naturalWidth / image.naturalHeight);
  return { width: image.naturalWidth, height: image.naturalHeight };
}

export function showPhoto() {
  stage.dataset.view = 'photo';
  layers.after.hidden = split.hidden = view.hidden = true;
}

export function showNothing() {
  stage.dataset.view = 'empty';
  layers.before.hidden = layers.after.hidden = split.hidden = view.hidden = true;
}

// A portrait with another frame does not match the photo, so they start side by side. `photo` is null if the
// browser cannot show it.
export function showBoth(photo, portrait, framed) {
  if (!photo) {
    layers.before.hidden = true;
    stage.dataset.view = 'portrait';
    return;
  }
  // The divider goes from edge to edge of the wider one.
  stage.style.setProperty('--frame', Math.max(photo.width / photo.height, portrait.width / portrait.height));
  const alike = Math.abs(photo.width / photo.height / (portrait.width / portrait.height) - 1) < 0.01;
  view.hidden = false;
  arrange(alike && !framed ? 'slide' : 'pair');
  place(50);
}

function arrange(how) {
  stage.dataset.view = how;
  split.hidden = how !== 'slide';
  view.setAttribute('aria-pressed', String(how === 'pair'));
}

function place(percent) {
  split.value = percent;
  split.setAttribute('aria-valuetext', `${split.value} % before, ${100 - split.value} % after`);
  stage.style.setProperty('--at', split.value / 100);
}

split.addEventListener('input', () => place(split.value));
view.addEventListener('click', () => arrange(stage.dataset.view === 'pair' ? 'slide' : 'pair'));

function follow(event) {
  const boxes = Object.values(layers).map((layer) => layer.querySelector('img').getBoundingClientRect());
  const { left, width } = boxes.reduce((wider, box) => (box.width > wider.width ? box : wider));
  place(Math.max(0, Math.min(100, ((event.clientX - left) / width) * 100)));
}

stage.addEventListener('pointerdown', (event) => {
  if (stage.dataset.view !== 'slide' || event.target.closest('.busy')) return;
  stage.setPointerCapture(event.pointerId);
  follow(event);
});
stage.addEventListener('pointermove', (event) => {
  if (stage.hasPointerCapture(event.pointerId)) follow(event);
});
