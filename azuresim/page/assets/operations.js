// The table of operations: in flight first, then those that ended last, with what made them fail.
import {CappedList, clockTime, dateTime, el, setAttr, setBadge, setShown, setText, table, tone} from './dom.js';
import {progress} from './progress.js';

export class OperationsView {
  constructor(parent) {
    this.table = table('Operations in flight and ended lately', ['Operation', 'Resource', 'Progress', 'Elapsed', 'Due or ended'], 'operations');
    this.none = el('p', {class: 'empty', text: 'No operation has run since the emulator started.'});
    parent.append(this.none, this.table);
    this.list = new CappedList(this.table, 8, (op) => op.id, operationRow);
  }

  show(model) {
    const all = model.operationList();
    setShown(this.none, all.length === 0);
    setShown(this.table, all.length > 0);
    this.list.show(all);
  }
}

function operationRow() {
  const kind = el('th', {scope: 'row'});
  const label = el('span', {class: 'sub'});
  const kindText = el('span');
  kind.append(kindText, label);
  const resource = el('td');
  const state = el('span');
  const bar = progress();
  const elapsed = el('td', {class: 'num'});
  const left = el('span');
  const when = el('span', {class: 'sub'});
  const error = el('td', {colspan: 5});
  const errorRow = el('tr', {class: 'error', hidden: true}, error);
  const row = el('tr', {}, kind, resource, el('td', {}, state, bar.node), elapsed, el('td', {class: 'num'}, left, when));
  const node = el('tbody', {}, row, errorRow);
  return {
    node,
    fill(op) {
      const running = op.status === 'InProgress';
      setText(kindText, op.kind);
      setText(label, op.label);
      setText(resource, shortID(op.resource));
      setAttr(resource, 'title', op.resource);
      setShown(state, !running);
      setBadge(state, op.status, tone(op.status));
      bar.show(running ? op : undefined);
      setAttr(elapsed, 'data-elapsed', op.id);
      setAttr(left, 'data-left', op.id);
      if (!running) setText(left, 'ended');
      setText(when, clockTime(running ? op.due : op.end));
      setAttr(when, 'title', dateTime(running ? op.due : op.end));
      setShown(errorRow, op.error);
      if (op.error) setText(error, `${op.error.code}: ${op.error.message}`);
    },
  };
}

// shortID names a resource by what people tell it apart: group / name / name.
function shortID(id) {
  const [scope, ...rest] = id.split(/\/providers\//i);
  const names = scope.split('/').slice(4);
  for (const part of rest) names.push(...part.split('/').slice(1).filter((_, i) => i % 2 === 1));
  return names.join(' / ') || id;
}
