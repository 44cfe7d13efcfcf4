// Load generator: sends concurrent requests of three tenants, and compares the identity
// in each response with the identity that was sent.

import { byId, element, setText } from './dom.js';
import { request } from './server.js';

const REQUESTS = 200;
const MISMATCHES_SHOWN = 3;

async function exchange(path, caller) {
  try {
    return { caller, identity: await request(path, caller) };
  }
  catch (problem) {
    return { caller, problem };
  }
}

function show(exchanges) {
  const completed = exchanges.filter(({ identity }) => identity);
  const mismatches = completed.filter(({ caller, identity }) =>
    identity.tenant !== caller.tenant || identity.user !== caller.user);
  const wrongTenant = mismatches.filter(({ caller, identity }) => identity.tenant !== caller.tenant);
  const threads = new Set(completed.map(({ identity }) => identity.thread));
  const failed = exchanges.length - completed.length;
  setText(byId('verdict'), `${mismatches.length} mixed up`);
  setText(byId('tally'), `${completed.length} responses from ${threads.size} threads`
    + (mismatches.length ? `, ${wrongTenant.length} with another tenant’s identity` : '')
    + (failed ? `; ${failed} requests failed` : ''));
  byId('mismatches').replaceChildren(...mismatches.slice(0, MISMATCHES_SHOWN).map(({ caller, identity }) =>
    element('li', '', `${caller.user} of ${caller.tenant} was taken for ${identity.user} of ${identity.tenant}`)));
  byId('result').className = (mismatches.length || failed) ? 'bad' : 'good';
  byId('result').hidden = false;
}

export async function generateLoad(tenants) {
  const path = byId('naive').checked ? 'naive/whoami' : 'whoami';
  const callers = Array.from({ length: REQUESTS }, (_, number) => ({
    tenant: tenants[number % tenants.length],
    user: `user-${number + 1}`
  }));
  byId('send').disabled = true;
  byId('result').hidden = true;
  try {
    show(await Promise.all(callers.map((caller) => exchange(path, caller))));
  }
  finally {
    byId('send').disabled = false;
  }
}
