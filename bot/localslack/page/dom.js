// Every element is made here, from text: nothing a message holds is ever read
// as markup.
export function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attrs || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === 'class') node.className = value;
    else if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key in node && key !== 'list' && typeof value !== 'string') node[key] = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

const svgNS = 'http://www.w3.org/2000/svg';

export function svg(tag, attrs, ...children) {
  const node = document.createElementNS(svgNS, tag);
  for (const [key, value] of Object.entries(attrs || {})) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// sitting is who sits at the page; the demo lets its reader be a colleague as well.
export const sitting = { name: '' };

export async function post(path, body) {
  const answer = await fetch('/ui/' + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Footprint-Page': '1' },
    body: JSON.stringify({ ...body, as: sitting.name }),
  });
  return answer.json();
}

export function toast(text) {
  const node = el('div', {}, text);
  document.getElementById('toasts').append(node);
  setTimeout(() => node.remove(), 7000);
}

export function bytes(n) {
  return n < 1024 ? n + ' B' : n < 1048576 ? (n / 1024).toFixed(1) + ' kB' : (n / 1048576).toFixed(1) + ' MB';
}
