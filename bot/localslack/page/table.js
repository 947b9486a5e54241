import { el } from './dom.js';

function cellText(c) {
  if (!c) return '';
  if (c.text !== undefined) return c.text;
  if (c.value !== undefined) return String(c.value);
  if (c.elements) return c.elements.flatMap((e) => e.elements || []).map((e) => e.text || '').join('');
  return '';
}

// table shows data_table with sorting and pages, and table without.
export function table(block, press) {
  const [head, ...rows] = block.rows || [];
  if (!head) return el('div');
  const sortable = block.type === 'data_table';
  const size = sortable ? block.page_size || 5 : rows.length;
  let order = rows.slice();
  let by = -1;
  let up = true;
  let page = 0;
  const body = el('tbody');
  const pages = el('div', { class: 'pages' });
  const heads = head.map((c, i) => {
    const label = cellText(c);
    if (!sortable) return el('th', { scope: 'col' }, label);
    return el('th', { scope: 'col', 'aria-sort': 'none' }, el('button', { type: 'button', onclick: () => sort(i) }, label));
  });

  function sort(i) {
    up = by === i ? !up : true;
    by = i;
    const numeric = rows.every((r) => r[i] && r[i].type === 'raw_number');
    order = rows.slice().sort((a, b) => {
      const d = numeric ? a[i].value - b[i].value : cellText(a[i]).localeCompare(cellText(b[i]));
      return up ? d : -d;
    });
    heads.forEach((h, k) => h.setAttribute('aria-sort', k === i ? (up ? 'ascending' : 'descending') : 'none'));
    page = 0;
    draw();
  }

  function draw() {
    body.replaceChildren(...order.slice(page * size, page * size + size).map((row) => el('tr', {}, ...row.map((c) => {
      if (c.type === 'action_cell') return el('td', {}, el('button', { type: 'button', class: 'btn', onclick: () => press(c.element) }, cellText(c.element.text)));
      return el('td', { class: c.type === 'raw_number' ? 'num' : '', title: cellText(c) }, cellText(c));
    }))));
    const last = Math.ceil(order.length / size) - 1;
    pages.hidden = last < 1;
    pages.replaceChildren(
      el('button', { type: 'button', class: 'quiet', disabled: page === 0, onclick: () => { page--; draw(); } }, '‹ Back'),
      `${page * size + 1}–${Math.min(order.length, (page + 1) * size)} of ${order.length}`,
      el('button', { type: 'button', class: 'quiet', disabled: page >= last, onclick: () => { page++; draw(); } }, 'Next ›'));
  }
  draw();
  const content = el('div', {}, el('div', { class: 'tablewrap', tabindex: '0' }, el('table', { 'aria-label': block.caption || 'Table' }, el('thead', {}, el('tr', {}, ...heads)), body)), pages);
  const expand = el('button', { type: 'button', class: 'quiet', 'aria-label': 'Show the whole table', onclick: () => sheet(block.caption, content, expand) }, '⤢ Expand');
  const whole = el('div', { class: 'block' }, el('div', { class: 'caption' }, el('span', {}, block.caption || ''), expand), content);
  return whole;
}

// sheet shows a table as wide as the window, until it is closed; its order and page
// stay as they are.
function sheet(caption, content, from) {
  const home = content.parentNode;
  const close = () => {
    home.append(content);
    veil.remove();
    from.focus();
  };
  const button = el('button', { type: 'button', class: 'quiet', 'aria-label': 'Close the table', onclick: close }, '✕');
  const veil = el('div', { class: 'veil', onclick: (ev) => { if (ev.target === veil) close(); }, onkeydown: (ev) => {
    if (ev.key === 'Escape') {
      ev.stopPropagation(); // the thread behind it stays open
      close();
    }
  } }, el('div', { class: 'sheet', role: 'dialog', 'aria-modal': 'true', 'aria-label': caption || 'Table' }, el('div', { class: 'caption' }, el('span', {}, caption || ''), button), content));
  document.body.append(veil);
  button.focus();
}
