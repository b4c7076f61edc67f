import * as pulumi from '@pulumi/pulumi';
import { createBlueprint } from './blueprint.ts';
import { loadConfig } from './config/config.ts';
import { demoEmail, serviceEnvironment, taskEnvironment } from './environment.ts';
import type { Outputs } from './platform.ts';
import { AppSecrets } from './secrets.ts';
import { surveyPlatform } from './surveyPlatform.ts';

// Configuration: every fault is reported at once, before anything is registered.
const config = loadConfig();

// The services, the migrations and the routes, free of any platform.
const blueprint = createBlueprint(config);

// The place: Docker or AWS. Obstacles there are reported before anything is registered, too.
const createPlatform = await surveyPlatform(config, blueprint);

// Secrets, then network, database, cache, gateway and the app image.
const secrets = new AppSecrets('app');
const platform = createPlatform(secrets);
const environment = {
  config,
  secrets,
  database: platform.database,
  cacheUrl: platform.cache.url,
  publicUrl: platform.publicUrl,
  release: platform.image.imageId,
};

// The migrations of the new image gate everything below: when they fail, nothing that serves is
// touched.
const migrations = platform.migrate(blueprint.migration, taskEnvironment(environment));

// The new instances come up beside the old ones.
const services = blueprint.services.map((service) =>
  platform.run(service, serviceEnvironment(environment), migrations),
);

// Traffic goes to the new instances once they are proven healthy; the engine removes the old ones
// after this.
const rollout = platform.rollout(services, blueprint.routes, migrations);

// Metrics, alarms, a dashboard: the eyes of the stack.
const observability = platform.observe(services, migrations);

const outputs: Outputs = {
  url: platform.publicUrl,
  docsUrl: pulumi.interpolate`${platform.publicUrl}/docs`,
  release: rollout.release,
  imageId: platform.image.imageId,
  ...(config.seed ? { demoEmail, demoPassword: secrets.demoPassword } : {}),
  ...platform.outputs,
  ...migrations.outputs,
  ...observability.outputs,
};
export default outputs;
