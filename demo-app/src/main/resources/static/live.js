// The live panel: what runs now, as a tree.

import { byId, element, setText, sync } from './dom.js';
import { contexts } from './server.js';

const PERIOD = 500;

/** Contexts below what they were copied from; parents that have gone stand in as roots. */
function treeOf(listed) {
  const nodes = new Map(listed.map((context) => [context.id, { key: context.id, context, children: [] }]));
  const roots = [];
  for (const node of [...nodes.values()]) {
    const parent = node.context.parent;
    if (parent === null) {
      // The panel's own request is another one each time, and the same to the eye.
      node.key = node.context.current ? 'self' : node.key;
      roots.push(node);
      continue;
    }
    if (!nodes.has(parent)) {
      const gone = { key: parent, gone: true, children: [] };
      nodes.set(parent, gone);
      roots.push(gone);
    }
    nodes.get(parent).children.push(node);
  }
  return roots.sort((one, other) => (one.key === 'self') - (other.key === 'self'));
}

function createNode({ key, gone, context }) {
  const item = element('li');
  if (gone) {
    item.append(element('div', 'context gone', element('span', 'id', `#${key}`),
      element('span', 'note', 'has left its thread: it waits, or has ended')));
  }
  else {
    item.append(element('div', `context ${context.current ? 'self' : ''}`,
      element('span', 'kind'), element('span', 'origin'), element('span', 'age'),
      element('dl', 'variables'), element('span', 'thread')));
    item.querySelector('.kind').dataset.kind = context.kind;
  }
  item.append(element('ul'));
  return item;
}

function updateNode(item, node, now) {
  if (!node.gone) {
    const { id, kind, origin, since, thread, current, variables } = node.context;
    const part = (name) => item.querySelector(`:scope > .context > .${name}`);
    setText(part('kind'), kind);
    setText(part('origin'), current ? 'this panel' : origin);
    const seconds = Math.max(0, now - Date.parse(since)) / 1000;
    setText(part('age'), `#${id} · ${seconds.toFixed(1)} s`);
    setText(part('thread'), thread ?? 'waits');
    sync(part('variables'), Object.entries(variables), {
      key: ([name]) => name,
      create: ([name]) => element('div', '', element('dt', '', name), element('dd')),
      update: (pair, [, value]) => setText(pair.lastChild, String(value))
    });
  }
  draw(item.lastChild, node.children, now);
}

function draw(list, nodes, now) {
  sync(list, nodes, {
    key: (node) => (node.gone ? 'gone-' : '') + node.key,
    create: createNode,
    update: (item, node) => updateNode(item, node, now)
  });
}

async function refresh() {
  try {
    const listed = await contexts();
    const own = listed.find((context) => context.current);
    // By the server's clock: the panel's own request has only just begun.
    draw(byId('tree'), treeOf(listed), own ? Date.parse(own.since) : Date.now());
    const others = listed.filter((context) => !context.current).length;
    setText(byId('count'), String(others));
    byId('idle').hidden = others > 0;
    byId('trouble').hidden = true;
  }
  catch (problem) {
    setText(byId('trouble'), `Nothing new from the endpoint: ${problem.message}`);
    byId('trouble').hidden = false;
  }
}

export async function watch() {
  if (!document.hidden) {
    await refresh();
  }
  setTimeout(watch, PERIOD);
}
