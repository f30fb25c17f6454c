import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPrivacy } from '../../domain/settings.ts';
import { redactMessage as messageWithout } from './redact-message.ts';
import { Redactor } from './redact.ts';
import { leakOf } from '../../tests/fixtures/secrets/reveal.ts';
import { seedSecrets } from '../../tests/fixtures/secrets/shapes.ts';
import { seededChance } from '../../tests/fixtures/seed.ts';

const redactor = new Redactor(defaultPrivacy);
const redactText = (text: string) => redactor.text(text);
const redactValue = (value: unknown) => redactor.value(value);
const redactMessage = (bytes: Buffer) => messageWithout(bytes, redactor);

const alphanumeric = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'.split('');
const letters = (from: readonly string[], minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...from), minLength, maxLength });
const word = (minLength: number, maxLength = minLength) => letters(alphanumeric, minLength, maxLength);
const urlSafe = (minLength: number, maxLength: number) =>
  fc
    .tuple(word(6), letters([...alphanumeric, '-', '_'], minLength - 6, maxLength - 6))
    .map((parts) => parts.join(''));
const hex = (length: number) => letters('0123456789abcdef'.split(''), length);
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Each returns a text and the part of it that must be removed. */
const secrets: Record<string, fc.Arbitrary<{ text: string; secret: string }>> = {
  'an OpenAI key': fc
    .tuple(fc.constantFrom('sk-', 'sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-None-'), urlSafe(20, 160))
    .map(([prefix, secret]) => ({ text: prefix + secret, secret })),
  'an Anthropic key': urlSafe(40, 100).map((secret) => ({ text: `sk-ant-api03-${secret}`, secret })),
  'an OpenRouter key': hex(64).map((secret) => ({ text: `sk-or-v1-${secret}`, secret })),
  'a DeepSeek key': hex(32).map((secret) => ({ text: `sk-${secret}`, secret })),
  'a Google key': word(35).map((secret) => ({ text: `AIza${secret}`, secret })),
  'a Groq key': word(52).map((secret) => ({ text: `gsk_${secret}`, secret })),
  'a Hugging Face token': word(34).map((secret) => ({ text: `hf_${secret}`, secret })),
  'an xAI key': word(80).map((secret) => ({ text: `xai-${secret}`, secret })),
  'a Replicate token': word(37).map((secret) => ({ text: `r8_${secret}`, secret })),
  'a Perplexity key': word(48).map((secret) => ({ text: `pplx-${secret}`, secret })),
  'a GitHub token': fc
    .tuple(fc.constantFrom('ghp_', 'gho_', 'ghs_', 'github_pat_'), word(36))
    .map(([prefix, secret]) => ({ text: prefix + secret, secret })),
  'an AWS key id': letters('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.split(''), 16).map((secret) => ({
    text: `AKIA${secret}`,
    secret,
  })),
  'an Azure key in a header': hex(32).map((secret) => ({ text: `api-key: ${secret}`, secret })),
  'an Azure key after its name': hex(32).map((secret) => ({
    text: `the subscription key is '${secret}'`,
    secret,
  })),
  'a bearer token': urlSafe(12, 60)
    .filter((secret) => /\d/.test(secret))
    .map((secret) => ({ text: `Authorization: Bearer ${secret}`, secret })),
  'an element of XML': fc
    .tuple(
      fc.constantFrom('apiKey', 'ns:api-key', 'clientSecret', 'Password', 'wsse:Password', 'access_token'),
      fc.constantFrom('', ' type="x"', ` xmlns:w="http://docs.example/${'x'.repeat(200)}?a=1&b=2"`),
      fc.constantFrom(['', ''], ['\n  ', '\n'], ['<![CDATA[', ']]>'], ['<![CDATA[a<b', ']]>']),
      word(8, 40),
    )
    .map(([name, attribute, [before = '', after = ''], secret]) => ({
      text: `<${name}${attribute}>${before}${secret}${after}</${name}>`,
      secret,
    })),
  'an element of XML as HTML shows it': word(8, 40).map((secret) => ({
    text: `&lt;apiKey&gt;${secret}&lt;/apiKey&gt;`,
    secret,
  })),
  'a block of YAML': fc
    .tuple(
      fc.constantFrom(
        'password: |',
        'api_key: >-',
        'client-secret: |2',
        'password:',
        '- db.password: |+',
        'password: | # from the vault',
        'password: !!binary |',
        'password: &pw |',
        `${'spring.datasource.'.repeat(4)}password: |`,
      ),
      fc.constantFrom('', '  '),
      word(8, 40),
      // Lines of a block before the one with the secret.
      fc.array(fc.constantFrom('      abc', ''), { maxLength: 3 }),
      fc.constantFrom('\n', '\r\n', '\\n', '\\r\\n'),
    )
    .map(([name, indent, secret, more, end]) => ({
      text: [
        'config:',
        `${indent}${name}`,
        ...more.map((line) => (line === '' ? '' : indent + line)),
        `${indent}      ${secret}`,
        `${indent}user: joe`,
        '',
      ].join(end),
      secret,
    })),
  'an attribute of a span that breaks off': fc
    .tuple(
      fc.constantFrom('http.request.header.api-key', 'authorization', 'db.password', 'client_secret'),
      urlSafe(12, 60),
    )
    .map(([name, secret]) => ({
      text: `{"attributes": [{"key": "${name}", "value": {"stringValue": "${secret}"}}, {"key": "m"`,
      secret,
    })),
  'one of several values of an attribute': urlSafe(12, 60).map((secret) => ({
    text: `{"key":"http.request.header.x-api-key","value":{"arrayValue":{"values":[{"stringValue":"a${secret}"},{"stringValue":"${secret}"}]}}`,
    secret,
  })),
  'user and password of curl': word(6, 20).map((secret) => ({
    text: `failed: curl -u bob:${secret} https://x/y`,
    secret,
  })),
  'a flag of a command line': fc
    .tuple(fc.constantFrom('--api-key', '--token', '--db-password', '--client-secret'), word(8, 40))
    .map(([flag, secret]) => ({ text: `failed: cli ${flag} ${secret} --x`, secret })),
  'basic credentials': fc
    .tuple(word(4, 12), word(8, 20))
    .map(([user, password]) => base64(`${user}:${password}`))
    .map((secret) => ({ text: `Authorization: Basic ${secret}`, secret: secret.slice(4, 14) })),
  'a JSON web token': fc
    .tuple(urlSafe(12, 60), urlSafe(20, 60), urlSafe(20, 43))
    .map(([head, body, tail]) => ({ text: `eyJ${head}.${body}.${tail}`, secret: body })),
  'an e-mail address': fc
    .tuple(word(3, 20), word(3, 12), fc.constantFrom('com', 'example.org', 'co.uk'))
    .map(([name, host, tld]) => ({ text: `${name}@${host}.${tld}`, secret: `${name}@` })),
  'a password in a URL': word(8, 20).map((secret) => ({
    text: `https://user:${secret}@proxy.internal:3128/`,
    secret,
  })),
  'a key in a query': word(12, 40).map((secret) => ({
    text: `https://host/v1/models?alt=json&key=${secret}`,
    secret,
  })),
  'a quoted key': word(6, 40).map((secret) => ({ text: `{"api_key": "${secret}"}`, secret })),
  'an escaped key': word(6, 40).map((secret) => ({ text: `{\\"api_key\\":\\"${secret}\\"}`, secret })),
  'an assigned password': word(6, 40).map((secret) => ({ text: `DB_PASSWORD=${secret}`, secret })),
  'a cookie': word(8, 40).map((secret) => ({ text: `Set-Cookie: __cf_bm=${secret}; path=/`, secret })),
  'an echoed word': word(5, 40)
    .filter(
      (secret) =>
        /[a-z]/.test(secret) &&
        !'Incorrect API key provided: You can find your at https://platform.openai.com/account/api-keys.'.includes(
          secret,
        ),
    )
    .map((secret) => ({
      text: `Incorrect API key provided: ${secret}. You can find your API key at https://platform.openai.com/account/api-keys.`,
      secret,
    })),
};
const anySecret = fc.oneof(...Object.values(secrets));
const around = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\n',
    '\\n',
    '"',
    "'",
    '(',
    ',',
    '; ',
    '{"error":"',
    'failed: ',
    'x=',
    '[redacted] ',
    '…',
    'é ',
    '\\u0022',
  ),
  fc.string({ maxLength: 40 }).map((text) => `${text} `),
);

