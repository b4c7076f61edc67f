import { iamRules } from './access/iam.ts';
import { kmsRules } from './access/kms.ts';
import { secretsRules } from './access/secrets.ts';
import { secretsManagerRules } from './access/secretsManager.ts';
import { cloudWatchRules } from './compute/cloudWatch.ts';
import { dockerRules } from './compute/docker.ts';
import { ecrRules } from './compute/ecr.ts';
import { ecsRules } from './compute/ecs.ts';
import { imageRules } from './compute/images.ts';
import { releaseRules } from './compute/release.ts';
import { elastiCacheRules } from './data/elastiCache.ts';
import { rdsRules } from './data/rds.ts';
import { s3Rules } from './data/s3.ts';
import { ec2Rules } from './network/ec2.ts';
import { edgeRules } from './network/edge.ts';
import { elbRules } from './network/elb.ts';
import type { Rule } from './rule.ts';

/** Every rule of the pack. */
export const allRules: Rule[] = [
  ...releaseRules,
  ...imageRules,
  ...secretsRules,
  ...dockerRules,
  ...ecsRules,
  ...rdsRules,
  ...elastiCacheRules,
  ...elbRules,
  ...ec2Rules,
  ...ecrRules,
  ...iamRules,
  ...kmsRules,
  ...secretsManagerRules,
  ...s3Rules,
  ...cloudWatchRules,
  ...edgeRules,
];
