// What makes the pages nicer. Everything works without it.

const language = document.documentElement.lang;

// Exact times in the visitor's own zone.
const exact = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
for (const time of document.querySelectorAll('time[datetime]')) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.getTime())) time.title = exact.format(moment);
}

// The server writes days and times of this zone from the next page on.
const { timeZone } = exact.resolvedOptions();
if (timeZone && !document.cookie.split('; ').includes(`zone=${timeZone}`)) {
  const path = document.querySelector('.brand').pathname;
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `zone=${timeZone}; Path=${path}; Max-Age=31536000; SameSite=Lax${secure}`;
}

// Buttons that copy what stands beside them.
for (const button of document.querySelectorAll('button[data-copy]')) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    const label = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}

// The slash leads to the search field.
document.addEventListener('keydown', event => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest?.('input, textarea, select')) return;
  const search = document.querySelector('input[type=search]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
});

// Where the navigation is wider than the window, it begins at this page.
for (const link of document.querySelectorAll('.top [aria-current]')) {
  const nav = link.closest('nav');
  nav.scrollLeft = link.offsetLeft - (nav.clientWidth - link.offsetWidth) / 2;
}

// A choice that stands alone in its form needs no button.
for (const select of document.querySelectorAll('footer select, select[data-submit]')) {
  select.form.querySelector('button').classList.add('hidden');
  select.addEventListener('change', () => select.form.requestSubmit());
}

// A generated password is fetched once, when its page is open.
for (const form of document.querySelectorAll('form[data-secret]')) {
  const shown = form.nextElementSibling;
  const say = text => {
    shown.querySelector('p').textContent = text;
    shown.hidden = false;
    form.hidden = true;
  };
  fetch(form.action, { method: 'POST', headers: { 'X-CSRF-Token': form.elements.csrf_token.value } })
    .then(answer => (answer.ok ? answer.json() : undefined))
    .then(found => {
      document.getElementById(form.dataset.secret).firstChild.textContent = found?.password ?? '';
      if (!found) shown.querySelector('.code').hidden = true;
      say(found ? shown.dataset.shown : shown.dataset.gone);
    })
    .catch(() => {});
}
