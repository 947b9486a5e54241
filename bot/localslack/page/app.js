import { blocks } from './blocks.js';
import { bytes, el, post, sitting, toast } from './dom.js';
import { closeModal, modalErrors, showModal } from './modal.js';
import { mrkdwn, names } from './mrkdwn.js';

const $ = (id) => document.getElementById(id);
const state = { me: null, channels: [], messages: new Map(), channel: null, thread: null, suggestions: [], commands: [], home: null, athome: false };

function list(channel) {
  if (!state.messages.has(channel)) state.messages.set(channel, []);
  return state.messages.get(channel);
}

function put(m) {
  const all = list(m.channel);
  const k = all.findIndex((x) => x.ts === m.ts);
  if (k >= 0) all[k] = m;
  else all.push(m);
}

async function load() {
  const answer = await fetch('/ui/state?as=' + encodeURIComponent(sitting.name));
  const s = await answer.json();
  state.me = s.me;
  state.channels = s.channels;
  state.suggestions = s.suggestions;
  state.commands = s.commands;
  state.home = s.home;
  sitting.name = s.me.name;
  $('as').replaceChildren(...s.users.filter((u) => u.sits).map((u) => el('option', { value: u.name, selected: u.id === s.me.id }, u.name)));
  for (const u of s.users) names().users.set(u.id, u.name);
  for (const c of s.channels) names().channels.set(c.id, c.name);
  state.messages = new Map(Object.entries(s.messages));
  if (!state.channels.some((c) => c.id === state.channel)) state.channel = (state.channels.find((c) => c.name === 'soc') || state.channels[0]).id;
  drawAll();
}

function listen() {
  const source = new EventSource('/ui/events');
  source.onopen = () => { $('state').textContent = 'connected'; load(); };
  source.onerror = () => { $('state').textContent = 'connecting…'; };
  source.onmessage = (ev) => {
    const { kind, data } = JSON.parse(ev.data);
    switch (kind) {
      case 'message':
      case 'update': put(data); break;
      case 'ephemeral': if (data.ephemeral === state.me.id) put(data); break;
      case 'delete': state.messages.set(data.channel, list(data.channel).filter((m) => m.ts !== data.ts)); break;
      case 'home': if (data.user === state.me.id) { state.home = data.view; drawHome(); } return;
      case 'modal': if (data.user === state.me.id) showModal(data.view_id, data.view); return;
      case 'modal_close': closeModal(data.view_id); return;
      case 'modal_errors': modalErrors(data.view_id, data.errors); return;
      default: return;
    }
    draw();
  };
}

function drawAll() {
  $('channels').replaceChildren(...state.channels.filter((c) => !c.name.startsWith('dm-') || list(c.id).length).map((c) => el('li', {}, el('button', {
    type: 'button', 'aria-current': String(!state.athome && c.id === state.channel), onclick: () => { state.athome = false; state.channel = c.id; state.thread = null; $('app').classList.remove('nav'); drawAll(); $('text').focus(); },
  }, '# ' + c.name, c.member ? '' : el('span', { class: 'away' }, 'bot not here')))));
  const c = state.channels.find((x) => x.id === state.channel);
  $('title').textContent = '# ' + c.name;
  $('topic').textContent = c.member ? 'type /footprint, or pick something below' : 'footprint is not a member here';
  $('text').placeholder = innerWidth < 700 ? 'Message, or /footprint ip=…' : `Message #${c.name}, or /footprint ip=… dns=… file=…`;
  $('suggestions').replaceChildren(...state.suggestions.filter((s) => s.channel === c.name).map((s) => el('button', { type: 'button', title: s.text, onclick: () => { $('text').value = s.text; grow($('text')); $('text').focus(); } }, s.label)));
  draw();
  drawHome();
}

