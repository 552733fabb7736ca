// One cluster: what it is, what runs on it, what went wrong, and its pools.
import {el, KeyedList, order, plural, setAttr, setBadge, setShown, setText, table, tone} from './dom.js';
import {progress} from './progress.js';

export function clusterCard(first) {
  const name = el('h4');
  const state = el('span');
  const power = el('span', {class: 'badge quiet'});
  const facts = {Version: el('dd'), Tier: el('dd'), Location: el('dd')};
  const bar = progress();
  const error = errorText();
  const summary = el('summary');
  const pools = table('Pools', ['Pool', 'Mode', 'Nodes', 'Size', 'Version', 'Autoscale', 'State'], 'pools');
  const node = el('article', {class: 'card'},
    el('header', {}, name, state, power,
      el('dl', {class: 'facts'}, ...Object.entries(facts).map(([term, dd]) => el('div', {}, el('dt', {text: term}), dd)))),
    bar.node, error.node,
    el('details', {open: !first.manyClusters}, summary, pools));
  const list = new KeyedList(pools, (p) => p.row.key, poolRows);
  return {
    node,
    fill({row, pools: poolMap, model}) {
      const c = row.cluster;
      setAttr(node, 'aria-label', `Cluster ${row.name}`);
      setText(name, row.name);
      setAttr(name, 'title', row.id);
      setBadge(state, row.state, tone(row.state));
      setText(power, c.power);
      setText(facts.Version, versionText(c));
      setText(facts.Tier, c.tier);
      setText(facts.Location, row.location);
      bar.show(model.running.get(row.key));
      error.show(row.error);
      const rows = [...poolMap.values()].sort((a, b) => order(a.name, b.name));
      setText(summary, `${plural(rows.length, 'pool')}, ${plural(rows.reduce((n, p) => n + p.pool.count, 0), 'node')}`);
      list.show(rows.map((p) => ({row: p, op: model.running.get(p.key), told: row.error?.message})));
    },
  };
}

// versionText names the wanted version too where it is not the one that runs.
function versionText({version, wanted}) {
  return !version || !wanted || version === wanted || version.startsWith(wanted + '.') ? version || wanted : `${version}, ${wanted} wanted`;
}

function errorText() {
  const code = el('strong');
  const message = document.createTextNode('');
  const node = el('p', {class: 'error', hidden: true}, code, ' ', message);
  return {
    node,
    show(error) {
      setShown(node, error);
      setText(code, error?.code ?? '');
      if (message.data !== (error?.message ?? '')) message.data = error?.message ?? '';
    },
  };
}

function poolRows() {
  const name = el('th', {scope: 'row'});
  const cells = [0, 1, 2, 3, 4].map(() => el('td'));
  cells[1].className = 'num';
  const state = el('span');
  const bar = progress();
  const error = errorText();
  const errorRow = el('tr', {class: 'error-row', hidden: true}, el('td', {colspan: 7}, error.node));
  return {
    node: el('tbody', {}, el('tr', {}, name, ...cells, el('td', {}, state, bar.node)), errorRow),
    fill({row, op, told}) {
      const p = row.pool;
      setText(name, row.name);
      setAttr(name, 'title', row.id);
      const auto = p.auto ? `${p.min ?? 0} to ${p.max ?? 0}` : 'off';
      [p.mode, p.count, p.size, p.version, auto].forEach((text, i) => setText(cells[i], text));
      setBadge(state, p.power === 'Stopped' ? `${row.state}, stopped` : row.state, tone(row.state));
      bar.show(op);
      const own = row.error && row.error.message !== told ? row.error : undefined; // the cluster's error need not be told again
      setShown(errorRow, own);
      error.show(own);
    },
  };
}
