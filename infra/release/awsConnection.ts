/**
 * Where AWS is asked. Credentials are never an input, so they never come into the state: the
 * provider's process takes them from the environment it inherits from `pulumi`, by the SDK's
 * default chain (AWS_ACCESS_KEY_ID, AWS_PROFILE, SSO, a web identity, a container's or instance's
 * role).
 */
export interface AwsConnection {
  /** Such as `eu-central-1`. */
  region: string;
  /** A profile of `~/.aws/config`, as in `aws:profile`; by default what the environment says. */
  profile?: string;
  /** Other addresses than AWS' own, for an emulator: `http://127.0.0.1:4566`. */
  endpoints?: { ecs?: string; logs?: string; elbv2?: string };
}
