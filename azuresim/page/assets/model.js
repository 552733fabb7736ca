// What the page knows: the messages of the stream, put in order. It must not touch the document.

const keptRequests = 2000;
const keptEnded = 50;

const groupPart = /^\/subscriptions\/[^/]+(\/resourcegroups\/[^/]+)?/;

export class Model {
  constructor(generation) {
    this.generation = generation; // tells this model's revisions from those before a reconnect
    this.ready = false;
    this.resources = new Map(); // key -> row
    this.groups = new Map(); // key -> {key, row, clusters, others, version}
    this.clusterCount = 0;
    this.groupCount = 0;
    this.operations = new Map(); // id -> operation
    this.running = new Map(); // resource key -> operation in flight
    this.requests = []; // oldest first
    this.info = {subscriptions: [], principals: [], faults: [], throttle: 1};
    this.clock = {now: Date.now(), paused: true, speed: 1};
    this.clockAt = performance.now();
    this.endings = []; // operations that ended since the last look
  }

  // now is the emulated time.
  now() {
    if (this.clock.paused) return this.clock.now;
    return this.clock.now + (performance.now() - this.clockAt) * this.clock.speed;
  }

  apply(m) {
    if (m.clock) {
      this.clock = {...m.clock, now: Date.parse(m.clock.now)};
      this.clockAt = performance.now();
    }
    if (m.info) this.info = m.info;
    for (const op of m.operations ?? []) this.putOperation(op);
    for (const id of m.goneOperations ?? []) this.dropOperation(id);
    for (const row of m.resources ?? []) this.put(row);
    for (const key of m.gone ?? []) this.drop(key);
    if (m.requests) this.putRequests(m.requests);
    if (m.ready) this.ready = true;
  }

  put(row) {
    row.name = row.id.slice(row.id.lastIndexOf('/') + 1);
    if (!this.resources.has(row.key)) this.count(row, 1);
    this.resources.set(row.key, row);
    const group = this.groupOf(row.key);
    if (row.key === group.key) group.row = row;
    else if (row.pool) this.clusterOf(group, parentOf(row.key)).pools.set(row.key, row);
    else if (row.cluster) this.clusterOf(group, row.key).row = row;
    else group.others.set(row.key, row);
  }

  drop(key) {
    const row = this.resources.get(key);
    if (!row) return;
    this.count(row, -1);
    this.resources.delete(key);
    const group = this.groupOf(key);
    if (key === group.key) group.row = null;
    group.others.delete(key);
    const cluster = group.clusters.get(row.pool ? parentOf(key) : key);
    if (cluster) {
      if (row.pool) cluster.pools.delete(key);
      else cluster.row = null;
      if (!cluster.row && cluster.pools.size === 0) group.clusters.delete(cluster.key);
    }
    if (!group.row && group.clusters.size + group.others.size === 0) this.groups.delete(group.key);
  }

  count(row, by) {
    if (row.cluster) this.clusterCount += by;
    if (row.type === 'Microsoft.Resources/resourceGroups') this.groupCount += by;
  }

  groupOf(key) {
    const at = groupPart.exec(key)[0];
    let group = this.groups.get(at);
    if (!group) this.groups.set(at, group = {key: at, row: null, clusters: new Map(), others: new Map(), revision: 0});
    group.revision++;
    return group;
  }

  clusterOf(group, key) {
    let cluster = group.clusters.get(key);
    if (!cluster) group.clusters.set(key, cluster = {key, row: null, pools: new Map()});
    return cluster;
  }

  putOperation(op) {
    for (const at of ['start', 'due', 'end']) op[at] = op[at] && Date.parse(op[at]);
    op.key = op.resource.toLowerCase();
    op.name = op.resource.slice(op.resource.lastIndexOf('/') + 1);
    const before = this.operations.get(op.id);
    this.dropOperation(op.id);
    this.operations.set(op.id, op);
    if (op.status === 'InProgress') this.running.set(op.key, op);
    else if (before?.status === 'InProgress') this.endings.push(op);
    this.touch(op.key);
  }

  dropOperation(id) {
    const op = this.operations.get(id);
    if (!op) return;
    this.operations.delete(id);
    if (this.running.get(op.key) === op) this.running.delete(op.key);
    this.touch(op.key);
  }

  touch(key) {
    const group = this.groups.get(groupPart.exec(key)?.[0]);
    if (group) group.revision++;
  }

  // operationList has those in flight, oldest first, then those that ended last.
  operationList() {
    const all = [...this.operations.values()];
    const ended = all.filter((op) => op.status !== 'InProgress').sort((a, b) => b.end - a.end);
    for (const op of ended.slice(keptEnded)) this.operations.delete(op.id);
    return [...this.running.values()].sort((a, b) => a.start - b.start || (a.key < b.key ? -1 : 1)).concat(ended.slice(0, keptEnded));
  }

  putRequests({first, entries}) {
    if (this.requests.length > 0 && this.requests[0].n < first) this.requests = this.requests.filter((r) => r.n >= first);
    for (const r of entries) {
      r.at = Date.parse(r.time);
      this.requests.push(r);
    }
    if (this.requests.length > keptRequests) this.requests = this.requests.slice(-keptRequests);
  }
}

function parentOf(poolKey) {
  return poolKey.slice(0, poolKey.lastIndexOf('/agentpools/'));
}

// percent is the progress of an operation, linear in time as the emulator counts it.
export function percent(op, now) {
  if (op.status !== 'InProgress' || op.duration <= 0) return 100;
  return Math.round(100 * Math.min(Math.max(100 * (1 - (op.due - now) / 1000 / op.duration), 0), 99.9)) / 100;
}
