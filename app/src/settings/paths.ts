import { join } from 'node:path';

// app/build.ts writes the value into the bundle. From source it is undefined.
const bundled = process.env['SLIPWAY_BUNDLE'] === 'yes';
const here = import.meta.dirname;

/** The folders of files that are not code: in the image they lie beside the bundle. */
export const paths = bundled
  ? { migrations: join(here, 'migrations'), web: join(here, 'web'), swagger: join(here, 'swagger') }
  : {
      migrations: join(here, '../../../migrations'),
      web: join(here, '../../web'),
      swagger: join(here, '../../../node_modules/swagger-ui-dist'),
    };
