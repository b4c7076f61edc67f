import * as pulumi from '@pulumi/pulumi';
import { createBlueprint } from './blueprint.ts';
import { loadConfig } from './config/config.ts';
import { demoEmail, serviceEnvironment, taskEnvironment } from './environment.ts';
import { surveyPlatform } from './createPlatform.ts';
import { AppSecrets } from './secrets.ts';

// Configuration: every fault is reported at once, before anything is registered.
const config = loadConfig();

// What runs, free of any platform.
const blueprint = createBlueprint(config);

// Where it runs, on Docker or on AWS. What is in the way there is reported before anything is
// registered, too.
const createPlatform = await surveyPlatform(config, blueprint);

// Secrets, then network, database, cache, gateway and the app image.
const secrets = new AppSecrets('app');
const platform = createPlatform(secrets);
const release = platform.image.imageId;
const environment = {
  config,
  secrets,
  database: platform.database,
  cache: platform.cache,
  publicUrl: platform.publicUrl,
  release,
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

const outputs: Record<string, pulumi.Input<unknown>> = {
  url: platform.publicUrl,
  docsUrl: pulumi.interpolate`${platform.publicUrl}/docs`,
  release: rollout.release,
  imageId: platform.image.imageId,
  ...(config.seed ? { demoEmail, demoPassword: secrets.demoPassword } : {}),
  ...platform.outputs(),
};
export default outputs;
