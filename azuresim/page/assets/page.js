// The page: listens to the stream of changes and draws what changed, at most once per frame and only while visible.
import {dateTime, el, plural, setAttr, setBadge, setShown, setText} from './dom.js';
import {GroupsView} from './groups.js';
import {Model} from './model.js';
import {OperationsView} from './operations.js';
import {paint} from './progress.js';
import {RequestsView} from './requests.js';

const $ = (id) => document.getElementById(id);

let model = new Model(0);
let drawn = false; // whether there is something on the screen that a new beginning must not wipe
let drawnInfo; // what the head was drawn from
let scheduled = false;

const groups = new GroupsView($('groups'), $('groups-filter'));
const operations = new OperationsView($('operations'));
const requests = new RequestsView($('requests'), $('requests-filter'), $('requests-title'));

function listen() {
  const source = new EventSource('/_azuresim/page/events'); // comes back by itself
  source.onmessage = ({data}) => {
    const message = JSON.parse(data);
    if (message.reset) model = new Model(model.generation + 1);
    model.apply(message);
    announce();
    schedule();
  };
  source.onopen = () => setBadge($('connection'), 'live', 'ok');
  source.onerror = () => setBadge($('connection'), 'not connected, trying again', 'bad');
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(draw);
}

function draw() {
  scheduled = false;
  if (drawn && !model.ready) return; // after a reconnect the old picture stays until the new one is complete
  drawn = true;
  drawHead();
  const shown = groups.show(model);
  setShown($('empty'), model.ready && model.resources.size === 0);
  setShown($('no-match'), shown === 0 && model.resources.size > 0);
  operations.show(model);
  requests.show(model);
  paint(model);
  drawClock();
  document.body.dataset.ready = model.ready;
}

function drawHead() {
  const {info} = model;
  setText($('subscriptions'), info.subscriptions.length);
  setAttr($('subscriptions'), 'title', info.subscriptions.map((s) => `${s.name} ${s.id}`).join('\n'));
  setText($('group-count'), model.groupCount);
  setText($('cluster-count'), model.clusterCount);
  setText($('resource-count'), model.resources.size);
  setText($('running-count'), model.running.size);
  setText($('throttle'), info.throttle === 0 ? 'off' : info.throttle === 1 ? "Azure's" : `Azure's × ${info.throttle}`);
  setBadge($('pace'), model.clock.paused ? 'paused' : `× ${model.clock.speed}`, model.clock.paused ? 'warn' : 'quiet');
  if (drawnInfo !== info) drawFaults(info.faults);
  drawnInfo = info;
  document.title = model.running.size ? `azuresim (${model.running.size} in flight)` : 'azuresim';
}

function drawFaults(faults) {
  setShown($('faults'), faults.length > 0);
  setText($('faults').querySelector('summary'), `${plural(faults.length, 'fault rule')} active`);
  $('faults').querySelector('ul').replaceChildren(...faults.map((f) => el('li', {text: faultText(f)})));
}

function faultText(f) {
  const more = [f.principal && `of ${f.principal}`, f.headers && `with ${Object.keys(f.headers).join(', ')}`, f.bodyRegex && `with ${f.bodyRegex} in the body`];
  const what = [f.delay && f.delay !== '0s' && `late by ${f.delay}`, f.status && `${f.status} ${f.code ?? ''}`.trim(), f.reset && 'connection cut', f.truncate && 'answer cut short',
    f.lostResponse && 'answer lost', f.failOperation && `operation fails with ${f.failOperation.code}`, f.staleGets && `stale for ${plural(f.staleGets, 'GET')}`];
  const match = [f.method ?? 'any method', f.pathRegex ?? 'any path', ...more].filter(Boolean).join(' ');
  return [match, ...what, f.times ? `${f.times - f.hits} left` : 'until cleared'].filter(Boolean).join(', ');
}

// announce tells screen readers what ended; many endings at once are one sentence.
function announce() {
  const ended = model.endings.splice(0);
  if (ended.length === 0 || !model.ready) return;
  const failed = ended.filter((op) => op.status === 'Failed');
  if (ended.length > 3) setText($('news'), `${ended.length} operations ended, ${failed.length} failed`);
  else setText($('news'), ended.map((op) => `${op.kind} of ${op.name}: ${op.status}${op.error ? ', ' + op.error.code : ''}`).join('. '));
}

function drawClock() {
  const now = dateTime(model.now());
  setText($('clock'), now);
  setAttr($('clock'), 'datetime', now.replace(' UTC', 'Z'));
}

function tick() {
  if (document.hidden || !drawn) return;
  drawClock();
  if (!model.clock.paused && model.running.size > 0) paint(model);
}

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', (e) => e.preventDefault());
  form.addEventListener('input', schedule);
}
for (const unfold of ['click', 'toggle']) document.addEventListener(unfold, schedule, true); // what it shows wants its bars painted
document.addEventListener('keydown', (e) => {
  if (e.key !== '/' || e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.('input, select')) return;
  e.preventDefault();
  $('groups-filter').elements.text.focus();
});
$('endpoint').textContent = location.origin;
setInterval(tick, 250);
listen();
