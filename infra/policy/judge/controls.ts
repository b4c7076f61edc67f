/** A control of AWS Security Hub that no rule stands for, and why. */
export interface UncoveredControl {
  /** One id, several of one service, or `*` for all of a service. */
  ids: string;
  /** What the control wants, in short. */
  wants: string;
  status: 'not applicable' | 'not covered';
  why: string;
}

const account = 'A setting of the account, not of a stack: set it once for the organisation.';
const noInstances = 'The program makes no EC2 instances.';
const noAurora = 'The program uses RDS instances, no clusters.';
const runtime = 'Seen at run time alone, not in a program.';

/**
 * The rest of the Foundational Security Best Practices for the services that Slipway uses. Source:
 * "AWS Foundational Security Best Practices standard", AWS Security Hub user guide.
 */
export const uncoveredControls: UncoveredControl[] = [
  {
    ids: 'ACM.1',
    wants: 'certificates are renewed in time',
    status: 'not applicable',
    why: 'ACM renews what it has issued; ' + runtime,
  },
  {
    ids: 'EC2.1',
    wants: 'no public EBS snapshots',
    status: 'not applicable',
    why: 'The program makes no EBS volumes.',
  },
  {
    ids: 'EC2.3, EC2.4, EC2.9, EC2.17, EC2.24, EC2.25, EC2.173, EC2.181',
    wants: 'how instances run',
    status: 'not applicable',
    why: noInstances,
  },
  {
    ids: 'EC2.7, EC2.172',
    wants: 'EBS encryption by default, public access to VPCs blocked',
    status: 'not covered',
    why: account,
  },
  {
    ids: 'EC2.10, EC2.57, EC2.58, EC2.60',
    wants: 'VPC endpoints of EC2 and Systems Manager',
    status: 'not applicable',
    why: 'Tasks call neither.',
  },
  { ids: 'EC2.16', wants: 'no unused network ACLs', status: 'not covered', why: runtime },
  {
    ids: 'EC2.20, EC2.23, EC2.51, EC2.171',
    wants: 'VPNs and transit gateways',
    status: 'not applicable',
    why: 'The program makes none.',
  },
  {
    ids: 'EC2.55, EC2.56',
    wants: 'VPC endpoints of ECR',
    status: 'not covered',
    why: 'A choice of cost: without them images come through the NAT gateway, over TLS.',
  },
  {
    ids: 'EC2.180',
    wants: 'source and destination checks of network interfaces',
    status: 'not applicable',
    why: 'Fargate and AWS make the interfaces.',
  },
  {
    ids: 'ECS.1',
    wants: 'safe users in host networking',
    status: 'not applicable',
    why: 'ecs-no-host-network lets no task have the network of its host.',
  },
  {
    ids: 'ECS.19',
    wants: 'termination protection of capacity providers',
    status: 'not applicable',
    why: 'Fargate has no instances.',
  },
  {
    ids: 'ELB.2, ELB.3, ELB.7, ELB.8, ELB.9, ELB.10, ELB.14',
    wants: 'classic load balancers',
    status: 'not applicable',
    why: 'The program makes none.',
  },
  {
    ids: 'ELB.21, ELB.22',
    wants: 'target groups speak TLS',
    status: 'not covered',
    why: 'TLS ends at the load balancer; a security group lets nobody else reach the tasks.',
  },
  {
    ids: 'IAM.4, IAM.5, IAM.6, IAM.7, IAM.8',
    wants: 'root user, MFA, passwords, unused users',
    status: 'not covered',
    why: account,
  },
  {
    ids: 'RDS.4',
    wants: 'snapshots are encrypted',
    status: 'not applicable',
    why: 'A snapshot of an encrypted database is encrypted (rds-encrypted).',
  },
  {
    ids: 'RDS.14, RDS.15, RDS.34, RDS.37, RDS.45, RDS.47, RDS.48',
    wants: 'clusters of Aurora and others',
    status: 'not applicable',
    why: noAurora,
  },
  {
    ids: 'RDS.19, RDS.20, RDS.21, RDS.22',
    wants: 'subscriptions to events of RDS',
    status: 'not covered',
    why: 'Alarms on what the database does take their place.',
  },
  {
    ids: 'RDS.40, RDS.41, RDS.42, RDS.44',
    wants: 'SQL Server and MariaDB',
    status: 'not applicable',
    why: 'The database is PostgreSQL.',
  },
  {
    ids: 'RDS.43',
    wants: 'proxies speak TLS',
    status: 'not applicable',
    why: 'The program makes no RDS proxy.',
  },
  {
    ids: 'RDS.46',
    wants: 'no database in a subnet with a route to the internet',
    status: 'not covered',
    why: 'Routes meet subnets in the network alone; rds-not-public and ec2-world-ports keep the database out of reach.',
  },
  {
    ids: 'Route53.2',
    wants: 'public zones log queries',
    status: 'not covered',
    why: 'The zone is not of the stack: it only adds records to one that exists.',
  },
  { ids: 'S3.1', wants: 'the account blocks public access', status: 'not covered', why: account },
  {
    ids: 'S3.19, S3.24, S3.25',
    wants: 'access points and directory buckets',
    status: 'not applicable',
    why: 'The program makes none.',
  },
  {
    ids: 'SecretsManager.2, SecretsManager.3',
    wants: 'rotations succeed, unused secrets go',
    status: 'not covered',
    why: runtime,
  },
  {
    ids: 'WAF.1, WAF.2, WAF.3, WAF.4, WAF.6, WAF.7, WAF.8',
    wants: 'WAF Classic',
    status: 'not applicable',
    why: 'The program makes none.',
  },
  {
    ids: 'Account.\\*, CloudTrail.\\*, Config.\\*, GuardDuty.\\*, Inspector.\\*, Macie.\\*, SSM.\\*',
    wants: 'services that watch an account',
    status: 'not covered',
    why: account,
  },
  {
    ids: 'all others',
    wants:
      'API Gateway, CloudFront, DynamoDB, EFS, EKS, Lambda, Redshift, SageMaker, SQS and the like',
    status: 'not applicable',
    why: 'The program makes no such resources.',
  },
];
