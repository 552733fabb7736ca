// Resource groups with what is in them. A group's content is built when it is opened and kept up to date while it is.
import {CappedList, el, matcher, order, plural, setAttr, setBadge, setShown, setText, table, tone} from './dom.js';
import {clusterCard} from './cluster.js';

const openedAtFirst = 12; // with more groups than this, the reader chooses

export class GroupsView {
  constructor(parent, form) {
    this.form = form;
    this.opened = new Map(); // key -> what the reader, or the first look, decided
    this.list = new CappedList(parent, 50, (g) => g.key, () => this.groupPart());
  }

  // show returns how many groups match the filter.
  show(model) {
    this.model = model;
    this.matches = matcher(this.form.elements.text.value);
    this.state = this.form.elements.state.value;
    this.filtered = this.matches !== null || this.state !== '';
    const groups = [...model.groups.values()].filter((g) => !this.filtered || this.filter(g)).sort(byOwnerAndName);
    if (model.ready && groups.length <= openedAtFirst) {
      for (const g of groups) {
        if (g.clusters.size > 0 && !this.opened.has(g.key)) this.opened.set(g.key, true);
      }
    }
    this.list.show(groups);
    return groups.length;
  }

  // filter keeps in the group what of it matches.
  filter(g) {
    const whole = (!this.matches || this.matches(g.key)) && this.inState(g.row);
    g.shownClusters = [...g.clusters.values()].filter((c) => this.clusterMatches(c, this.matches?.(g.key)));
    g.shownOthers = [...g.others.values()].filter((r) => (!this.matches || this.matches(g.key) || this.matches(otherText(r))) && this.inState(r));
    return whole || g.shownClusters.length > 0 || g.shownOthers.length > 0;
  }

  inState(row) {
    return this.state === '' || row && tone(row.state) === this.state;
  }

  clusterMatches(c, byGroup) {
    if (!c.row) return false;
    if (this.matches && !byGroup && !this.matches(clusterText(c))) return false;
    return this.inState(c.row) || [...c.pools.values()].some((p) => this.inState(p));
  }

  groupPart() {
    const view = this;
    const name = el('h3');
    const state = el('span');
    const counts = el('span', {class: 'meta'});
    const trouble = el('span', {class: 'badge bad', hidden: true});
    const busy = el('span', {class: 'badge busy', hidden: true});
    const body = el('div', {class: 'group-body'});
    const node = el('details', {class: 'group'}, el('summary', {}, name, state, trouble, busy, counts), body);
    let content, group, seen = '';
    const refresh = () => {
      content ??= groupContent(body);
      content.show(view.model, group, view.filtered);
    };
    node.addEventListener('toggle', () => {
      view.opened.set(group.key, node.open);
      if (node.open) refresh();
    });
    return {
      node,
      fill(g) {
        group = g;
        const revision = `${view.model.generation} ${g.revision} ${view.filtered} ${view.form.elements.text.value} ${view.state} ${view.opened.get(g.key)}`;
        if (revision === seen) return; // nothing in this group changed
        seen = revision;
        fillSummary(view.model, g, {name, state, counts, trouble, busy});
        const open = view.opened.get(g.key) ?? false;
        if (node.open !== open) node.open = open;
        if (open) refresh();
      },
    };
  }
}

function fillSummary(model, g, parts) {
  const last = g.key.slice(g.key.lastIndexOf('/') + 1);
  setText(parts.name, g.row ? g.row.name : last);
  setShown(parts.state, g.row);
  if (g.row) setBadge(parts.state, g.row.state, tone(g.row.state));
  let bad = 0, busy = 0;
  const states = [...g.others.values()].map((r) => [tone(r.state)]);
  for (const c of g.clusters.values()) states.push([c.row, ...c.pools.values()].map((r) => r && tone(r.state)));
  for (const one of states) { // a cluster counts once, with its pools
    if (one.includes('bad')) bad++;
    if (one.includes('busy')) busy++;
  }
  setShown(parts.trouble, bad > 0);
  setText(parts.trouble, `${bad} failed`);
  setShown(parts.busy, busy > 0);
  setText(parts.busy, `${busy} in progress`);
  const sub = model.info.subscriptions.find((s) => g.key.startsWith('/subscriptions/' + s.id.toLowerCase()));
  const facts = [g.row?.location, g.clusters.size && plural(g.clusters.size, 'cluster'), g.others.size && plural(g.others.size, 'other resource'), sub?.name];
  if (g.clusters.size + g.others.size === 0) facts.splice(1, 0, 'empty');
  const owner = g.row?.managedBy;
  if (owner) facts.push('managed by ' + owner.slice(owner.lastIndexOf('/') + 1));
  setText(parts.counts, facts.filter(Boolean).join(' · '));
  setAttr(parts.counts, 'title', g.row?.id ?? g.key);
}

function groupContent(body) {
  const cards = el('div', {class: 'cards'});
  const others = table('Other resources of the group', ['Type', 'Name', 'State'], 'others');
  body.append(cards, others);
  const cardList = new CappedList(cards, 25, (c) => c.key, clusterCard);
  const otherList = new CappedList(others, 25, (r) => r.key, otherRow);
  return {
    show(model, g, filtered) {
      const clusters = (filtered ? g.shownClusters : [...g.clusters.values()]).filter((c) => c.row).sort((a, b) => order(a.row.name, b.row.name));
      const rows = (filtered ? g.shownOthers : [...g.others.values()]).sort((a, b) => order(a.type, b.type) || order(a.id, b.id));
      const manyClusters = clusters.length > 10;
      cardList.show(clusters.map((c) => ({...c, model, manyClusters})));
      setShown(others, rows.length > 0);
      otherList.show(rows);
    },
  };
}

function otherRow() {
  const cells = [el('td', {class: 'muted'}), el('th', {scope: 'row'}), el('td')];
  const state = el('span');
  cells[2].append(state);
  return {
    node: el('tbody', {}, el('tr', {}, ...cells)),
    fill(row) {
      setText(cells[0], row.type);
      setText(cells[1], namesBelow(row));
      setAttr(cells[1], 'title', row.id);
      setBadge(state, row.state || 'exists', tone(row.state));
    },
  };
}

// namesBelow is the path of names inside the group: vnet / subnet.
function namesBelow(row) {
  const path = row.id.split(/\/providers\//i).slice(1).map((p) => p.split('/').slice(1).filter((_, i) => i % 2 === 1));
  return path.flat().join(' / ') || row.name;
}

const clusterText = (c) => [c.key, c.row.state, c.row.location, c.row.cluster.version, c.row.cluster.tier, c.row.cluster.power, c.row.error?.code,
  ...[...c.pools.values()].map((p) => `${p.name} ${p.pool.size} ${p.pool.mode}`)].join(' ').toLowerCase();
const otherText = (r) => `${r.key} ${r.state}`.toLowerCase();

function byOwnerAndName(a, b) {
  return Number(Boolean(a.row?.managedBy)) - Number(Boolean(b.row?.managedBy)) || order(a.key, b.key);
}
