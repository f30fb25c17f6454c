import {
  type EvidenceMoment,
  type EvidenceUnit,
  evidenceFields,
  evidenceMoments,
} from '../../domain/evidence.ts';
import { sqlList } from './shared-sql.ts';

const moments: Readonly<Record<EvidenceMoment, string>> = {
  in_all: 'In all',
  latest: 'Last window',
  before: 'Before it began',
  found: 'When it fired',
  fixed: 'Facts',
};

const names = Object.keys(evidenceFields);

function ofField(value: (name: string) => string, fallback: string): string {
  return `transform(fact.1, ${sqlList(names, '[]')}, ${sqlList(names.map(value), '[]')}, ${fallback})`;
}

const hasUnit = (unit: EvidenceUnit): string =>
  `fact.1 IN ${sqlList(names.filter((name) => evidenceFields[name]?.unit === unit))}`;

const words = names.flatMap((name) =>
  Object.entries(evidenceFields[name]?.words ?? {}).map(([code, text]) => [`${name} ${code}`, text] as const),
);

/** SQL for one text of the evidence. If its first word is a code, the code becomes words; the rest stays. */
const inWords = `concat(transform(concat(fact.1, ' ', extract(text, '^\\\\w+')), ${sqlList(
  words.map(([key]) => key),
  '[]',
)}, ${sqlList(
  words.map(([, text]) => text),
  '[]',
)}, extract(text, '^\\\\w+')), replaceRegexpOne(text, '^\\\\w+', ''))`;

/** A time becomes `2026-03-01 14:03:20 UTC`; any other text stays. No `$` or braces: Grafana takes them for variables. */
const withTime = (text: string): string =>
  `replaceRegexpOne(${text}, '^([0-9]+-[0-9]+-[0-9]+)T([0-9:]+)[.0-9]*Z', '\\\\1 \\\\2 UTC')`;

const value = 'toFloat64OrZero(fact.2)';
const whole = (unit: number): string => `toString(intDiv(toUInt64(round(greatest(${value}, 0))), ${unit}))`;
const rest = (of: number, unit: number): string =>
  `toString(intDiv(toUInt64(round(greatest(${value}, 0))) % ${of}, ${unit}))`;

/** A length in its two largest units, as the console shows it. */
const length = `multiIf(
      ${value} < 59.5, concat(${whole(1)}, ' s'),
      ${value} < 599.5, concat(${whole(60)}, ' min', if(${rest(60, 1)} = '0', '', concat(' ', ${rest(60, 1)}, ' s'))),
      ${value} < 3599.5, concat(${whole(60)}, ' min'),
      ${value} < 172799.5, concat(${whole(3_600)}, ' h', if(${rest(3_600, 60)} = '0', '', concat(' ', ${rest(3_600, 60)}, ' min'))),
      concat(${whole(86_400)}, ' d ', ${rest(86_400, 3_600)}, ' h'))`;

const amount = `multiIf(
    startsWith(fact.2, '['), arrayStringConcat(arrayMap(text -> ${inWords}, JSONExtract(fact.2, 'Array(String)')), ', '),
    startsWith(fact.2, '"'), ${withTime(`arrayStringConcat(arrayMap(text -> ${inWords}, [JSONExtractString(fact.2)]), '')`)},
    fact.2 IN ('true', 'false'), if(fact.2 = 'true', 'yes', 'no'),
    ${hasUnit('ratio')}, concat(toString(round(${value} * 100, if(abs(${value}) >= 0.1, 1, 2))), ' %'),
    ${hasUnit('usd')}, concat(fact.2, ' USD'),
    ${hasUnit('seconds')}, ${length},
    ${hasUnit('count')}, toString(round(${value}, if(abs(${value}) >= 100, 0, 2))),
    ${hasUnit('times')}, concat(fact.2, ' times'),
    fact.2)`;

/**
 * SQL for the evidence of one row of `incidents`, which `row` (the SQL from `FROM` on) selects. The columns are
 * `moment`, `what` and `amount`, in the words of domain/evidence.ts. A field without an entry keeps its name. Empty
 * lists and texts are left out.
 */
export function evidenceSql(row: string): string {
  return `SELECT ${ofField((name) => moments[evidenceFields[name]?.moment ?? 'fixed'], `'${moments.fixed}'`)} AS moment,
  ${ofField((name) => evidenceFields[name]?.label ?? name, 'fact.1')} AS what, ${amount} AS amount FROM (
  SELECT arrayJoin(JSONExtractKeysAndValuesRaw(evidence)) AS fact ${row}
) WHERE fact.2 NOT IN ('[]', '""')
ORDER BY indexOf(${sqlList(
    evidenceMoments.map((moment) => moments[moment]),
    '[]',
  )}, moment), what`;
}
