// For `node --import`: prints, as the process ends, the packages whose files it has loaded, on one
// line.
import { registerHooks } from 'node:module';

const packages = new Set<string>();
registerHooks({
  load: (url, context, next) => {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
    if (name) packages.add(name);
    return next(url, context);
  },
});
process.on('exit', () => process.stdout.write(`${[...packages].sort().join(' ')}\n`));
