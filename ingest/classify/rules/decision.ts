import { errorClasses, type Fault, type RequestClass } from '../../../domain/error-class.ts';

/** The result of a rule. Each rule has one such object, which is made only once, to save time. */
export interface Decision {
  /** Id of the rule. */
  rule: string;
  class: RequestClass;
  /** Who must act, as far as the rule shows. */
  fault: Fault;
  /** The limit ends by itself, so a waiting time is meaningful even for a quota. */
  lifts: boolean;
}

/** The decision of a rule. The fault is that of the class unless the rule gives another. */
export function decisionOf(rule: string, name: RequestClass, { fault, lifts }: More = {}): Decision {
  return { rule, class: name, fault: fault ?? errorClasses[name].fault, lifts: lifts === true };
}

interface More {
  fault?: Fault | undefined;
  lifts?: boolean | undefined;
}
