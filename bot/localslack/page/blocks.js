import { el } from './dom.js';
import { chart } from './chart.js';
import { date, mrkdwn, names, textObject } from './mrkdwn.js';
import { table } from './table.js';

// blocks renders the blocks of a message; press hears of buttons and menus.
export function blocks(list, press) {
  return (list || []).map((b) => block(b, press));
}

function block(b, press) {
  switch (b.type) {
    case 'section':
      return el('div', { class: b.accessory ? 'block beside' : 'block' }, b.text ? el('p', {}, ...textObject(b.text)) : null,
        ...(b.fields || []).map((f) => el('p', {}, ...textObject(f))), b.accessory ? el('div', { class: 'actions' }, element(b.accessory, press)) : null);
    case 'header':
      return el('div', { class: 'block header', role: 'heading', 'aria-level': '3' }, ...textObject(b.text));
    case 'context':
      return el('div', { class: 'block context' }, ...(b.elements || []).map((e) => el('p', {}, ...textObject(e))));
    case 'divider':
      return el('hr');
    case 'actions':
      return el('div', { class: 'actions' }, ...(b.elements || []).map((e) => element(e, press)));
    case 'rich_text':
      return el('div', { class: 'block' }, ...(b.elements || []).map(rich));
    case 'data_table':
    case 'table':
      return table(b, press);
    case 'data_visualization':
      return chart(b);
    case 'markdown':
      return el('div', { class: 'block' }, el('p', {}, ...mrkdwn(b.text)));
    case 'alert':
      return el('div', { class: 'block', role: 'note' }, ...textObject(b.text));
    default:
      return el('div', { class: 'block context' }, `[${b.type}]`);
  }
}

function rich(e) {
  const leaves = () => (e.elements || []).map(leaf);
  switch (e.type) {
    case 'rich_text_preformatted': return el('pre', {}, ...leaves());
    case 'rich_text_quote': return el('blockquote', {}, ...leaves());
    case 'rich_text_list': return el(e.style === 'ordered' ? 'ol' : 'ul', {}, ...(e.elements || []).map((i) => el('li', {}, rich(i))));
    default: return el('p', {}, ...leaves());
  }
}

function leaf(e) {
  switch (e.type) {
    case 'user': return el('span', { class: 'mention' }, '@' + (names().users.get(e.user_id) || e.user_id));
    case 'channel': return el('span', { class: 'mention' }, '#' + (names().channels.get(e.channel_id) || e.channel_id));
    case 'date': return date(e.timestamp, e.format, e.fallback);
    case 'link': return el('span', { title: e.url }, e.text || e.url);
    case 'emoji': return e.unicode ? String.fromCodePoint(...e.unicode.split('-').map((x) => parseInt(x, 16))) : `:${e.name}:`;
    default: {
      const s = e.style || {};
      const text = String(e.text || '');
      if (s.code) return el('code', {}, text);
      if (s.bold) return el('b', {}, text);
      if (s.italic) return el('i', {}, text);
      if (s.strike) return el('s', {}, text);
      return document.createTextNode(text);
    }
  }
}

export function element(e, press) {
  const label = () => textObject(e.text);
  switch (e.type) {
    case 'button':
      if (e.url) {
        // The one thing that leads out of the page; Slack opens it in a new window.
        const safe = /^https:\/\//.test(e.url) ? e.url : undefined;
        return el('a', { class: 'btn', href: safe, target: '_blank', rel: 'noopener noreferrer', onclick: () => press(e) }, ...label());
      }
      return el('button', { type: 'button', class: 'btn ' + (e.style || ''), onclick: (ev) => once(ev.target, () => press(e)) }, ...label());
    case 'overflow':
      return menu('⋯', [{ options: e.options }], (o) => press({ action_id: e.action_id, type: e.type, selected_option: o }));
    case 'static_select':
      return menu(`${textObject(e.placeholder).join('') || 'Choose'} ▾`, e.option_groups || [{ options: e.options }], (o) => press({ action_id: e.action_id, type: e.type, selected_option: o }));
    default:
      return el('span', { class: 'context' }, `[${e.type}]`);
  }
}

// once shows that a button was pressed, and keeps a double click from asking twice.
function once(button, go) {
  if (button.disabled) return;
  button.disabled = true;
  button.setAttribute('aria-busy', 'true');
  setTimeout(() => { button.disabled = false; button.removeAttribute('aria-busy'); }, 1200);
  go();
}

// menu opens a list of options, in groups where it has any. Arrows move within it.
function menu(label, groups, choose) {
  const list = el('div', { class: 'menu-list', role: 'menu', hidden: true }, ...groups.map((g) => el('div', { role: 'group', 'aria-label': textObject(g.label).join('') || null },
    g.label ? el('div', { class: 'menu-head', 'aria-hidden': 'true' }, ...textObject(g.label)) : null,
    ...(g.options || []).map((o) => el('button', { type: 'button', role: 'menuitem', onclick: () => { hide(); choose(o); } }, ...textObject(o.text))))));
  const button = el('button', { type: 'button', class: 'btn', 'aria-haspopup': 'menu', 'aria-expanded': 'false', 'aria-label': label === '⋯' ? 'More actions' : null, onclick: () => (list.hidden ? show() : hide()) }, label);
  const away = (ev) => { if (!wrap.contains(ev.target)) hide(); };
  function show() {
    list.hidden = false;
    // towards the side that has room for it
    const here = button.getBoundingClientRect();
    list.classList.toggle('up', here.bottom + list.offsetHeight > innerHeight && here.top > list.offsetHeight);
    list.classList.toggle('left', here.left + list.offsetWidth > innerWidth - 8);
    button.setAttribute('aria-expanded', 'true');
    document.addEventListener('click', away);
    list.querySelector('button')?.focus({ preventScroll: true });
  }
  function hide() {
    list.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    document.removeEventListener('click', away);
  }
  const wrap = el('div', { class: 'menu-wrap', onkeydown: (ev) => {
    const all = [...list.querySelectorAll('button')];
    const step = { ArrowDown: 1, ArrowUp: -1 }[ev.key];
    if (ev.key === 'Escape' && !list.hidden) {
      hide();
      button.focus();
      ev.stopPropagation();
    } else if (step && !list.hidden) {
      all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
      ev.preventDefault();
    }
  } }, button, list);
  return wrap;
}
