import type { Rule } from '../rule.ts';
import { cloudWatchRules } from './cloudWatch.ts';
import { dockerRules } from './docker.ts';
import { ec2Rules } from './ec2.ts';
import { ecrRules } from './ecr.ts';
import { ecsRules } from './ecs.ts';
import { edgeRules } from './edge.ts';
import { elastiCacheRules } from './elastiCache.ts';
import { elbRules } from './elb.ts';
import { iamRules } from './iam.ts';
import { imageRules } from './images.ts';
import { kmsRules } from './kms.ts';
import { rdsRules } from './rds.ts';
import { releaseRules } from './release.ts';
import { s3Rules } from './s3.ts';
import { secretsRules } from './secrets.ts';
import { secretsManagerRules } from './secretsManager.ts';

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
