/**
 * Ends this process when the engine that started it has been gone for five seconds: a killed engine
 * would otherwise leave its plugins running for ever. An orphan is given to another parent, so a
 * changed parent id tells.
 */
export function exitWithParent(): void {
  const parent = process.ppid;
  let gone = 0;
  setInterval(() => {
    gone = process.ppid === parent ? 0 : gone + 1;
    if (gone >= 5) process.exit(1);
  }, 1000).unref();
}
