// Choose, drop or paste a photo.

const SAMPLE = 'page/astronaut.jpg'; // NASA, public domain
const stage = document.getElementById('stage');

export function takePhotos(take) {
  const input = document.getElementById('file');
  input.addEventListener('change', () => {
    if (input.files.length) take(input.files[0]);
    input.value = ''; // so that the same file can be chosen again
  });

  document.getElementById('sample').addEventListener('click', async () => {
    const blob = await (await fetch(SAMPLE)).blob();
    take(new File([blob], SAMPLE.split('/').at(-1), { type: blob.type }));
  });

  document.addEventListener('paste', (event) => {
    const [file] = event.clipboardData.files;
    if (!file) return; // it is text for a field
    event.preventDefault();
    take(file);
  });

  // Anywhere on the page: a photo dropped in another place would replace the page.
  document.addEventListener('dragover', (event) => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    stage.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) stage.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    stage.classList.remove('over');
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}
