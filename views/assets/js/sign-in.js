// Demo only: a press on an account fills the form.
export function start(form) {
  document.addEventListener('click', (event) => {
    const account = event.target.closest('[data-login]');
    if (!account) return;
    form.elements.login.value = account.dataset.login;
    form.elements.password.value = account.dataset.password;
    form.querySelector('.btn--primary').focus();
  });
}
