// The examples name the address this page came from, so that they can be pasted as they are.
for (const code of document.querySelectorAll('pre code')) {
  code.textContent = code.textContent.replaceAll('HOST', location.origin);
}