// drawHome shows the app's Home tab in the place of a channel.
function drawHome() {
  $('home').setAttribute('aria-current', String(state.athome));
  for (const id of ['messages', 'composer', 'suggestions']) $(id).hidden = state.athome;
  $('hometab').hidden = !state.athome;
  if (!state.athome) return;
  $('title').textContent = '⌂ Home';
  $('topic').textContent = 'what only you see';
  $('hometab').replaceChildren(...(state.home ? blocks(state.home.blocks, () => {}) : [el('p', { class: 'empty' }, 'Footprint has published nothing here yet.')]));
}

async function openHome() {
  state.athome = true;
  state.thread = null;
  $('app').classList.remove('nav');
  drawAll();
  const answer = await post('home', {});
  if (answer.view) { state.home = answer.view; drawHome(); }
}

function draw() {
  const all = list(state.channel);
  const top = all.filter((m) => !m.thread_ts || m.thread_ts === m.ts);
  fill($('messages'), top, (m) => message(m, true), 'Nothing here yet. Pick a suggestion below, or type /footprint.');
  const open = state.thread && all.some((m) => m.ts === state.thread);
  $('thread').hidden = !open;
  $('app').classList.toggle('open', Boolean(open));
  if (open) fill($('replies'), all.filter((m) => m.ts === state.thread || m.thread_ts === state.thread), (m) => message(m, false), '');
}

// fill keeps the nodes of messages that did not change, so that a sorted table
// or an open menu stays as it is.
function fill(box, messages, make, empty) {
  const bottom = box.scrollHeight - box.scrollTop - box.clientHeight < 80 || Date.now() < (box.follow || 0);
  const have = new Map([...box.children].filter((n) => n.dataset.ts).map((n) => [n.dataset.ts, n]));
  const nodes = messages.map((m) => {
    const version = JSON.stringify([m.text, m.blocks, m.files, m.edited, m.reactions, box.id === 'messages' ? count(m) : 0]);
    const old = have.get(m.ts);
    if (old && old.version === version) return old;
    const node = make(m);
    node.dataset.ts = m.ts;
    node.version = version;
    return node;
  });
  if (!nodes.length) nodes.push(el('p', { class: 'empty' }, empty));
  box.replaceChildren(...nodes);
  if (bottom) box.scrollTop = box.scrollHeight;
}

function count(m) {
  return list(m.channel).filter((x) => x.thread_ts === m.ts && x.ts !== m.ts).length;
}

function message(m, withThread) {
  const press = async (element) => {
    const answer = await post('action', { channel: m.channel, message_ts: m.ts, action: element });
    if (!answer.ok) toast(`Slack could not deliver this: ${answer.error}`);
  };
  const at = new Date(Number(m.ts) * 1000);
  const replies = withThread ? count(m) : 0;
  return el('article', { class: 'msg' + (m.ephemeral ? ' eph' : '') },
    el('div', { class: 'face' + (m.user.bot ? ' bot' : ''), 'aria-hidden': 'true' }, m.user.bot ? '👣' : m.user.name.slice(0, 1).toUpperCase()),
    el('div', {},
      el('div', { class: 'meta' }, el('b', {}, m.user.name), m.user.bot ? el('span', { class: 'tag' }, 'APP') : null,
        el('time', { datetime: at.toISOString() }, at.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })), m.edited ? ' (edited)' : '', m.ephemeral ? ' · Only visible to you' : ''),
      el('div', { class: 'body' }, ...(m.blocks && m.blocks.length ? blocks(m.blocks, press) : m.text ? [el('p', {}, ...mrkdwn(m.text))] : [])),
      m.files && m.files.length ? el('div', { class: 'files' }, ...m.files.map((f) => f.name.endsWith('.png') ? el('a', { class: 'picture', href: f.url, download: f.name }, el('img', { src: f.url, alt: f.alt_txt || f.name })) : el('a', { class: 'file', href: f.url, download: f.name }, el('span', { 'aria-hidden': 'true' }, '📄'), el('span', {}, f.name, el('small', {}, bytes(f.size)))))) : null,
      m.reactions && Object.keys(m.reactions).length ? el('div', { class: 'reactions' }, ...Object.entries(m.reactions).filter(([, u]) => u.length).map(([n, u]) => el('span', {}, `:${n}: ${u.length}`))) : null,
      withThread && !m.ephemeral ? el('div', { class: 'more' },
        el('button', { type: 'button', onclick: () => openThread(m.ts) }, replies ? `${replies} ${replies === 1 ? 'reply' : 'replies'}` : 'Reply in thread'),
        m.user.bot ? null : el('button', { type: 'button', onclick: () => post('shortcut', { channel: m.channel, message_ts: m.ts, callback_id: 'footprint_message' }) }, 'Hunt indicators…'),
        m.user.bot ? null : el('button', { type: 'button', onclick: () => post('shortcut', { channel: m.channel, message_ts: m.ts, callback_id: 'footprint_ledger' }) }, 'Keep a ledger…')) : null));
}

