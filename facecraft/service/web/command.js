// The same call as a shell command.

const SAFE = /^[\w@%+=:,./-]+$/;

export function quoted(word) {
  return SAFE.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

// In curl's -F, a file name without double quotes ends at a comma or semicolon.
function upload(name) {
  return /[,;"\\]/.test(name) ? `file=@"${name.replace(/["\\]/g, '\\$&')}"` : `file=@${name}`;
}

export function command({ address, photo, options, output, keyed }) {
  const words = ['curl', '-F', upload(photo)];
  for (const [name, value] of Object.entries(options)) words.push('-F', `${name}=${value}`);
  if (keyed) words.push('-H', 'X-API-Key: KEY');
  words.push(address, '-o', output);
  return words.map(quoted).join(' ');
}
