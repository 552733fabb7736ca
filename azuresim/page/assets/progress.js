// Progress bars. They move with the emulated clock without any message: start, due time and clock are all it takes.
import {el, setAttr, setShown, setText, span} from './dom.js';
import {percent} from './model.js';

// progress makes a bar with its text; show(op) says which operation it follows, undefined hides it.
export function progress() {
  const bar = el('progress', {max: 100});
  const text = el('span', {class: 'num'});
  const node = el('div', {class: 'progress', hidden: true}, bar, text);
  return {
    node,
    show(op) {
      setShown(node, op);
      setAttr(node, 'data-op', op?.id ?? '');
      if (op) setAttr(bar, 'aria-label', `${op.kind} of ${op.name}`);
    },
  };
}

// paint brings all bars and running times in the document up to date.
export function paint(model) {
  const now = model.now();
  for (const node of document.querySelectorAll('.progress[data-op]:not([hidden])')) {
    const op = model.operations.get(node.dataset.op);
    if (!op) continue;
    const done = percent(op, now);
    setAttr(node.firstElementChild, 'value', done);
    setText(node.lastElementChild, `${Math.floor(done)} %`);
  }
  for (const node of document.querySelectorAll('[data-elapsed]')) {
    const op = model.operations.get(node.dataset.elapsed);
    if (op) setText(node, span((op.end || now) - op.start));
  }
  for (const node of document.querySelectorAll('[data-left]')) {
    const op = model.operations.get(node.dataset.left);
    if (op?.status === 'InProgress') setText(node, `in ${span(op.due - now)}`);
  }
}
