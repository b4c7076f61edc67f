import type { AlarmRow, AlarmSubjects } from './alarmRow.ts';
import { cacheAlarms } from './cacheAlarms.ts';
import { databaseAlarms } from './databaseAlarms.ts';
import { serviceAlarms } from './serviceAlarms.ts';
import { loadBalancerAlarms, natAlarms } from './trafficAlarms.ts';

/** Every alarm of a stack: one table, rendered by `Observability`. */
export function alarmTable(subjects: AlarmSubjects): AlarmRow[] {
  return [
    ...loadBalancerAlarms(subjects),
    ...subjects.services.flatMap((service) => serviceAlarms(service, subjects.loadBalancer)),
    ...databaseAlarms(subjects.database),
    ...cacheAlarms(subjects.cache),
    ...subjects.natGateways.flatMap(natAlarms),
  ];
}
