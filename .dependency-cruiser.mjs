// Holds the imports to the table of rooms: toolchain/walls/rooms.ts.
import { wallRules } from './toolchain/walls/rules.ts';

export default {
  forbidden: wallRules(),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
