// Builds and updates elements. What comes from the server is only ever set as text.

export const byId = (id) => document.getElementById(id);

export function element(name, className, ...content) {
  const created = document.createElement(name);
  if (className) {
    created.className = className;
  }
  created.append(...content);
  return created;
}

export function setText(target, text) {
  if (target.textContent !== text) {
    target.textContent = text;
  }
}

/** Makes a list show the items, and leaves alone what it shows already. */
export function sync(list, items, { key, create, update }) {
  const present = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, position) => {
    const id = String(key(item));
    const child = present.get(id) ?? create(item);
    present.delete(id);
    child.dataset.key = id;
    update?.(child, item);
    if (list.children[position] !== child) {
      list.insertBefore(child, list.children[position] ?? null);
    }
  });
  present.forEach((child) => child.remove());
}
