import type * as pulumi from '@pulumi/pulumi';

type Text = pulumi.Input<string>;

/** The things that are watched. */
export interface AlarmSubjects {
  loadBalancer: { arnSuffix: Text };
  services: {
    name: string;
    clusterName: Text;
    serviceName: Text;
    /** Where requests come to the service. */
    targetGroupArnSuffix?: Text;
  }[];
  database: { identifier: Text; instanceClass: string; storageGb: number };
  /** `replicas` beside the primary. */
  cache: { replicationGroupId: pulumi.Output<string>; nodes: number };
  natGateways: { zone: string; id: Text }[];
}

/** One alarm. */
export interface AlarmRow {
  /** Kebab-case, unique in a stack. */
  name: string;
  /** `essential` ones belong to every stack, `full` ones to those whose profile says so. */
  level: 'essential' | 'full';
  /** The mail says this: the meaning, and where to look first. */
  description: string;
  namespace: string;
  metric: string;
  dimensions: Record<string, Text>;
  /** `p95` and the like are percentiles. */
  statistic: 'Average' | 'Maximum' | 'Minimum' | 'Sum' | `p${number}`;
  /** Length of a data point, seconds. */
  periodSeconds: number;
  /** So many of the last `of` data points must be beyond the threshold. */
  points: number;
  of: number;
  comparison: '>' | '>=' | '<';
  threshold: number;
  /** No data means that nothing is wrong, or that something does not even report. */
  missing: 'notBreaching' | 'breaching';
}

/** A condition that is judged once a minute. */
export function minutes(
  points: number,
  of: number,
): Pick<AlarmRow, 'periodSeconds' | 'points' | 'of'> {
  return { periodSeconds: 60, points, of };
}
