import { el } from './dom.js';

// Slack's text: <…> tokens first, then *bold*, _italic_, ~struck~, `code`.
const token = /<([^<>]*)>/g;

export function names() { return mrkdwnNames; }
const mrkdwnNames = { users: new Map(), channels: new Map() };

function unescape(s) {
  return s.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

// date is Slack's date token in the reader's own zone.
export function date(seconds, format, fallback) {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return document.createTextNode(fallback || '');
  const today = new Date();
  const day = (d) => d.toDateString();
  let near = at.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: at.getFullYear() === today.getFullYear() ? undefined : 'numeric' });
  if (day(at) === day(today)) near = 'today';
  else if (day(at) === day(new Date(today.getTime() - 86400000))) near = 'yesterday';
  const clock = at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const shown = (format || '{date_short_pretty} {time}').replace(/\{date[a-z_]*\}/g, near).replace(/\{time[a-z_]*\}/g, clock);
  return el('time', { datetime: at.toISOString(), title: at.toISOString().replace('.000Z', ' UTC').replace('T', ' ') }, shown);
}

function special(inside) {
  const [target, label] = splitOnce(inside, '|');
  if (target.startsWith('@')) return el('span', { class: 'mention' }, '@' + (mrkdwnNames.users.get(target.slice(1)) || label || target.slice(1)));
  if (target.startsWith('#')) return el('span', { class: 'mention' }, '#' + (mrkdwnNames.channels.get(target.slice(1)) || label || target.slice(1)));
  if (target.startsWith('!date^')) {
    const [, seconds, format] = target.split('^');
    return date(Number(seconds), format, label);
  }
  if (target.startsWith('!')) return el('span', { class: 'mention' }, '@' + target.slice(1));
  // A link is shown with where it leads, and leads nowhere: the page opens nothing.
  return el('span', { title: unescape(target) }, unescape(label || target));
}

function splitOnce(s, by) {
  const k = s.indexOf(by);
  return k < 0 ? [s, ''] : [s.slice(0, k), s.slice(k + 1)];
}

function styled(text) {
  const out = [];
  const marks = /`([^`\n]+)`|\*([^*\n]+)\*|_([^_\n]+)_|~([^~\n]+)~/g;
  let last = 0;
  for (const m of text.matchAll(marks)) {
    const before = text[m.index - 1] || ' ';
    const after = text[m.index + m[0].length] || ' ';
    if (m[1] === undefined && (/[A-Za-z0-9]/.test(before) || /[A-Za-z0-9]/.test(after))) continue;
    if (m.index < last) continue;
    out.push(unescape(text.slice(last, m.index)));
    if (m[1] !== undefined) out.push(el('code', {}, unescape(m[1])));
    else if (m[2] !== undefined) out.push(el('b', {}, ...mrkdwn(m[2])));
    else if (m[3] !== undefined) out.push(el('i', {}, unescape(m[3])));
    else out.push(el('s', {}, unescape(m[4])));
    last = m.index + m[0].length;
  }
  out.push(unescape(text.slice(last)));
  return out;
}

export function mrkdwn(text) {
  const out = [];
  const fenced = String(text || '').split('```');
  fenced.forEach((part, i) => {
    if (i % 2 === 1) {
      out.push(el('pre', {}, unescape(part)));
      return;
    }
    let last = 0;
    for (const m of part.matchAll(token)) {
      out.push(...styled(part.slice(last, m.index)));
      out.push(special(m[1]));
      last = m.index + m[0].length;
    }
    out.push(...styled(part.slice(last)));
  });
  return out;
}

export function textObject(t) {
  if (!t) return [];
  return t.type === 'mrkdwn' ? mrkdwn(t.text) : [String(t.text || '')];
}
