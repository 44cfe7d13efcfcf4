// The live panel: draws the active contexts as a tree.

import { byId, element, setText, sync } from './dom.js';
import { fetchContexts } from './server.js';

const PERIOD = 500;

/** Returns the contexts as a tree, each below its parent. A parent that is not listed becomes a root. */
function treeOf(listed) {
  const nodes = new Map(listed.map((context) => [context.id, { key: context.id, context, children: [] }]));
  const roots = [];
  for (const node of [...nodes.values()]) {
    const parent = node.context.parent;
    if (parent === null) {
      // The panel sends a new request each time: one key keeps its place in the list.
      node.key = node.context.current ? 'self' : node.key;
      roots.push(node);
      continue;
    }
    if (!nodes.has(parent)) {
      const unlisted = { key: parent, unlisted: true, children: [] };
      nodes.set(parent, unlisted);
      roots.push(unlisted);
    }
    nodes.get(parent).children.push(node);
  }
  return roots.sort((one, other) => (one.key === 'self') - (other.key === 'self'));
}

function createNode({ key, unlisted, context }) {
  const item = element('li');
  if (unlisted) {
    item.append(element('div', 'context unlisted', element('span', 'id', `#${key}`),
      element('span', 'note', 'not listed: completed')));
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
  if (!node.unlisted) {
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
    key: (node) => (node.unlisted ? 'unlisted-' : '') + node.key,
    create: createNode,
    update: (item, node) => updateNode(item, node, now)
  });
}

async function refresh() {
  try {
    const listed = await fetchContexts();
    const current = listed.find((context) => context.current);
    // Ages are by the server's clock: the panel's request has just begun.
    draw(byId('tree'), treeOf(listed), current ? Date.parse(current.since) : Date.now());
    const others = listed.filter((context) => !context.current).length;
    setText(byId('count'), String(others));
    byId('idle').hidden = others > 0;
    byId('trouble').hidden = true;
  }
  catch (problem) {
    setText(byId('trouble'), `The endpoint could not be read: ${problem.message}`);
    byId('trouble').hidden = false;
  }
}

export async function watch() {
  if (!document.hidden) {
    await refresh();
  }
  setTimeout(watch, PERIOD);
}
