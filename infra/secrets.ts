import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { Component } from './component.ts';
import type { Signing } from './release/rollout.ts';

/**
 * Every secret of a stack, generated once and kept encrypted in its state. Passwords keep to
 * letters and digits, so that they stand in a connection URL as they are; 32 of them carry 190
 * bits.
 */
export class AppSecrets extends Component {
  /** Of the role that owns the tables. */
  readonly databaseOwnerPassword: pulumi.Output<string>;
  /** Of the role that the services sign in with. */
  readonly databasePassword: pulumi.Output<string>;
  readonly cachePassword: pulumi.Output<string>;
  /** Key id and secret of the key that signs access tokens, `k1:<base64url>`. */
  readonly jwtSecrets: pulumi.Output<string>;
  readonly sessionHashSecret: pulumi.Output<string>;
  readonly demoPassword: pulumi.Output<string>;
  readonly signing: Signing;

  constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:index:AppSecrets', name, opts);
    const password = (role: string, options: { ignoreChanges?: string[] } = {}) =>
      this.child(random.RandomPassword, role, { length: 32, special: false }, options).result;
    const bytes = (role: string) => this.child(random.RandomBytes, role, { length: 32 }).base64;

    // A data directory keeps the password it was initialised with: changed inputs must not make a
    // new one. Rotation does.
    this.databaseOwnerPassword = password('database-password', { ignoreChanges: ['*'] });
    this.databasePassword = password('database-app-password');
    this.cachePassword = password('cache-password');
    this.jwtSecrets = pulumi.secret(pulumi.interpolate`k1:${bytes('jwt-key').apply(toBase64Url)}`);
    this.sessionHashSecret = bytes('session-hash-secret');
    this.demoPassword = password('demo-password');
    this.signing = {
      stack: `${pulumi.getProject()}/${pulumi.getStack()}`,
      seed: pulumi.secret(bytes('signing-seed')),
    };
    this.registerOutputs({});
  }
}

function toBase64Url(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
