import type { Rule } from '../rule.ts';
import { companionRule } from '../shapes/companionRule.ts';
import { propertyRule } from '../shapes/propertyRule.ts';
import { publicPolicyRule } from '../shapes/publicPolicyRule.ts';

const webAcl = 'aws:wafv2/webAcl:WebAcl';
const topic = 'aws:sns/topic:Topic';

/** Web ACLs, certificates and topics. */
export const edgeRules: Rule[] = [
  {
    id: 'waf-has-rules',
    controls: ['WAF.10'],
    title: 'Web ACLs have a rule',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Add a rule or a managed rule group.',
    types: [webAcl],
    check: ({ props }) =>
      props.get('rules').list().length === 0 && !props.get('ruleJson').isSet && 'it has no rule',
  },
  {
    id: 'waf-metrics',
    controls: ['WAF.12'],
    title: 'Rules of web ACLs have metrics',
    severity: 'medium',
    level: 'mandatory',
    fix: 'Set visibilityConfig.cloudwatchMetricsEnabled of each rule to true.',
    types: [webAcl],
    check: ({ props }, report) =>
      report.each(
        props.get('rules').list(),
        (rule) =>
          !rule.get('visibilityConfig.cloudwatchMetricsEnabled').flag() &&
          `rule ${rule.get('name').text() ?? rule.path} has none`,
      ),
  },
  companionRule({
    id: 'waf-logs',
    controls: ['WAF.11'],
    title: 'Web ACLs log requests',
    severity: 'low',
    level: 'advisory',
    note: 'Not in FSBP. Billed per request.',
    fix: 'Add a wafv2.WebAclLoggingConfiguration.',
    owners: [webAcl],
    companions: ['aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration'],
    by: 'resourceArn',
    absent: 'it has no logging',
  }),
  propertyRule({
    id: 'acm-key-length',
    controls: ['ACM.2'],
    title: 'RSA certificates have keys of at least 2048 bits',
    severity: 'high',
    level: 'mandatory',
    fix: 'Set keyAlgorithm to RSA_2048 or an elliptic curve.',
    types: ['aws:acm/certificate:Certificate'],
    path: 'keyAlgorithm',
    wanted: { not: ['RSA_1024'] },
    byDefault: 'RSA_2048',
  }),
  {
    id: 'sns-encrypted',
    controls: ['SNS.1'],
    title: 'Topics are encrypted at rest',
    severity: 'medium',
    level: 'advisory',
    note: 'Not in FSBP. An alarm carries no personal data.',
    fix: 'Set kmsMasterKeyId, such as alias/aws/sns.',
    types: [topic],
    check: ({ props }) => {
      const key = props.get('kmsMasterKeyId');
      return !key.isUnknown && !key.isSet && 'kmsMasterKeyId is absent';
    },
  },
  publicPolicyRule({
    id: 'sns-private',
    controls: ['SNS.4'],
    title: 'Topic policies admit only named principals',
    severity: 'critical',
    level: 'mandatory',
    types: [topic, 'aws:sns/topicPolicy:TopicPolicy'],
  }),
];
