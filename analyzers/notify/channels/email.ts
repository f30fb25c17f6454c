import type { ReceiverAnswer, CreateChannel, Notice } from '../channel.ts';
import { dedupKeyOf } from '../channel.ts';
import { whyNot, withoutSecrets } from '../http.ts';

/** The parts of a mail; nodemailer makes the mail from them. Pure. */
export function mailOf(
  notice: Notice,
  from: string,
  to: readonly string[],
): {
  from: string;
  to: string[];
  subject: string;
  text: string;
  messageId: string;
  references: string;
  headers: Record<string, string>;
} {
  const domain = from.slice(from.lastIndexOf('@') + 1);
  const thread = `<${dedupKeyOf(notice).replaceAll('/', '.')}@${domain}>`;
  return {
    from,
    to: [...to],
    subject: notice.title,
    text: notice.url === '' ? notice.text : `${notice.text}\n\n${notice.url}`,
    // Every try has the same message id, so that mail servers and programs show a mail that arrives twice only once.
    messageId: `<${notice.key}@${domain}>`,
    // The reference puts the mail about the end into the same thread as the mail about the beginning.
    references: thread,
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Faultline-Event': notice.event },
  };
}

/** E-mail over SMTP. */
export const createEmail: CreateChannel<'email'> = (_name, settings, context) => ({
  type: 'email',
  groups: true,
  tells_past: true,
  where: async () => settings.smtp,
  async send(notice): Promise<ReceiverAnswer> {
    const secrets: string[] = [];
    try {
      const { createTransport } = await import('nodemailer');
      const [, host = '', port = ''] = /^\[?(.+?)\]?:(\d+)$/.exec(settings.smtp) ?? [];
      const { user = '', password } = settings;
      const pass = password === undefined ? null : await context.secret(password);
      if (pass !== null) secrets.push(pass);
      const transport = createTransport({
        host,
        port: Number(port),
        secure: settings.tls === 'tls',
        requireTLS: settings.tls === 'starttls',
        ignoreTLS: settings.tls === 'none',
        ...(pass === null ? {} : { auth: { user, pass } }),
        connectionTimeout: context.timeoutMs / 2,
        greetingTimeout: context.timeoutMs / 2,
        socketTimeout: context.timeoutMs,
        // Forbids nodemailer to read files and addresses, because no mail of faultline needs them.
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      try {
        const late = AbortSignal.timeout(context.timeoutMs);
        const info = await Promise.race([
          transport.sendMail(mailOf(notice, settings.from, settings.to)),
          new Promise<never>((_resolve, reject) => {
            late.addEventListener('abort', () => reject(late.reason as Error), { once: true });
          }),
        ]);
        return { ok: true, text: withoutSecrets(info.response, secrets) };
      } finally {
        transport.close();
      }
    } catch (error) {
      return { ok: false, text: withoutSecrets(whyNot(error, context.timeoutMs), secrets) };
    }
  },
});
