/** The keys of a stack that say whether it is on an emulator, as they are in its file. */
export interface EmulatorKeys {
  platform?: unknown;
  awsEndpoint?: unknown;
  registryHost?: unknown;
}

/**
 * Where the emulator is that stands in for AWS. A registry of its own tells an emulator from AWS
 * behind another endpoint, such as a VPC's. The program and `make` decide by this alone.
 *
 * @returns undefined for a stack on Docker or on AWS itself
 */
export function emulatorEndpointOf(
  { platform, awsEndpoint, registryHost }: EmulatorKeys,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const endpoint = awsEndpoint ?? env['AWS_ENDPOINT_URL'];
  if (platform !== 'aws' || registryHost === undefined) return undefined;
  return typeof endpoint === 'string' && endpoint !== '' ? endpoint : undefined;
}
