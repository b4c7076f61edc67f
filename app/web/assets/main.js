// The examples name this page's address: a person can paste them unchanged.
for (const code of document.querySelectorAll('pre code')) {
  code.textContent = code.textContent.replaceAll('HOST', location.origin);
}
