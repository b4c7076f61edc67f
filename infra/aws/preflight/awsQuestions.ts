/** Where and as whom AWS is asked. */
export interface AwsQuestionsArgs {
  region: string;
  /** A profile of the AWS configuration files; default AWS_PROFILE, else the usual chain. */
  profile?: string | undefined;
  /** In place of AWS's own addresses. */
  endpoint?: string | undefined;
}

/**
 * The few read-only questions the program asks AWS itself, before it registers anything. Each
 * service's client is loaded when it is first asked: a docker stack loads none, a stack without a
 * domain none for Route 53.
 */
export class AwsQuestions {
  readonly #client: {
    region: string;
    maxAttempts: number;
    profile?: string;
    endpoint?: string;
  };

  constructor({ region, profile, endpoint }: AwsQuestionsArgs) {
    this.#client = {
      region,
      maxAttempts: 2,
      ...(profile && { profile }),
      ...(endpoint && { endpoint }),
    };
  }

  /** @returns the account that the credentials belong to */
  async account(): Promise<string> {
    const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
    return (await new STSClient(this.#client).send(new GetCallerIdentityCommand())).Account ?? '';
  }

  /** @returns the region's own zones (no local or wavelength zones) that are available, by name */
  async zones(): Promise<string[]> {
    const { DescribeAvailabilityZonesCommand, EC2Client } = await import('@aws-sdk/client-ec2');
    const filters = [
      { Name: 'zone-type', Values: ['availability-zone'] },
      { Name: 'state', Values: ['available'] },
    ];
    const answer = await new EC2Client(this.#client).send(
      new DescribeAvailabilityZonesCommand({ Filters: filters }),
    );
    return (answer.AvailabilityZones ?? [])
      .flatMap(({ ZoneName }) => (ZoneName ? [ZoneName] : []))
      .sort();
  }

  /** @returns the tag Name of every VPC of the region, empty for one without */
  async vpcNames(): Promise<string[]> {
    const { EC2Client, paginateDescribeVpcs } = await import('@aws-sdk/client-ec2');
    const names: string[] = [];
    for await (const page of paginateDescribeVpcs({ client: new EC2Client(this.#client) }, {})) {
      for (const { Tags } of page.Vpcs ?? [])
        names.push(Tags?.find(({ Key }) => Key === 'Name')?.Value ?? '');
    }
    return names;
  }

  /** @returns how many elastic addresses the account has in the region */
  async addresses(): Promise<number> {
    const { DescribeAddressesCommand, EC2Client } = await import('@aws-sdk/client-ec2');
    return (
      (await new EC2Client(this.#client).send(new DescribeAddressesCommand())).Addresses ?? []
    ).length;
  }

  /**
   * @returns whether the region offers a class for PostgreSQL, and with a standby in another zone
   */
  async databaseClass(instanceClass: string): Promise<{ offered: boolean; multiAz: boolean }> {
    const { DescribeOrderableDBInstanceOptionsCommand, RDSClient } =
      await import('@aws-sdk/client-rds');
    const answer = await new RDSClient(this.#client).send(
      new DescribeOrderableDBInstanceOptionsCommand({
        Engine: 'postgres',
        DBInstanceClass: instanceClass,
        Vpc: true,
      }),
    );
    const options = answer.OrderableDBInstanceOptions ?? [];
    return {
      offered: options.length > 0,
      multiAz: options.some(({ MultiAZCapable }) => MultiAZCapable === true),
    };
  }

  /** @returns the id of the public hosted zone of that very name */
  async hostedZone(name: string): Promise<string | undefined> {
    const { ListHostedZonesByNameCommand, Route53Client } =
      await import('@aws-sdk/client-route-53');
    const answer = await new Route53Client(this.#client).send(
      // A name may be there several times: private zones are named so as well.
      new ListHostedZonesByNameCommand({ DNSName: name, MaxItems: 10 }),
    );
    const zone = answer.HostedZones?.find(
      ({ Name, Config }) => Name === `${name}.` && Config?.PrivateZone !== true,
    );
    return zone?.Id?.replace('/hostedzone/', '');
  }

  /** @returns the value of a quota, `undefined` when the account cannot say */
  async quota(service: string, code: string): Promise<number | undefined> {
    const { GetServiceQuotaCommand, ServiceQuotasClient } =
      await import('@aws-sdk/client-service-quotas');
    const client = new ServiceQuotasClient(this.#client);
    return (
      await client.send(new GetServiceQuotaCommand({ ServiceCode: service, QuotaCode: code }))
    ).Quota?.Value;
  }
}
