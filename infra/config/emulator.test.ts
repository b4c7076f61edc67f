import { describe, expect, it } from 'vitest';
import { emulatorEndpointOf } from './emulator.ts';

const registryHost = '127.0.0.1:4566';
const endpoint = 'http://127.0.0.1:4566';

describe('emulatorEndpointOf', () => {
  it('takes a registry of its own and an endpoint for an emulator', () => {
    expect(emulatorEndpointOf({ platform: 'aws', registryHost, awsEndpoint: endpoint }, {})).toBe(
      endpoint,
    );
  });

  it('takes the endpoint from AWS_ENDPOINT_URL where the stack names none', () => {
    const env = { AWS_ENDPOINT_URL: endpoint };
    expect(emulatorEndpointOf({ platform: 'aws', registryHost }, env)).toBe(endpoint);
    const other = { platform: 'aws', registryHost, awsEndpoint: 'http://127.0.0.1:4567' };
    expect(emulatorEndpointOf(other, env)).toBe('http://127.0.0.1:4567');
  });

  it('takes neither alone for one: AWS may be behind another endpoint, such as a VPC’s', () => {
    expect(emulatorEndpointOf({ platform: 'aws', awsEndpoint: endpoint }, {})).toBeUndefined();
    expect(emulatorEndpointOf({ platform: 'aws', registryHost }, {})).toBeUndefined();
    expect(
      emulatorEndpointOf({ platform: 'aws', registryHost }, { AWS_ENDPOINT_URL: '' }),
    ).toBeUndefined();
  });

  it('finds none for a stack on Docker', () => {
    const env = { AWS_ENDPOINT_URL: endpoint };
    expect(emulatorEndpointOf({ platform: 'docker', registryHost }, env)).toBeUndefined();
  });
});
