/**
 * Labels on every container, network, volume and image of a stack. They let a person read `docker
 * ps`, and let
 * `make destroy` find what is left when the Pulumi state is lost.
 */
export const labelKeys = {
  /** The Pulumi project, `slipway`. */
  project: 'dev.slipway.project',
  /** The Pulumi stack, such as `dev`. */
  stack: 'dev.slipway.stack',
  /**
   * The absolute path of the checkout that made it: two clones on one machine may have a stack of
   * the same name.
   */
  root: 'dev.slipway.root',
  /**
   * Its role: `postgres`, `valkey`, `gateway`, `network`, `image`, `migration`, the
   * compatibility check's `compatibility-check`, or a service's name such as `api`.
   */
  role: 'dev.slipway.role',
} as const;

/** Where a labelled thing belongs. */
export interface StackIdentity {
  project: string;
  stack: string;
  /** Absolute path of the checkout. */
  root: string;
}

/** The labels of one thing of a stack, as Docker wants them. */
export function stackLabels(identity: StackIdentity, role: string): Record<string, string> {
  return {
    [labelKeys.project]: identity.project,
    [labelKeys.stack]: identity.stack,
    [labelKeys.root]: identity.root,
    [labelKeys.role]: role,
  };
}
