// Client of the server's HTTP interface.

/** Sends a request in the name of a caller, and returns the body of the response. */
export async function request(path, caller, options = {}) {
  const response = await fetch(path, {
    cache: 'no-store', // otherwise the browser queues requests for the same address
    ...options,
    headers: { ...options.headers, 'X-Tenant': caller.tenant, 'X-User': caller.user }
  });
  const isText = response.headers.get('Content-Type')?.startsWith('text/plain');
  const body = isText ? await response.text() : await response.json();
  if (!response.ok) {
    throw new Error(body.detail ?? `The server responded with status ${response.status}.`);
  }
  return body;
}

/** Returns the contexts that an endpoint lists. */
export async function fetchContexts(path) {
  const response = await fetch(path, { cache: 'no-store' });
  const body = await response.json();
  if (!response.ok) {
    throw new Error(body.detail ?? `The server responded with status ${response.status}.`);
  }
  return body.contexts ?? [];
}
