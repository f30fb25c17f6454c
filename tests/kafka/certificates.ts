import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Certificates {
  /** PEM files: the authority, and a client certificate with its key. */
  ca: string;
  clientCert: string;
  clientKey: string;
  /** PKCS#12 files for the broker, with `storePassword`. */
  keystore: string;
  truststore: string;
  storePassword: string;
}

/** Makes a private authority, a broker certificate for localhost and 127.0.0.1, and a client certificate, in `dir`. */
export async function createCertificates(dir: string): Promise<Certificates> {
  const storePassword = 'certificates-of-a-test';
  const path = (name: string) => join(dir, name);
  await openssl(dir, `req -x509 -days 2 ${newKey('ca')} -out ca.pem`);
  await writeFile(path('names.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  for (const name of ['broker', 'client']) {
    await openssl(dir, `req ${newKey(name)} -out ${name}.csr`);
    const signed = '-CA ca.pem -CAkey ca.key -CAcreateserial -extfile names.ext -days 2';
    await openssl(dir, `x509 -req -in ${name}.csr -out ${name}.pem ${signed}`);
  }
  const chain = '-in broker.pem -inkey broker.key -certfile ca.pem';
  await openssl(dir, `pkcs12 -export ${chain} -out broker.p12 -passout pass:${storePassword}`);
  // Only keytool marks an authority as trusted in the way that Java expects.
  const store = `-keystore trust.p12 -storetype PKCS12 -storepass ${storePassword}`;
  await run('keytool', `-importcert -noprompt -alias ca -file ca.pem ${store}`.split(' '), { cwd: dir });
  return {
    ca: path('ca.pem'),
    clientCert: path('client.pem'),
    clientKey: path('client.key'),
    keystore: path('broker.p12'),
    truststore: path('trust.p12'),
    storePassword,
  };
}

const newKey = (name: string): string => `-newkey rsa:2048 -nodes -keyout ${name}.key -subj /CN=${name}`;

async function openssl(dir: string, args: string): Promise<void> {
  await run('openssl', args.split(' '), { cwd: dir });
}