function openThread(ts) {
  state.thread = ts;
  draw();
  $('replies').scrollTop = 0;
  $('replytext').focus();
}

function grow(area) {
  area.style.height = 'auto';
  area.style.height = Math.min(180, area.scrollHeight + 2) + 'px';
}

async function send(area, thread) {
  const text = area.value.trim();
  if (!text) return;
  if (thread && text.startsWith('/')) {
    toast('Slack has no slash commands in threads. Reply with words, such as: only powershell');
    return;
  }
  area.value = '';
  grow(area);
  hideComplete();
  // who has said something wants to see the answer to it
  $(thread ? 'replies' : 'messages').follow = Date.now() + 4000;
  const command = text.startsWith('/');
  const answer = await post(command ? 'command' : 'message', { channel: state.channel, thread_ts: thread || '', text });
  if (!answer.ok) toast(`${text.split(' ')[0]} failed with the error “${answer.error}”`);
}


function complete() {
  const text = $('text').value;
  const fit = text.startsWith('/') ? state.commands.filter((c) => c.text.startsWith(text) && c.text !== text).slice(0, 10).map((c) => [c.text, `${c.usage} – ${c.says}`]) : [];
  $('complete').hidden = !fit.length;
  $('complete').replaceChildren(...fit.map(([c, hint], i) => el('div', { role: 'option', 'aria-selected': String(i === 0), onclick: () => { $('text').value = c; hideComplete(); $('text').focus(); } }, c, el('small', {}, hint))));
}

function hideComplete() { $('complete').hidden = true; }

for (const [form, area, thread] of [['composer', 'text', () => null], ['reply', 'replytext', () => state.thread]]) {
  $(form).addEventListener('submit', (ev) => { ev.preventDefault(); send($(area), thread()); });
  $(area).addEventListener('input', () => {
    if ($(area).value === '\n') $(area).value = ''; // what is left of the key that sent
    grow($(area)); if (area === 'text') complete();
  });
  $(area).addEventListener('keydown', (ev) => {
    if (ev.key === 'Tab' && area === 'text' && !$('complete').hidden) {
      ev.preventDefault();
      $('complete').querySelector('[aria-selected="true"]').click();
    }
    if (ev.key === 'Enter' && !ev.shiftKey) {
      ev.preventDefault();
      send($(area), thread());
    }
  });
}
$('close').addEventListener('click', () => { state.thread = null; draw(); $('text').focus(); });
$('as').addEventListener('change', async () => { sitting.name = $('as').value; await load(); if (state.athome) openHome(); });
$('home').addEventListener('click', openHome);
$('menu').addEventListener('click', () => $('app').classList.toggle('nav'));
document.addEventListener('keydown', (ev) => { if (ev.key === 'Escape' && state.thread && !document.querySelector('.veil')) { state.thread = null; draw(); $('text').focus(); } });
$('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
});

async function gallery() {
  const items = await (await fetch('/ui/gallery')).json();
  document.body.replaceChildren(el('main', { class: 'messages' }, el('h1', {}, 'Messages'), ...(items || []).map((i) => el('section', { class: 'msg' }, el('div'), el('div', {}, el('h2', {}, i.name), ...blocks(i.blocks, () => {}), el('pre', {}, i.text))))));
}

if (location.pathname === '/gallery') gallery();
else listen();
