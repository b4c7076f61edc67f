/**
 * A production stack in small: the test brings it up on the emulator and looks for
 * differences.
 */
import { createHash } from 'node:crypto';
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { data } from './data.ts';
import { edge } from './edge.ts';
import { network } from './network.ts';
import { observability } from './observability.ts';
import { provider } from './provider.ts';
import { service } from './service.ts';

const password = new random.RandomPassword('password', { length: 24, special: false });
const net = network();
const stores = data(net, password.result);
const front = edge(net, stores);
const app = service(net, stores, front);
const watch = observability(front, app, stores);

export const region = aws.getRegionOutput({}, { provider }).region;
export const account = aws.getCallerIdentityOutput({}, { provider }).accountId;
export const serviceArn = app.service.arn;
export const secretArn = stores.secretVersion.secretArn;
export const bucketRegion = stores.logs.bucketRegion;
export const vpcRegion = net.vpc.region;
export const alarmName = watch.alarm.name;
export const alarmDimensions = watch.alarm.dimensions;
export const loadBalancer = front.loadBalancer.name;
export const passwordHash = pulumi
  .secret(password.result)
  .apply((text) => createHash('sha256').update(text).digest('hex'));
