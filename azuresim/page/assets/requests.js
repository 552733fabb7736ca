// The request log, newest first. Bodies are fetched when a request is opened.
import {CappedList, clockTime, dateTime, el, matcher, setAttr, setBadge, setShown, setText, table} from './dom.js';

export class RequestsView {
  constructor(parent, form, title) {
    Object.assign(this, {form, title});
    this.table = table('Requests, newest first', ['No.', 'Time', 'Method', 'Path, api-version, principal', 'Status', 'Took'], 'requests');
    this.none = el('p', {class: 'empty'});
    parent.append(this.none, this.table);
    this.list = new CappedList(this.table, 50, (r) => r.n, (r) => requestRows(r, this.names));
  }

  show(model) {
    const newest = model.requests.at(-1)?.n ?? 0;
    if (!this.form.elements.hold.checked) this.held = newest;
    setText(this.title, newest > this.held ? `Requests (${newest - this.held} new)` : 'Requests');
    this.names = new Map(model.info.principals.map((p) => [p.id.toLowerCase(), p.name]));
    const {text, status, writes} = this.form.elements;
    const matches = matcher(text.value);
    const shown = [];
    for (let i = model.requests.length - 1; i >= 0; i--) {
      const r = model.requests[i];
      if (r.n > this.held) continue;
      if (writes.checked && (r.method === 'GET' || r.method === 'HEAD')) continue;
      if (status.value && !classes(r).includes(status.value)) continue;
      if (matches && !matches(this.textOf(r))) continue;
      shown.push(r);
    }
    setShown(this.none, shown.length === 0);
    setText(this.none, model.requests.length === 0 ? 'No request has come yet.' : 'No request matches the filter.');
    setShown(this.table, shown.length > 0);
    this.list.show(shown);
  }

  textOf(r) {
    return `${r.method} ${r.path} ${r.status} ${r.code ?? ''} ${r.principal ?? ''} ${this.names.get(r.principal?.toLowerCase()) ?? ''}`.toLowerCase();
  }
}

function classes(r) {
  const out = [];
  if (r.status >= 200 && r.status < 400) out.push('ok');
  if (r.status >= 400 && r.status < 500) out.push('refused');
  if (r.status === 429) out.push('throttled');
  if (r.status === 0 || r.status >= 500) out.push('broken');
  if (r.spec) out.push('spec');
  return out;
}

const words = {0: 'connection cut', 200: 'OK', 201: 'created', 202: 'accepted', 204: 'no content', 400: 'bad request', 401: 'not signed in', 403: 'forbidden',
  404: 'not found', 405: 'not allowed', 409: 'conflict', 412: 'precondition', 429: 'throttled'};

function statusText(r) {
  const word = words[r.status] ?? (r.status >= 500 ? 'failed' : r.status >= 400 ? 'refused' : 'OK');
  return r.status ? `${r.status} ${word}` : word;
}

function statusTone(r) {
  if (r.status === 0 || r.status >= 500) return 'bad';
  if (r.status === 404) return 'quiet'; // an everyday answer: clients look before they create
  if ([409, 412, 429].includes(r.status)) return 'warn'; // those come back
  return r.status >= 400 ? 'bad' : 'ok';
}

function requestRows(r, names) {
  const open = el('button', {type: 'button', class: 'open', 'aria-expanded': 'false', 'aria-label': `Details of request ${r.n}`, text: r.n});
  const status = el('span');
  setBadge(status, statusText(r), statusTone(r));
  const path = el('span', {class: 'path', title: r.path}, ...shortPath(r).split(/(?<=\/)/).flatMap((part) => [part, el('wbr')]));
  const who = names.get(r.principal?.toLowerCase()) || r.principal || 'no principal';
  const notes = [r.code, r.spec ? `${r.spec} off the description` : ''].filter(Boolean).join(' · ');
  const row = el('tr', {},
    el('td', {class: 'num'}, open), el('td', {class: 'num', title: dateTime(r.at), text: clockTime(r.at)}), el('td', {class: 'method', text: r.method}),
    el('td', {}, path, el('span', {class: 'sub', title: r.principal, text: [r.version, who].filter(Boolean).join(' · ')})),
    el('td', {}, status, el('span', {class: 'sub', text: notes})), el('td', {class: 'num', text: took(r.millis)}));
  const node = el('tbody', {}, row);
  let details;
  const toggle = () => {
    if (!details) {
      details = el('tr', {class: 'details'}, el('td', {colspan: 6}, el('p', {text: 'Loading…'})));
      node.append(details);
      load(r, details.firstElementChild);
    } else {
      details.hidden = !details.hidden;
    }
    open.setAttribute('aria-expanded', String(!details.hidden));
    setAttr(node, 'class', details.hidden ? '' : 'opened');
  };
  row.addEventListener('click', () => {
    if (getSelection().isCollapsed) toggle(); // who marks a path does not want it opened
  });
  return {node, fill() {}}; // a request does not change once it is in the log
}

function took(ms) {
  if (ms < 0.1) return '<0.1 ms';
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

// shortPath leaves out what is the same in every line: the subscription and the api-version.
function shortPath(r) {
  const [path, query = ''] = r.path.split('?');
  const rest = query.split('&').filter((p) => p && !/^(api-version|t|c|s|h)=/i.test(p)).join('&');
  return path.replace(/^\/subscriptions\/[^/]+\//i, '…/') + (rest ? '?' + rest : '');
}

async function load(r, cell) {
  try {
    const answer = await fetch(`/_azuresim/requests?since=${r.n - 1}&limit=1`);
    const full = JSON.parse((await answer.text()).split('\n')[0]);
    if (full.n !== r.n) throw new Error('the log does not have it any more');
    const facts = [['Path', full.path], ['Principal', full.principal], ['User agent', full.userAgent], ['If-Match', full.ifMatch], ['If-None-Match', full.ifNoneMatch]].filter(([, v]) => v);
    cell.replaceChildren(
      el('dl', {class: 'facts wide'}, ...facts.map(([k, v]) => el('div', {}, el('dt', {text: k}), el('dd', {text: v})))),
      ...(full.specErrors?.length ? [el('ul', {class: 'error', 'aria-label': 'Deviations from the description'}, ...full.specErrors.map((text) => el('li', {text})))] : []),
      full.requestBody ? el('pre', {tabindex: '0', text: JSON.stringify(full.requestBody, null, 2)}) : el('p', {class: 'muted', text: 'No body.'}));
  } catch (e) {
    cell.replaceChildren(el('p', {class: 'error', text: `The request could not be fetched: ${e.message}`}));
  }
}
