/**
 * The base images everything runs on, under the names the public registries use. They are never
 * Pulumi resources: a
 * `destroy` must not remove what other stacks and other projects use.
 */
export const baseImages = {
  node: 'node:24-trixie-slim',
  postgres: 'postgres:17',
  valkey: 'valkey/valkey:8',
  nginx: 'nginx:1.28',
} as const;

/**
 * Label on an image that this project built in place of the official one (the value says from
 * what).
 */
export const standInLabel = 'dev.slipway.stand-in';