describe('redactText', () => {
  for (const [kind, arbitrary] of Object.entries(secrets)) {
    it(`removes ${kind} anywhere in a text`, () => {
      fc.assert(
        fc.property(arbitrary, around, around, ({ text, secret }, before, after) => {
          // Random words around it can contain the same word, where it is not a secret.
          fc.pre(!`${before} ${after}`.includes(secret));
          expect(redactText(`${before}${text} ${after}`)).not.toContain(secret);
        }),
      );
    });
  }

  it('changes nothing when applied again', () => {
    fc.assert(
      fc.property(around, anySecret, around, anySecret, (before, one, between, two) => {
        const once = redactText(before + one.text + between + two.text);
        expect(redactText(once)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    [
      'Incorrect API key provided: Jdrls. You can find your API key at https://x.',
      'Incorrect API key provided: [redacted]. You can find your API key at https://x.',
    ],
    [
      'Incorrect API key provided: my key is, hm. You can find your API key at https://x.',
      'Incorrect API key provided: [redacted]. You can find your API key at https://x.',
    ],
    [
      'Incorrect API key provided: https://evil.example/a?b. You can find',
      'Incorrect API key provided: [redacted]. You can find',
    ],
    [
      "{'message': 'Incorrect API key provided: Jdrls', 'type': 'x'}",
      "{'message': 'Incorrect API key provided: [redacted]', 'type': 'x'}",
    ],
    ['Authorization: AWS4-HMAC-SHA256 Credential=x/y, Signature=0f', 'Authorization: [redacted]'],
    ['(i.e. Authorization: Bearer YOUR_KEY), or as', '(i.e. Authorization: Bearer [redacted]), or as'],
    ['Incorrect API key provided: "quoted"', 'Incorrect API key provided: "[redacted]"'],
    [
      'Incorrect API key provided: sk-proj-abcd************wxyz.',
      'Incorrect API key provided: sk-proj-…wxyz.',
    ],
    [
      'Incorrect API key provided: sk-abc***xyz (request id: 2025)',
      'Incorrect API key provided: sk-…xyz (request id: 2025)',
    ],
    ['key sk-abc***xyz refused', 'key sk-…xyz refused'],
    ['Bearer abcdef123456 refused', 'Bearer [redacted] refused'],
    [
      "headers={'Authorization': 'Bearer abc.def', 'X': '1'}",
      "headers={'Authorization': 'Bearer [redacted]', 'X': '1'}",
    ],
    ["[(b'api-key', b'0123'), (b'accept', b'*/*')]", "[(b'api-key', b'[redacted]'), (b'accept', b'*/*')]"],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY----- after', '[redacted] after'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE cut off', '[redacted]'],
    ['https://user:pass@host/path', 'https://[redacted]@host/path'],
    ['\\nsk-abcdefghijklmnop1234', '\\nsk-…[redacted]'],
    ['config:\n  password: |\n    a\n    b\n  user: x\n', 'config:\n  password: [redacted]\n  user: x\n'],
    ['<apiKey>a b</apiKey> refused', '<apiKey>[redacted]</apiKey> refused'],
    ['<apiKey>cut', '<apiKey>[redacted]'],
  ])('changes %s to %s', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each([
    'Rate limit reached for gpt-4o in organization org-AbCdEf0123456789AbCdEf01 on tokens per min (TPM): Limit 30000, Used 29500, Requested 1200. Please try again in 1.4s. Visit https://platform.openai.com/account/rate-limits to learn more.',
    'Project `proj_AbCdEf0123456789` does not have access to model `gpt-5.2`',
    'The server had an error while processing your request. Include the request ID req_0123456789abcdef0123456789abcdef in your message.',
    "{'message': 'Incorrect API key provided. ', 'type': 'invalid_request_error'}",
    "{'message': 'Incorrect API key provided: ', 'type': 'invalid_request_error'}",
    'Missing bearer or basic authentication in header',
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)".slice(
      0,
      90,
    ),
    "{'error': {'message': 'x', 'type': 'invalid_request_error', 'param': None, 'code': 'invalid_api_key'}}",
    'You exceeded your current quota, please check your plan and billing details.',
    'risk-assessment-service-v2 in task-management-eu-west-1',
    'max_tokens: 4096, total_tokens=12, prompt tokens: 8',
    'upgrade from the Basic subscription at openai@4.2.0',
    'The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable',
    'Invalid API key: Error code: 429 - slow down',
    'api_key=None, token: null',
    'header x-api-key: <api-key> is missing <b>x</b>',
    'Invalid API key:\n  check it',
    'sk-proj-…wxyz#01234567',
    'text with \u0000 in it',
  ])('does not change: %s', (text) => {
    expect(redactText(text)).toBe(text);
  });

  it('takes linear time on hostile texts', () => {
    const hostile = [
      'sk-',
      'a@',
      '@',
      'eyJ',
      'eyJ.',
      '://',
      'api_key=',
      'api_key="',
      "pwd='",
      'pwd=\\"',
      'Bearer ',
      'basic ',
      '-----BEGIN A-----',
      'Incorrect API key provided:',
      'Incorrect API key provided: a ',
      '***',
      'sk-*',
      '?key=',
      'A',
      'AIza',
      'AAAAAC',
      'authorization: ',
      "(b'api-key', b'",
      'key  ',
      'a.',
      '=',
      'x-',
      '{"',
      'token = ',
      'ghp_',
      '1',
      '<password>',
      '&lt;password ',
      '<password>a',
      'password: |\n  a\n',
      'password:\n ',
      '\\npassword: |\\n ',
    ];
    // Linear rules need a few milliseconds for all of this; a quadratic rule would exceed the timeout of the test.
    for (const piece of hostile) {
      const once = redactText(piece.repeat(Math.ceil(64_000 / piece.length)));
      expect(once.length, piece).toBeLessThanOrEqual(65_536);
    }
  });

  it('keeps at most 64 Ki characters', () => {
    expect(redactText('x '.repeat(100_000)).length).toBe(65_536);
    expect(redactText('x x\n'.repeat(100_000)).length).toBeLessThanOrEqual(65_536);
  });

  it('keeps the last lines of a long text, where a stream tells its error', () => {
    const stream = `${'data: {"choices":[]}\n\n'.repeat(10_000)}data: {"error":{"code":"insufficient_quota"}}\n\n`;
    expect(redactText(stream)).toMatch(/^data: \{"choices".*"insufficient_quota"\}\}\n\n$/s);
  });

  it('keeps nothing of a secret of any shape of which the last four characters are cut off', () => {
    const leaks = seedSecrets(seededChance('cut secrets').next).flatMap(({ shape, text, secret }) =>
      [0, 1, 2, 3, 4].flatMap((cut) => {
        const left = redactText(`{"status":401,"error":"${text.slice(0, text.length - cut)}`);
        return leakOf(left, secret) === null ? [] : [`${shape}, ${cut} cut off: ${left}`];
      }),
    );
    expect(leaks).toEqual([]);
  });

  it('keeps nothing of a secret that is cut, wherever the text is cut', () => {
    const secret = `sk-${'Qz7mP2xV9kL4nB8w'.repeat(3)}`;
    const line = `Authorization: Bearer ${secret}\n`;
    for (let before = 0; before < line.length; before += 3) {
      const redacted = redactText(`${'x'.repeat(before)}\n${line.repeat(2_000)}`);
      expect(redacted).not.toContain('Qz7mP2xV9kL4nB8w');
    }
  });
});

describe('redactValue', () => {
  it('masks members by their name, and replaces API keys by fingerprints', () => {
    expect(
      redactValue({
        api_key: 'my-own-key-123456',
        Password: 'hunter2',
        client_secret: 5,
        cookie: null,
        access_token: 'abc',
        model: 'm',
      }),
    ).toEqual({
      api_key: expect.stringMatching(/^…3456#[0-9a-f]{8}$/) as unknown,
      Password: '[redacted]',
      client_secret: '[redacted]',
      cookie: null,
      access_token: '[redacted]',
      model: 'm',
    });
  });

  it('masks an OTLP attribute by its key', () => {
    expect(redactValue({ key: 'gen_ai.api_key', value: { stringValue: 'abc' } })).toEqual({
      key: 'gen_ai.api_key',
      value: { stringValue: '[redacted]' },
    });
  });

  it('redacts the names of members', () => {
    expect(JSON.stringify(redactValue({ 'sk-abcdefghijklmnopqrst': 1 }))).toBe('{"sk-…[redacted]":1}');
  });

  it('keeps a member called __proto__ as data', () => {
    const value = redactValue(JSON.parse('{"__proto__":{"polluted":"bob@example.com"}}')) as object;
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":"[redacted]"}}');
    expect(Object.hasOwn({}, 'polluted')).toBe(false);
  });

  it('returns the same value when nothing is secret', () => {
    const value = { message: 'The server had an error', list: [1, 'two', { three: null }] };
    expect(redactValue(value)).toBe(value);
  });

  it('does not overflow on deep values', () => {
    let value: unknown = 'bob@example.com';
    for (let depth = 0; depth < 50_000; depth++) value = [value];
    expect(JSON.stringify(redactValue(value))).toContain('[nested too deeply]');
  });

  it('removes a secret anywhere in a JSON value', () => {
    const place = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        anySecret.map(({ text }) => text),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('message', 'type', 'x', 'body'), tie('value'), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(place, (value) => {
        const once = redactValue(value);
        expect(redactValue(once)).toEqual(once);
      }),
    );
    fc.assert(
      fc.property(anySecret, ({ text, secret }) => {
        expect(JSON.stringify(redactValue({ a: [{ b: text }], [text]: 1 }))).not.toContain(secret);
      }),
    );
  });
});

describe('redactMessage', () => {
  const secret = 'sk-proj-abcdefghijklmnopqrstuvwx1234';
  const message = JSON.stringify({ error: `Incorrect API key provided: ${secret}`, n: 1 });

  it('stores compressed data uncompressed, without secrets', () => {
    const packed = gzipSync(message);
    const kept = redactMessage(packed);
    expect(kept).toMatch(/^\{"error":"Incorrect API key provided: /);
    expect(kept).not.toContain(secret);
    const inside = redactMessage(
      Buffer.from(JSON.stringify({ list: [{ data: packed.toString('base64') }] })),
    );
    expect(inside).toBe(`{"list":[{"data":${kept}}]}`);
  });

  it('keeps only the size of data that cannot be uncompressed', () => {
    const cut = gzipSync(message.padEnd(200)).subarray(0, 45);
    expect(redactMessage(cut)).toBe('[45 bytes of binary data]');
    const text = cut.toString('base64');
    expect(redactMessage(Buffer.from(JSON.stringify([text])))).toBe(
      `["[${text.length} characters of packed data]"]`,
    );
    const twice = gzipSync(gzipSync(message));
    expect(redactMessage(twice)).toBe(`[${twice.length} bytes of binary data]`);
  });

  it('keeps JSON that can be decoded again, with the key as a fingerprint that stays the same', () => {
    const once = redactMessage(
      Buffer.from('{"ts":0,"api_key":"sk-proj-abcdefghijklmnop","error":"bob@example.com"}'),
    );
    expect(once).toMatch(/^\{"ts":0,"api_key":"sk-proj-…mnop#[0-9a-f]{8}","error":"\[redacted\]"\}$/);
    expect(redactMessage(Buffer.from(once))).toBe(once);
  });

  it('redacts text that is not JSON', () => {
    expect(redactMessage(Buffer.from('{"api_key":"abcdef", broken'))).toBe('{"api_key":"[redacted]", broken');
  });

  it('keeps only the size of binary data, where a length byte can look like a letter before a secret', () => {
    const secret = `gsk_${'abcd1234'.repeat(6)}`;
    const field = Buffer.concat([Buffer.from([0x0a, secret.length]), Buffer.from(secret)]);
    for (const id of [
      [0xff, 0xfe, 1],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff],
    ]) {
      const bytes = Buffer.concat([Buffer.from(id), field]);
      expect(redactMessage(bytes)).toBe(`[${bytes.length} bytes of binary data]`);
    }
  });

  it.each([
    ['Latin-1', Buffer.from('Pr\xfcfung\n', 'latin1'), /^Pr.fung/],
    [
      'colours, cut inside a character',
      Buffer.concat([Buffer.from('\u001b[31mrot\u001b[0m '), Buffer.from([0xc3])]),
      /rot/,
    ],
    ['UTF-16 with a byte order mark', Buffer.from('\ufeffPrüfung ok', 'utf16le'), /Pr.fung ok/],
  ])('keeps a text in %s', (_name, bytes, expected) => {
    expect(redactMessage(bytes)).toMatch(expected);
  });

  it('never throws, and removes secrets from any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), anySecret, (bytes, { text, secret }) => {
        expect(redactMessage(Buffer.concat([bytes, Buffer.from(` ${text} `)]))).not.toContain(secret);
      }),
    );
  });
});
