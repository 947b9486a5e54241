import { el, post, toast } from './dom.js';
import { blocks } from './blocks.js';
import { textObject } from './mrkdwn.js';

let open = null; // { id, veil, fields }

export function closeModal(id) {
  if (!open || (id && open.id !== id)) return;
  open.veil.remove();
  open.before?.focus();
  open = null;
}

export function modalErrors(id, errors) {
  if (!open || open.id !== id) return;
  for (const [block, field] of open.fields) field.wrong.textContent = (errors || {})[block] || '';
  const first = [...open.fields].find(([block]) => (errors || {})[block]);
  const field = first?.[1].input;
  (field?.querySelector?.('input') || field)?.focus();
}

export function showModal(id, view) {
  closeModal();
  const fields = new Map();
  const body = el('div', { class: 'modal-body' });
  for (const b of view.blocks || []) {
    if (b.type !== 'input') {
      body.append(...blocks([b], () => {}));
      continue;
    }
    const input = control(b.element || {});
    const wrong = el('div', { class: 'wrong', role: 'alert' });
    fields.set(b.block_id, { input, wrong, element: b.element });
    input.id = 'field-' + b.block_id;
    body.append(el('div', { class: 'field' }, el('label', { for: input.id }, ...textObject(b.label), b.optional ? el('span', { class: 'hint' }, ' (optional)') : ''), input,
      b.hint ? el('div', { class: 'hint' }, ...textObject(b.hint)) : null, wrong));
  }
  const cancel = () => { post('view_close', { view_id: id }); closeModal(id); };
  const form = el('form', {
    class: 'modal', role: 'dialog', 'aria-modal': 'true', 'aria-label': textObject(view.title).join(''),
    onsubmit: async (ev) => {
      ev.preventDefault();
      const answer = await post('view_submit', { view_id: id, values: values(fields) });
      if (!answer.ok) toast(answer.error || 'Slack could not deliver this.');
    },
  }, el('h1', {}, ...textObject(view.title)), body,
  el('footer', {}, el('button', { type: 'button', class: 'btn', onclick: cancel }, ...(view.close ? textObject(view.close) : ['Cancel'])),
    view.submit ? el('button', { type: 'submit', class: 'btn primary' }, ...textObject(view.submit)) : null));
  const veil = el('div', { class: 'veil', onkeydown: (ev) => {
    if (ev.key === 'Escape') {
      ev.stopPropagation(); // the thread behind it stays open
      cancel();
    } else if (ev.key === 'Tab') trap(ev, form);
  } }, form);
  open = { id, veil, fields, before: document.activeElement };
  document.body.append(veil);
  (form.querySelector('textarea, input, select') || form.querySelector('button')).focus();
}

function trap(ev, form) {
  const all = [...form.querySelectorAll('button, input, textarea, select')].filter((n) => !n.disabled);
  const [first, last] = [all[0], all[all.length - 1]];
  if (ev.shiftKey && document.activeElement === first) { last.focus(); ev.preventDefault(); }
  if (!ev.shiftKey && document.activeElement === last) { first.focus(); ev.preventDefault(); }
}

function control(e) {
  switch (e.type) {
    case 'static_select':
    case 'radio_buttons': {
      const chosen = e.initial_option && e.initial_option.value;
      return el('select', {}, chosen ? null : el('option', { value: '' }, textObject(e.placeholder).join('') || 'Choose'), ...(e.options || []).map((o) => el('option', { value: o.value, selected: o.value === chosen }, ...textObject(o.text))));
    }
    case 'datepicker':
      return el('input', { type: 'date', value: e.initial_date || '' });
    case 'checkboxes':
      return el('div', { class: 'ticks', role: 'group' }, ...(e.options || []).map((o) => el('label', {}, el('input', { type: 'checkbox', value: o.value }), el('span', {}, ...textObject(o.text)))));
    default: {
      const attrs = { placeholder: textObject(e.placeholder).join(''), spellcheck: 'false' };
      const node = e.multiline ? el('textarea', { ...attrs, rows: '5' }) : el('input', { ...attrs, type: 'text' });
      node.value = e.initial_value || '';
      return node;
    }
  }
}

function values(fields) {
  const out = {};
  for (const [block, { input, element }] of fields) {
    const option = (o) => ({ value: o.value, text: { type: 'plain_text', text: o.textContent } });
    let state;
    switch (element.type) {
      case 'static_select':
      case 'radio_buttons':
        state = { type: element.type, selected_option: input.value ? option(input.selectedOptions[0]) : null };
        break;
      case 'datepicker':
        state = { type: element.type, selected_date: input.value || null };
        break;
      case 'checkboxes':
        state = { type: element.type, selected_options: [...input.querySelectorAll('input:checked')].map((n) => ({ value: n.value, text: { type: 'plain_text', text: n.nextSibling.textContent } })) };
        break;
      default:
        state = { type: element.type, value: input.value || null };
    }
    out[block] = { [element.action_id]: state };
  }
  return out;
}
