// The page: connects the forms to the server.

import { byId, element, setText, sync } from './dom.js';
import { watch } from './live.js';
import { generateLoad } from './load-generator.js';
import { request } from './server.js';

const RESPONSES_SHOWN = 5;

const tenants = [...byId('tenant').options].map((option) => option.value);

const caller = () => ({ tenant: byId('tenant').value, user: byId('user').value.trim() });

function addResponse(text, isProblem) {
  byId('responses').prepend(element('li', isProblem ? 'problem' : '', text));
  while (byId('responses').children.length > RESPONSES_SHOWN) {
    byId('responses').lastChild.remove();
  }
  byId('responses-empty').hidden = true;
}

async function attempt(action) {
  try {
    await action();
  }
  catch (problem) {
    addResponse(problem.message, true);
  }
}

function actionOn(note, name, action) {
  const button = element('button', 'small', name);
  button.type = 'button';
  button.setAttribute('aria-label', `${name} “${note.text}”`);
  button.addEventListener('click', () => attempt(() => action(note)));
  return button;
}

const seconds = () => byId('seconds').value;

async function printNote({ id }) {
  const sheet = await request(`notes/${id}/print?seconds=${seconds()}`, caller(), { method: 'POST' });
  addResponse(`Printed “${sheet.text}” for ${sheet.user} of ${sheet.tenant}`);
}

async function mailNote({ id }) {
  addResponse((await request(`notes/${id}/mail?seconds=${seconds()}`, caller(), { method: 'POST' })).trim());
}

async function showNotes() {
  const { tenant, notes } = await request('notes', caller());
  if (tenant !== caller().tenant) {
    return; // another tenant has been chosen in the meantime
  }
  setText(byId('notes-tenant'), tenant);
  sync(byId('notes'), notes, {
    key: (note) => `${tenant}-${note.id}`,
    create: (note) => element('li', '', element('span', '', note.text), element('span', 'author', note.author),
      actionOn(note, 'Print', printNote), actionOn(note, 'Mail', mailNote))
  });
  byId('notes-empty').hidden = notes.length > 0;
}

async function addNote() {
  const text = byId('text').value;
  await request('notes', caller(), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ text })
  });
  byId('text').value = '';
  await showNotes();
}

async function importNotes(from) {
  const to = caller();
  const imported = await request(`notes/import?from=${from}&seconds=${seconds()}`, to, { method: 'POST' });
  addResponse(`Imported ${imported.count} notes from ${imported.from} to ${to.tenant}`);
  await showNotes();
}

async function exportNotes() {
  addResponse((await request(`notes/export?seconds=${seconds()}`, caller())).trim());
}

function chooseTenant() {
  byId('from').replaceChildren(
    ...tenants.filter((tenant) => tenant !== caller().tenant).map((tenant) => element('option', '', tenant)));
  return attempt(showNotes);
}

function onSubmit(id, action) {
  byId(id).addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(() => action(event.submitter?.value));
  });
}

byId('tenant').addEventListener('change', chooseTenant);
onSubmit('caller', () => {});
onSubmit('add', addNote);
onSubmit('slow', (what) => what === 'export' ? exportNotes() : importNotes(byId('from').value));
onSubmit('load', () => generateLoad(tenants));

chooseTenant();
watch();
