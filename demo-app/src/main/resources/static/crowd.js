// Two hundred clients of three tenants at once, and what each of them was taken for.

import { byId, element, setText } from './dom.js';
import { ask } from './server.js';

const SIZE = 200;
const MISTAKES_SHOWN = 3;

async function visit(path, caller) {
  try {
    return { caller, answer: await ask(path, caller) };
  }
  catch (problem) {
    return { caller, problem };
  }
}

function show(visits) {
  const answered = visits.filter(({ answer }) => answer);
  const wrong = answered.filter(({ caller, answer }) => answer.tenant !== caller.tenant || answer.user !== caller.user);
  const wrongTenant = wrong.filter(({ caller, answer }) => answer.tenant !== caller.tenant);
  const threads = new Set(answered.map(({ answer }) => answer.thread));
  const failed = visits.length - answered.length;
  setText(byId('verdict'), `${wrong.length} mixed up`);
  setText(byId('tally'), `${answered.length} answers from ${threads.size} threads`
    + (wrong.length ? `, ${wrongTenant.length} with another tenant’s identity` : '')
    + (failed ? `; ${failed} requests failed` : ''));
  byId('mistakes').replaceChildren(...wrong.slice(0, MISTAKES_SHOWN).map(({ caller, answer }) => element('li', '',
    `${caller.user} of ${caller.tenant} was taken for ${answer.user} of ${answer.tenant}`)));
  byId('result').className = (wrong.length || failed) ? 'bad' : 'good';
  byId('result').hidden = false;
}

export async function fire(tenants) {
  const path = byId('naive').checked ? 'naive/whoami' : 'whoami';
  const callers = Array.from({ length: SIZE }, (_, number) => ({
    tenant: tenants[number % tenants.length],
    user: `user-${number + 1}`
  }));
  byId('fire').disabled = true;
  byId('result').hidden = true;
  try {
    show(await Promise.all(callers.map((caller) => visit(path, caller))));
  }
  finally {
    byId('fire').disabled = false;
  }
}
