import { databaseOwner } from '../../infra/config/database.ts';
import { randomBytes } from 'node:crypto';
import { baseImages } from '../../infra/docker-engine/baseImages.ts';
import { stackLabels } from '../../infra/docker-engine/labels.ts';
import { ThrowAwayPostgres } from '../../infra/docker-engine/throwAwayPostgres.ts';
import { UserFault } from './fault.ts';
import { isAlive } from './isAlive.ts';
import { unlessMissing } from '../../infra/docker-engine/unlessMissing.ts';
import { docker, identity, project, stack, stackFilter } from './context.ts';

/** The process that started it. When that is gone, whoever comes next removes the container. */
const ownerLabel = 'dev.slipway.owner';
const role = 'rehearsal';

/** Removes what a killed trial has left, then starts a Postgres for one. It may not answer yet. */
export async function startTrialPostgres(): Promise<ThrowAwayPostgres> {
  await removeLeftovers();
  return ThrowAwayPostgres.start(docker(), {
    image: baseImages.postgres,
    name: `${project}-${stack}-${role}-${randomBytes(3).toString('hex')}`,
    labels: { ...stackLabels(identity, role), [ownerLabel]: String(process.pid) },
    user: databaseOwner,
    database: 'trial',
    at: 'loopback',
    data: 'volume',
  }).catch((error: Error) => {
    if ((error.cause as { statusCode?: number } | undefined)?.statusCode !== 404) throw error;
    throw new UserFault(
      `The image ${baseImages.postgres} is not there.`,
      '`make setup` provides the base images.',
    );
  });
}

async function removeLeftovers(): Promise<void> {
  for (const { Id, Labels } of await docker().listContainers({
    all: true,
    filters: stackFilter(role),
  })) {
    if (isAlive(Number(Labels[ownerLabel]))) continue;
    await unlessMissing(docker().getContainer(Id).remove({ force: true, v: true }));
  }
}
