// Small things every part of the page uses: building elements, lists that touch only what changed, texts of times.

export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name === 'text') node.textContent = value;
    else if (value === true) node.setAttribute(name, '');
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export function setText(node, text) {
  text = String(text);
  if (node.textContent !== text) node.textContent = text;
}

// Writing what is there already would still count as a change, for the browser and for who watches the document.
export function setAttr(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

export function setShown(node, shown) {
  if (node.hidden === Boolean(shown)) node.hidden = !shown;
}

// badge shows a state in words; the colour only repeats them.
export function setBadge(node, text, tone) {
  setText(node, text);
  setAttr(node, 'class', 'badge ' + tone);
}

export function tone(state) {
  if (state === 'Succeeded') return 'ok';
  return state === 'Failed' || state === 'Canceled' ? 'bad' : state ? 'busy' : 'ok'; // what has no state is simply there
}

// KeyedList keeps the children of a node in step with a list of items: an item keeps its element, with focus and
// selection, for as long as it is in the list. make(item) returns {node, fill(item)}.
export class KeyedList {
  constructor(parent, keyOf, make) {
    Object.assign(this, {parent, keyOf, make, parts: new Map()});
    this.head = parent.lastElementChild; // what is there already stays in front: a table's header
  }

  show(items) {
    const keys = new Set(items.map(this.keyOf));
    for (const [key, part] of this.parts) {
      if (!keys.has(key)) {
        part.node.remove();
        this.parts.delete(key);
      }
    }
    let at = this.head ? this.head.nextElementSibling : this.parent.firstElementChild;
    for (const item of items) {
      const key = this.keyOf(item);
      let part = this.parts.get(key);
      if (!part) this.parts.set(key, part = this.make(item));
      part.fill(item);
      if (part.node === at) at = at.nextElementSibling;
      else this.parent.insertBefore(part.node, at);
    }
  }
}

// CappedList is a KeyedList that shows only so many items until the reader asks for more.
export class CappedList {
  constructor(parent, cap, keyOf, make) {
    this.list = new KeyedList(parent, keyOf, make);
    this.cap = this.limit = cap;
    this.items = [];
    this.button = el('button', {type: 'button', class: 'more', hidden: true});
    this.button.addEventListener('click', () => {
      this.limit += this.cap * 4;
      this.show(this.items);
    });
    parent.after(this.button);
  }

  show(items) {
    this.items = items;
    this.list.show(items.slice(0, this.limit));
    const rest = items.length - this.limit;
    setShown(this.button, rest > 0);
    if (rest > 0) setText(this.button, `Show ${Math.min(rest, this.cap * 4)} more of ${items.length}`);
  }
}

// table makes a table with a caption for screen readers and a header row.
export function table(caption, columns, cls = '') {
  return el('table', {class: cls},
    el('caption', {class: 'unseen', text: caption}),
    el('thead', {}, el('tr', {}, ...columns.map((text) => el('th', {scope: 'col', text})))));
}

export function plural(n, one, many = one + 's') {
  return `${n} ${n === 1 ? one : many}`;
}

export function clockTime(ms) {
  return new Date(ms).toISOString().slice(11, 19);
}

export function dateTime(ms) {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ') + ' UTC';
}

export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (ms > 0 && ms < 1000) return '<1 s';
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor(s % 3600 / 60)} min`;
}

// matcher returns a test for texts that contain every word of the filter.
export function matcher(filter) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? null : (text) => words.every((word) => text.includes(word));
}

const collator = new Intl.Collator('en', {numeric: true});

// order sorts names as people do: pool2 before pool10.
export const order = collator.compare;
