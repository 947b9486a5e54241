import { el, svg } from './dom.js';

const height = 170;

// chart draws bars, also for lines and areas: what matters is when.
export function chart(block) {
  const c = block.chart || {};
  if (c.type === 'pie') return pie(block);
  const width = innerWidth < 700 ? 330 : 620; // its text keeps its size on a phone
  const labels = (c.axis_config && c.axis_config.categories) || [];
  const series = c.series || [];
  const most = Math.max(1, ...series.flatMap((s) => s.data.map((d) => d.value)));
  const step = (width - 50) / Math.max(1, labels.length);
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': block.title + ': ' + labels.map((l, i) => `${l} ${series.map((s) => s.data[i] && s.data[i].value).join(', ')}`).join('; ') });
  root.append(svg('line', { x1: 40, x2: width - 8, y1: height - 32, y2: height - 32 }));
  root.append(text(36, 16, String(most), 'end'));
  root.append(text(36, height - 32, '0', 'end'));
  labels.forEach((label, i) => {
    series.forEach((s, k) => {
      const value = s.data[i] ? s.data[i].value : 0;
      const h = Math.max(value > 0 ? 2 : 0, (value / most) * (height - 52));
      const w = (step * 0.7) / series.length;
      const bar = svg('rect', { x: 44 + i * step + k * w, y: height - 32 - h, width: Math.max(1, w), height: h, rx: 2 });
      bar.append(svg('title', {}, `${label}: ${value}`));
      root.append(bar);
    });
    if (i % Math.ceil(labels.length / Math.floor(width / 76)) === 0) root.append(text(44 + i * step, height - 17, label, 'start'));
  });
  if (c.axis_config && c.axis_config.x_label) root.append(text(width - 8, height - 3, c.axis_config.x_label, 'end'));
  return el('div', { class: 'block chart' }, el('div', { class: 'caption' }, block.title), root);
}

function text(x, y, content, anchor) {
  return svg('text', { x, y, 'text-anchor': anchor }, content);
}

function pie(block) {
  return el('div', { class: 'block chart' }, el('div', { class: 'caption' }, block.title),
    el('ul', {}, ...(block.chart.segments || []).map((s) => el('li', {}, `${s.label}: ${s.value}`))));
}
