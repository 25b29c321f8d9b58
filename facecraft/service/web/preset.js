// The rules of a preset: in words, and as values of unset options.

// Shown in empty fields.
export function placeholders(preset) {
  return {
    width: preset?.width ?? '',
    height: preset?.height ?? '',
    head: preset?.head ? span(preset.head) : '',
    eye_line: preset?.eye_line ? span(preset.eye_line) : '',
    max_kb: preset?.max_kb ?? '',
    dpi: preset?.dpi ?? '',
    quality: 90,
  };
}

// Shown if nothing is chosen, for the options that a preset decides.
export function choices(preset) {
  return {
    restorer: preset.retouching ? 'auto' : 'none',
    align: 'yes',
    background: preset.replace_background ? preset.background[0] : 'keep',
    format: document.querySelector(`#format [value="${preset.format}"]`)?.text,
  };
}

export function told(preset) {
  return [...sentences(preset).map(paragraph), ...source(preset)];
}

function sentences(preset) {
  const { width, height, width_mm: wide, height_mm: high, dpi } = preset;
  const facts = [`${wide && high ? `${wide} × ${high} mm, ` : ''}${width} × ${height} px${dpi ? ` at ${dpi} dpi` : ''}.`];
  facts.push(`Head ${span(preset.head)} % of the height.`);
  if (preset.eye_line) facts.push(`Eyes ${span(preset.eye_line)} % above the lower edge.`);
  if (preset.top_margin) facts.push(`${span(preset.top_margin)} % free above the head.`);
  facts.push(`Background ${listed(preset.background)}${preset.replace_background ? '' : ', as shot: it is checked and not replaced'}.`);
  if (preset.max_kb) facts.push(`At most ${preset.max_kb} kB.`);
  if (!preset.retouching) facts.push('No retouching, so the face is not restored.');
  if (!preset.document) facts.push('A tight photo gets a larger head.');
  return [facts.join(' '), preset.note].filter(Boolean);
}

function source({ source: address, date }) {
  if (!/^https?:/.test(address)) return [];
  const link = Object.assign(document.createElement('a'), {
    href: address,
    target: '_blank',
    rel: 'noopener noreferrer',
    textContent: new URL(address).hostname.replace(/^www\./, ''),
  });
  const line = paragraph('Rules from ');
  line.append(link, `, ${date}`);
  return [line];
}

function listed(words) {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function paragraph(text) {
  return Object.assign(document.createElement('p'), { textContent: text });
}

function span(shares) {
  return shares.map((share) => Math.round(share * 1000) / 10).join('–');
}
