import { errorClasses, type Fault, type RequestClass } from '../../../domain/error-class.ts';

/** What a rule says of an error: one object for each rule, made once. */
export interface Decision {
  /** Id of the rule. */
  rule: string;
  class: RequestClass;
  /** Who has to act, as far as the rule can say. */
  fault: Fault;
  /** The limit lifts by itself, so that a time to wait means something even for a quota. */
  lifts: boolean;
}

/** The decision of a rule; the fault is that of the class where the rule knows no better. */
export function decisionOf(rule: string, name: RequestClass, { fault, lifts }: More = {}): Decision {
  return { rule, class: name, fault: fault ?? errorClasses[name].fault, lifts: lifts === true };
}

interface More {
  fault?: Fault | undefined;
  lifts?: boolean | undefined;
}
