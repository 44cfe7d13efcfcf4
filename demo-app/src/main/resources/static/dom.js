// Functions that create and update elements. Data from the server is only set as text.

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

/** Updates a list to show the items. Elements of items that it already shows are kept. */
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
