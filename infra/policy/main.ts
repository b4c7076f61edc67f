import { PolicyPack } from '@pulumi/policy';
import { createPolicies } from './pack.ts';
import { Session } from './judge/session.ts';
import { stackSettings } from './judge/stackFile.ts';
import { allRules } from './rules/all.ts';

// The policy pack of every preview and update. docs/policy.md lists the rules.
new PolicyPack('slipway', {
  policies: createPolicies(allRules, new Session(allRules, stackSettings)),
});
