// Bundles the app for its image into one file: the start then searches no node_modules. The
// Dockerfile runs this.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { createSbom } from './sbom.ts';

const root = join(import.meta.dirname, '..');
const out = process.argv[2] ?? join(root, 'dist');

/**
 * Parts of packages that this app never calls. Left in, they would be read and run at each start:
 * Umzug's command line (we use the programmatic API), the tables of East Asian encodings (bodies
 * are UTF-8), tracing for exemplars (switched off), and rate limits that the workers of one machine
 * share (ours are shared through Valkey).
 */
const unused: [RegExp, string][] = [
  [/umzug\/lib\/cli\.js$/, 'exports.UmzugCLI = class {};'],
  [/iconv-lite\/encodings\/tables\/.*\.json$/, 'module.exports = [];'],
  [/@opentelemetry\/api\/.*\/index\.js$/, ''],
  [/rate-limiter-flexible\/lib\/RateLimiterCluster\.js$/, ''],
];
const leaveOut: Plugin = {
  name: 'leave-out',
  setup(bundler) {
    for (const [filter, contents] of unused)
      bundler.onLoad({ filter }, () => ({ contents, loader: 'js' }));
  },
};

await build({
  entryPoints: [join(root, 'app/src/main.ts')],
  outfile: join(out, 'main.js'),
  bundle: true,
  platform: 'node',
  target: 'node24',
  // CommonJS starts faster than modules, and its one file makes one entry in the compile cache.
  format: 'cjs',
  define: { 'process.env.SLIPWAY_BUNDLE': '"yes"', 'import.meta.dirname': '__dirname' },
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'external',
  // pg-native is optional and not used. argon2 (native) and the SQL parser (WebAssembly) are copied
  // as they are: the parser is loaded by the verbs that read SQL, and not by each start.
  external: ['pg-native', '@node-rs/argon2', 'libpg-query'],
  plugins: [leaveOut],
  logLevel: 'warning',
});

mkdirSync(join(out, 'swagger'), { recursive: true });
for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png', 'LICENSE']) {
  cpSync(join(root, 'node_modules/swagger-ui-dist', file), join(out, 'swagger', file));
}
for (const packages of ['@node-rs', 'libpg-query', '@pgsql']) {
  cpSync(join(root, 'node_modules', packages), join(out, 'node_modules', packages), {
    recursive: true,
  });
}
cpSync(join(root, 'app/web'), join(out, 'web'), { recursive: true });
// The authorities that sign the certificates of RDS. `sslrootcert` in DATABASE_URL names the file.
cpSync(join(root, 'app/certificates'), join(out, 'certificates'), { recursive: true });
cpSync(join(root, 'migrations'), join(out, 'migrations'), {
  recursive: true,
  filter: (source) => !source.endsWith('runner') && !source.endsWith('.md'),
});
writeFileSync(join(out, 'sbom.cdx.json'), JSON.stringify(createSbom(root)));
