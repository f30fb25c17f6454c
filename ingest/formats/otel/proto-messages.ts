/** How protobuf encodes the value of a field, and how OTLP/JSON writes it. */
export type Scalar =
  | 'string'
  /** Bytes that OTLP/JSON writes in hex digits: ids of traces and spans. */
  | 'hex'
  /** Other bytes. */
  | 'base64'
  | 'bool'
  | 'double'
  /** A varint of 32 bits, also for enums. */
  | 'uint32'
  | 'fixed32'
  /** 64 bits, which OTLP/JSON writes as a text. */
  | 'int64'
  | 'fixed64';

export interface ProtoField {
  /** The name in OTLP/JSON. */
  name: string;
  type: Scalar | ProtoMessage;
  many?: true;
}

export interface ProtoMessage {
  fields: Readonly<Record<number, ProtoField>>;
  /** Only one of the fields can be set: the last one counts. */
  oneOf?: true;
  /** No version of OTLP has other fields here, so a message with another field is not OTLP. */
  closed?: true;
}

// Numbers and names are those of opentelemetry-proto 1.9. Fields that no reader needs (links, dropped counts) are left
// out.

const anyValue: ProtoMessage = { fields: {}, oneOf: true };
const keyValue: ProtoMessage = {
  fields: { 1: { name: 'key', type: 'string' }, 2: { name: 'value', type: anyValue } },
};
const arrayValue: ProtoMessage = { fields: { 1: { name: 'values', type: anyValue, many: true } } };
const kvlist: ProtoMessage = { fields: { 1: { name: 'values', type: keyValue, many: true } } };
// A value may contain values, so its fields are set after the messages that they refer to.
anyValue.fields = {
  1: { name: 'stringValue', type: 'string' },
  2: { name: 'boolValue', type: 'bool' },
  3: { name: 'intValue', type: 'int64' },
  4: { name: 'doubleValue', type: 'double' },
  5: { name: 'arrayValue', type: arrayValue },
  6: { name: 'kvlistValue', type: kvlist },
  7: { name: 'bytesValue', type: 'base64' },
};
const attributes: ProtoField = { name: 'attributes', type: keyValue, many: true };
const resource: ProtoMessage = { fields: { 1: attributes } };
const scope: ProtoMessage = {
  fields: { 1: { name: 'name', type: 'string' }, 2: { name: 'version', type: 'string' }, 3: attributes },
};

const spanEvent: ProtoMessage = {
  fields: {
    1: { name: 'timeUnixNano', type: 'fixed64' },
    2: { name: 'name', type: 'string' },
    3: attributes,
  },
};
const status: ProtoMessage = {
  fields: { 2: { name: 'message', type: 'string' }, 3: { name: 'code', type: 'uint32' } },
};
const span: ProtoMessage = {
  fields: {
    1: { name: 'traceId', type: 'hex' },
    2: { name: 'spanId', type: 'hex' },
    3: { name: 'traceState', type: 'string' },
    4: { name: 'parentSpanId', type: 'hex' },
    5: { name: 'name', type: 'string' },
    6: { name: 'kind', type: 'uint32' },
    7: { name: 'startTimeUnixNano', type: 'fixed64' },
    8: { name: 'endTimeUnixNano', type: 'fixed64' },
    9: attributes,
    11: { name: 'events', type: spanEvent, many: true },
    15: { name: 'status', type: status },
    16: { name: 'flags', type: 'fixed32' },
  },
};
const logRecord: ProtoMessage = {
  fields: {
    1: { name: 'timeUnixNano', type: 'fixed64' },
    2: { name: 'severityNumber', type: 'uint32' },
    3: { name: 'severityText', type: 'string' },
    5: { name: 'body', type: anyValue },
    6: attributes,
    8: { name: 'flags', type: 'fixed32' },
    9: { name: 'traceId', type: 'hex' },
    10: { name: 'spanId', type: 'hex' },
    11: { name: 'observedTimeUnixNano', type: 'fixed64' },
    12: { name: 'eventName', type: 'string' },
  },
};

/** `TracesData`, and `ExportTraceServiceRequest`, which has the same encoding. */
export const tracesData = envelope('resourceSpans', 'scopeSpans', 'spans', span);
/** `LogsData`, and `ExportLogsServiceRequest`. */
export const logsData = envelope('resourceLogs', 'scopeLogs', 'logRecords', logRecord);

/** Resources contain scopes, and scopes contain items. The field numbers are the same for every signal. */
function envelope(outer: string, middle: string, inner: string, item: ProtoMessage): ProtoMessage {
  const schemaUrl: ProtoField = { name: 'schemaUrl', type: 'string' };
  const ofScope: ProtoMessage = {
    fields: { 1: { name: 'scope', type: scope }, 2: { name: inner, type: item, many: true }, 3: schemaUrl },
    closed: true,
  };
  const ofResource: ProtoMessage = {
    fields: {
      1: { name: 'resource', type: resource },
      2: { name: middle, type: ofScope, many: true },
      3: schemaUrl,
    },
    closed: true,
  };
  return { fields: { 1: { name: outer, type: ofResource, many: true } }, closed: true };
}
