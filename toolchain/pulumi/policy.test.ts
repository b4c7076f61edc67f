import { describe, expect, it } from 'vitest';
import { usesPolicy } from './policy.ts';

const uses = (platform: string, policy?: unknown, variable?: string) =>
  usesPolicy({ platform, policy, variable });

describe('usesPolicy', () => {
  it('holds stacks on AWS to the pack, and those on Docker when they ask for it', () => {
    expect(uses('aws')).toBe(true);
    expect(uses('docker')).toBe(false);
    expect(uses('docker', true)).toBe(true);
    expect(uses('docker', 'true')).toBe(true);
    expect(uses('aws', 'false')).toBe(false);
  });

  it('lets POLICY decide for one run', () => {
    expect(uses('docker', undefined, '1')).toBe(true);
    expect(uses('docker', 'true', '0')).toBe(false);
    expect(uses('aws', 'false', '1')).toBe(true);
    expect(uses('docker', undefined, '')).toBe(false);
  });

  it('refuses to release a stack on AWS by a variable, which leaves no trace', () => {
    expect(() => uses('aws', undefined, '0')).toThrow(/POLICY=0 does not release/);
  });

  it('refuses what it does not understand', () => {
    expect(() => uses('docker', undefined, 'yes')).toThrow(/neither 0 nor 1/);
  });
});
