// Plain fetch with faultline's log: node example.mjs requests.ndjson MODEL...
import { loggedFetch, toFile } from './faultline-fetch.mjs';

const [file, ...models] = process.argv.slice(2);
const base = process.env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1';
const fetch = loggedFetch({ sink: toFile(file), fields: { client: 'checkout' } });

for (const name of models) {
  const model = name.replace('+stream', '');
  try {
    const answer = await fetch(`${base}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${process.env.OPENAI_API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model,
        messages: [{ role: 'user', content: 'Hello' }],
        stream: name.endsWith('+stream'),
      }),
    });
    await answer.text();
    console.log(`${name}: ${answer.status}`);
  } catch (error) {
    console.log(`${name}: ${error.name}`);
  }
}
