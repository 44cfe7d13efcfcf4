// Talks to the server as somebody.

export async function ask(path, caller, options = {}) {
  const response = await fetch(path, {
    cache: 'no-store', // otherwise the browser queues requests for the same address
    ...options,
    headers: { ...options.headers, 'X-Tenant': caller.tenant, 'X-User': caller.user }
  });
  const isText = response.headers.get('Content-Type')?.startsWith('text/plain');
  const body = isText ? await response.text() : await response.json();
  if (!response.ok) {
    throw new Error(body.detail ?? `The server answered ${response.status}.`);
  }
  return body;
}

export async function contexts() {
  const response = await fetch('actuator/contextvars', { cache: 'no-store' });
  if (!response.ok) {
    throw new Error(`The server answered ${response.status}.`);
  }
  return (await response.json()).contexts;
}
