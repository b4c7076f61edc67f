import type { input } from '@pulumi/aws/types/index.js';
import { WebAcl, type WebAclArgs } from '@pulumi/aws/wafv2/webAcl.js';
import { WebAclAssociation } from '@pulumi/aws/wafv2/webAclAssociation.js';
import type * as pulumi from '@pulumi/pulumi';
import { Component, type Transform } from '../../component.ts';

export interface WebFirewallArgs {
  loadBalancerArn: pulumi.Input<string>;
  /** Requests one client address may send in five minutes. Default 2000. */
  requestsPerFiveMinutes?: number;
  /** Changes the underlying resource, applied last. */
  transform?: { webAcl?: Transform<WebAclArgs> } | undefined;
}

type ManagedGroup = [name: string, counted: string[]];

/**
 * AWS's managed rules, and the rules of each group that only count. People paste code, SQL and long
 * texts into a chat: rules about the body would refuse what the system is for. The api takes bodies
 * as data (bound parameters, escaped output).
 */
const managedGroups: ManagedGroup[] = [
  ['AWSManagedRulesAmazonIpReputationList', []],
  [
    'AWSManagedRulesCommonRuleSet',
    [
      'SizeRestrictions_BODY',
      'CrossSiteScripting_BODY',
      'GenericLFI_BODY',
      'GenericRFI_BODY',
      'EC2MetaDataSSRF_BODY',
    ],
  ],
  ['AWSManagedRulesKnownBadInputsRuleSet', ['JavaDeserializationRCE_BODY', 'Log4JRCE_BODY']],
  ['AWSManagedRulesSQLiRuleSet', ['SQLi_BODY', 'SQLiExtendedPatterns_BODY']],
];

/**
 * A web application firewall in front of a load balancer: known attackers, known attacks, and too
 * many requests.
 */
export class WebFirewall extends Component {
  constructor(name: string, args: WebFirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super('slipway:aws:WebFirewall', name, opts);
    const webAcl = this.child(
      WebAcl,
      '',
      {
        scope: 'REGIONAL',
        defaultAction: { allow: {} },
        visibilityConfig: visibility(name),
        rules: [rateLimit(args.requestsPerFiveMinutes ?? 2000), ...managedGroups.map(managedGroup)],
      },
      { transform: args.transform?.webAcl },
    );
    this.child(WebAclAssociation, '', {
      webAclArn: webAcl.arn,
      resourceArn: args.loadBalancerArn,
    });
    this.registerOutputs({});
  }
}

function rateLimit(limit: number): input.wafv2.WebAclRule {
  return {
    name: 'rate-limit',
    priority: 0,
    action: { block: { customResponse: { responseCode: 429 } } },
    statement: { rateBasedStatement: { limit, aggregateKeyType: 'IP', evaluationWindowSec: 300 } },
    visibilityConfig: visibility('rate-limit'),
  };
}

function managedGroup([name, counted]: ManagedGroup, index: number): input.wafv2.WebAclRule {
  return {
    name,
    priority: index + 1,
    overrideAction: { none: {} },
    statement: {
      managedRuleGroupStatement: {
        vendorName: 'AWS',
        name,
        ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
      },
    },
    visibilityConfig: visibility(name),
  };
}

/** Metrics, and no samples: a sample shows a request's headers, access tokens among them. */
function visibility(metricName: string): input.wafv2.WebAclVisibilityConfig {
  return { metricName, cloudwatchMetricsEnabled: true, sampledRequestsEnabled: false };
}
