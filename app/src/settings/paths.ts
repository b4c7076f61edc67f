import { join } from 'node:path';

// esbuild writes the bundle's truth in here (app/build.ts); from source it is undefined.
const bundled = process.env['SLIPWAY_BUNDLE'] === 'yes';
const here = import.meta.dirname;

/**
 * Where the files lie that are not code: beside the bundle in the image, in their own folders in a
 * checkout.
 */
export const paths = bundled
  ? { migrations: join(here, 'migrations'), web: join(here, 'web'), swagger: join(here, 'swagger') }
  : {
      migrations: join(here, '../../../migrations'),
      web: join(here, '../../web'),
      swagger: join(here, '../../../node_modules/swagger-ui-dist'),
    };
