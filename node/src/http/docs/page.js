'use strict';
// Filters the list, and asks this node the questions of the page. Only GET: nothing is changed.
const filter = document.getElementById('filter');
filter.addEventListener('input', () => {
  const wanted = filter.value.toLowerCase();
  for (const item of document.querySelectorAll('nav li:not(.group)')) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }
});
const STREAMS = ['/v1/events'];
for (const section of document.querySelectorAll('.operation[data-method="get"]')) {
  const path = section.dataset.path;
  if (STREAMS.includes(path)) continue;
  const form = document.createElement('form');
  form.className = 'try';
  const fields = [];
  for (const row of section.querySelectorAll('.parameters tr[data-name]')) {
    if (row.dataset.in === 'header') continue;
    const label = document.createElement('label');
    const input = document.createElement('input');
    label.append(row.dataset.name, input);
    form.append(label);
    fields.push({ name: row.dataset.name, place: row.dataset.in, input });
  }
  const button = document.createElement('button');
  button.textContent = 'Ask this node';
  const outcome = document.createElement('pre');
  outcome.className = 'outcome';
  outcome.hidden = true;
  outcome.setAttribute('aria-live', 'polite');
  form.append(button, outcome);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    let target = path;
    const query = new URLSearchParams();
    for (const { name, place, input } of fields) {
      if (place === 'path') target = target.replace(`{${name}}`, encodeURIComponent(input.value));
      else if (input.value !== '') query.set(name, input.value);
    }
    if (query.size > 0) target += `?${query}`;
    outcome.hidden = false;
    outcome.textContent = `GET ${target} ...`;
    try {
      const answer = await fetch(target, { headers: { Accept: 'application/json' } });
      const kind = answer.headers.get('Content-Type') || '';
      let text = await answer.text();
      if (kind.includes('json')) text = JSON.stringify(JSON.parse(text), null, 2);
      const id = answer.headers.get('X-Request-Id');
      outcome.textContent = `GET ${target}\n${answer.status}   request ${id}\n\n${text}`;
    } catch (error) {
      outcome.textContent = `GET ${target}\n${error}`;
    }
  });
  section.append(form);
}
