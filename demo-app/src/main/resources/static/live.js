// The live panel: draws the active contexts of Notebook and the printer as one tree.

import { byId, element, setText, sync } from './dom.js';
import { fetchContexts } from './server.js';

const PERIOD = 500;

/**
 * Returns the contexts as a tree, each below its parent. That of a context of the printer may be in Notebook, which knows
 * itself by the id that it has sent. A parent that is not listed becomes a root.
 */
function treeOf(notebook, printer) {
  const nodesOf = (contexts, service) =>
    contexts.map((context) => ({ key: service + context.id, context, service, children: [] }));
  const listed = [...nodesOf(notebook, ''), ...nodesOf(printer, 'printer')];
  const nodes = new Map(listed.map((node) => [node.key, node]));
  const senders = new Map(notebook.filter((context) => context.remoteId !== null)
    .map((context) => [context.remoteId, context.id]));
  const parentOf = ({ service, context: { parent, remoteParent } }) => {
    if (parent !== null) {
      return service + parent;
    }
    return service && remoteParent !== null ? senders.get(remoteParent) ?? remoteParent : null;
  };
  const roots = [];
  for (const node of listed) {
    const parent = parentOf(node);
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

function createNode({ key, unlisted, context, service }) {
  const item = element('li');
  if (unlisted) {
    item.append(element('div', 'context unlisted', element('span', 'id', `#${key}`),
      element('span', 'note', 'not listed: completed')));
  }
  else {
    item.append(element('div', `context ${context.current ? 'self' : ''}`,
      element('span', 'kind'), element('span', 'origin', element('span', 'service', service), element('span', 'name')),
      element('span', 'age'), element('dl', 'variables'), element('span', 'thread')));
    item.querySelector('.kind').dataset.kind = context.kind;
    item.querySelector('.service').hidden = !service;
  }
  item.append(element('ul'));
  return item;
}

function updateNode(item, node, now) {
  if (!node.unlisted) {
    const { id, kind, origin, since, thread, current, variables } = node.context;
    const part = (name) => item.querySelector(`:scope > .context > .${name}`);
    setText(part('kind'), kind);
    setText(part('origin > .name'), current ? 'this panel' : origin);
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
  let trouble = '';
  try {
    const printer = await fetchContexts('printer/contextvars').catch((problem) => {
      trouble = `The printer’s contexts could not be read: ${problem.message}`;
      return [];
    });
    const notebook = await fetchContexts('actuator/contextvars');
    const current = notebook.find((context) => context.current);
    // In the printer, the current context is that of the panel's other request.
    const printing = printer.filter((context) => !context.current);
    // Ages are by the server's clock: the panel's request has just begun.
    draw(byId('tree'), treeOf(notebook, printing), current ? Date.parse(current.since) : Date.now());
    const others = notebook.filter((context) => !context.current).length + printing.length;
    setText(byId('count'), String(others));
    byId('idle').hidden = others > 0;
  }
  catch (problem) {
    trouble = `The endpoint could not be read: ${problem.message}`;
  }
  setText(byId('trouble'), trouble);
  byId('trouble').hidden = !trouble;
}

export async function watch() {
  if (!document.hidden) {
    await refresh();
  }
  setTimeout(watch, PERIOD);
}
